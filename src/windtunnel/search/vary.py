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
) -> tuple[Varied, ...]:
    """Search with each value of each setting, the others as they are; *effort* as in `explore`.

    A value with which something is found is not searched to the end.

    Raises:
        InvalidInput: the scenario has no such setting.
    """
    wanted = [
        (one, [(v, with_setting(scenario, one.name, v)) for v in one.values]) for one in settings
    ]
    total = sum(len(variants) for _, variants in wanted)
    done = 0
    varied: list[Varied] = []
    for setting, variants in wanted:
        tried = []
        for value, variant in variants:
            tried.append(_tried(value, variant, more, effort))
            done += 1
            if progress is not None:
                progress(done, total)
        varied.append(Varied(setting.name, tuple(tried)))
    return tuple(varied)


def _tried(value: int, scenario: Scenario, more: int | None, effort: float) -> Tried:
    made = asked = 0
    codes: list[str] = []
    for one in simulations(scenario, more, effort=effort):
        made += 1
        asked += one.trace.asked.total()
        found = detect(one.scenario, one.trace)
        codes = sorted({finding.code for finding in found if finding.certain})
        if codes:
            break
    return Tried(value, made, tuple(codes), all_ways=made > 1 and not asked)
