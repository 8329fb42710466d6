"""Vary: the same search for several values of one setting, and what it finds with each.

A larger limit is not always safer: with locks, or a smaller limit behind a pool, it can bring a
deadlock that was not there. So each value is tried, and nothing is said of others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from windtunnel.detect import detect
from windtunnel.loaders import with_setting
from windtunnel.model import Scenario, Setting
from windtunnel.search.simulations import simulations
from windtunnel.sweep import HERE, Backend, Kept, sweep


@dataclass(frozen=True, slots=True)
class Tried:
    """What a search found with one value."""

    value: int
    simulations: int
    codes: tuple[str, ...]
    """Codes of what was found, each once."""
    all_ways: bool
    """Whether nothing could go another way than it did."""


@dataclass(frozen=True, slots=True)
class Varied:
    """What a search found with each value of a setting, smallest first."""

    setting: str
    tried: tuple[Tried, ...]

    @property
    def clean(self) -> tuple[int, ...]:
        """The values with which nothing was found."""
        return tuple(one.value for one in self.tried if not one.codes)

    @property
    def clean_from(self) -> int | None:
        """The smallest value from which on nothing was found up to the largest that was tried;
        None if something was found with that."""
        found = None
        for one in reversed(self.tried):
            if one.codes:
                break
            found = one.value
        return found


def vary(
    scenario: Scenario,
    settings: Iterable[Setting],
    more: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    *,
    effort: float = 1.0,
    on: Backend = HERE,
    kept: Kept | None = None,
) -> tuple[Varied, ...]:
    """Search with each value of each setting, the others as they are; *effort* as in `explore`.

    A value with which something is found is not searched to the end.

    Raises:
        InvalidInput: the scenario has no such setting.
    """
    wanted = list(settings)
    items = [(one.name, value) for one in wanted for value in one.values]
    for name, value in items:
        with_setting(scenario, name, value)
    tried: list[Tried] = []
    for (_, value), answer in zip(
        items, sweep(try_value, (scenario, more, effort), items, on=on, kept=kept), strict=True
    ):
        made, codes, all_ways = answer
        tried.append(Tried(value, made, tuple(codes), all_ways=all_ways))
        if progress is not None:
            progress(len(tried), len(items))
    each = iter(tried)
    return tuple(Varied(one.name, tuple(next(each) for _ in one.values)) for one in wanted)


def try_value(
    shared: tuple[Scenario, int | None, float], item: tuple[str, int]
) -> tuple[int, list[str], bool]:
    """Search with one value of a setting: how many simulations that took, the codes that were
    found, and whether these were all ways it can go."""
    scenario, more, effort = shared
    scenario = with_setting(scenario, *item)
    made = asked = 0
    codes: list[str] = []
    for one in simulations(scenario, more, effort=effort):
        made += 1
        asked += one.trace.asked.total()
        found = detect(one.scenario, one.trace)
        codes = sorted({finding.code for finding in found if finding.certain})
        if codes:
            break
    return made, codes, made > 1 and not asked
