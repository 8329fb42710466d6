"""Simulating: who makes the days of a plan, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import perf_counter
from typing import Any, Protocol

from windtunnel.capacity.days.day import Days, Item, simulate_day
from windtunnel.sweep import HERE, Backend, Kept, Progress, processes, sweep

Answer = dict[str, Any]
WORTH_S = 2.0
"""After so many seconds it is worth going on in several processes."""
PORTION_S = 0.25
"""Seconds of work at once that are worth sending there."""


class Simulate(Protocol):
    """Whoever simulates days: the answers to items, in their order."""

    def __call__(self, items: Sequence[Item]) -> Iterable[Answer]:
        """Simulate these."""
        ...


class Simulating:
    """Days as a sweep makes them: here, if that is soon done, else where it was said, or in as many
    processes as there are cores. Where has no influence on what comes out."""

    def __init__(
        self,
        days: Days,
        tell: Progress | None = None,
        on: Backend | None = None,
        kept: Kept | None = None,
    ) -> None:
        self._days = days
        self._tell = tell
        self._on = on
        self._kept = kept
        self._made, self._took_s = 0, 0.0

    def __call__(self, items: Sequence[Item]) -> Iterable[Answer]:
        """The answers, in the order of the items."""
        on = self._on or self._worth(len(items))
        began = perf_counter()
        answers = list(
            sweep(simulate_day, self._days, items, on=on, tell=self._tell, kept=self._kept)
        )
        if on == HERE:
            self._made += len(items)
            self._took_s += perf_counter() - began
        return answers

    def _worth(self, items: int) -> Backend:
        """Processes take a second or more to start, and then half of the time or less."""
        expected_s = items * self._took_s / max(1, self._made)
        return HERE if self._took_s < WORTH_S or expected_s < PORTION_S else processes(None)
