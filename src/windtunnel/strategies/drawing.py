"""Small draws, out of which the others are made. What comes first in each is the calm one, to which
it shrinks: nothing set, Airflow's default, the shortest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TypeVar

from hypothesis import strategies as st

from windtunnel.errors import InvalidInput

T = TypeVar("T")
Draw = st.DrawFn

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE_S = 60.0
HOUR_S = 3600.0
PARTS = 64
"""Into how many parts a window is divided, at the edges of which things happen: they coincide more
often than by the second."""


def durations(shortest_s: float = 0.0, longest_s: float = 1800.0) -> st.SearchStrategy[float]:
    """Durations in seconds, whole minutes above the shortest one.

    Args:
        shortest_s: What it shrinks to.
        longest_s: At most so long.

    Raises:
        InvalidInput: the longest is shorter than the shortest.
    """
    if not 0 <= shortest_s <= longest_s:
        raise InvalidInput(f"durations({shortest_s:g}, {longest_s:g}): not in order")
    most = int((longest_s - shortest_s) // MINUTE_S)
    return st.integers(0, most).map(lambda minutes: shortest_s + minutes * MINUTE_S)


@cache
def instants(window_s: float) -> st.SearchStrategy[float]:
    """Whole seconds since the scenario's start, earlier than the window's end."""
    step = max(1, int(window_s) // PARTS)
    return st.integers(0, max(0, int(window_s) - 1) // step).map(lambda part: float(part * step))


def seldom(strategy: st.SearchStrategy[T], one_in: int = 3) -> st.SearchStrategy[T | None]:
    """Mostly None; one time in *one_in* a value."""
    return st.one_of(*[st.none()] * (one_in - 1), strategy)


@cache
def seldom_true(one_in: int = 4) -> st.SearchStrategy[bool]:
    """Mostly False."""
    return st.integers(0, one_in - 1).map(lambda number: number == one_in - 1)


def pick(draw: Draw, options: Sequence[T]) -> T:
    """Draw one of these, as `one_of`; a little faster, which counts where it is done often."""
    return options[draw(st.integers(0, len(options) - 1))]


def maybe(draw: Draw, strategy: st.SearchStrategy[T], one_in: int) -> T | None:
    """Draw what `seldom` draws."""
    return draw(strategy) if rarely(draw, one_in) else None


def rarely(draw: Draw, one_in: int = 4) -> bool:
    """Draw what `seldom_true` draws."""
    return draw(st.integers(0, one_in - 1)) == one_in - 1


def one_of(options: Sequence[T]) -> st.SearchStrategy[T]:
    """One of these; shrinks to the first."""
    return st.integers(0, len(options) - 1).map(options.__getitem__)


def some_of(options: Sequence[T], most: int = 3) -> st.SearchStrategy[tuple[T, ...]]:
    """A few of these, in their order; shrinks to none."""
    numbers = st.lists(st.integers(0, max(0, len(options) - 1)), max_size=most if options else 0)
    return numbers.map(lambda found: tuple(options[n] for n in sorted(set(found))))


@lru_cache(maxsize=512)
def many(
    strategy: st.SearchStrategy[T], most: int, least: int = 0
) -> st.SearchStrategy[tuple[T, ...]]:
    """From *least* to *most* of them, each of which can be left out when it shrinks."""
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)
