"""Simulate a scenario many times, each time going another way, and collect what is found, and what
that covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from windtunnel.detect import Finding
from windtunnel.engine import compiled
from windtunnel.lint import lint
from windtunnel.model import Scenario
from windtunnel.search.ahead import seen_ahead
from windtunnel.search.reached import Reached, Unreached
from windtunnel.search.seen import Looking, Same, Seen, repeated, same_of
from windtunnel.search.simulations import AS_IT_STANDS, Opening
from windtunnel.sweep import HERE, Backend, Kept, prepared
from windtunnel.trace import Trace

Progress = Callable[[int, int], None]
"""Called with (simulations done, simulations planned)."""
DRAWN_BY_SEED = ("lengths", "amounts", "chances")
DRAWN = 1_000_000


@dataclass(slots=True)
class Exploration:
    """What a number of simulations found."""

    first: Trace
    """The simulation of the scenario as it stands."""
    simulations: int = 0
    by: Counter[str] = field(default_factory=Counter)
    """How many simulations each strategy made."""
    asked: Counter[str] = field(default_factory=Counter)
    """How many ``ties``, ``lengths``, ``amounts`` and ``chances`` were decided in all of them."""
    different: int = 0
    """Simulations that differ in what was decided."""
    found: list[tuple[Finding, Scenario]] = field(default_factory=list)
    """Each distinct finding with the scenario that shows it: a counterexample."""
    unreached: tuple[Unreached, ...] = ()
    """What none of the simulations came to."""
    settled: list[Finding] = field(default_factory=list)
    """What is known without a simulation, and was not found in one."""

    @property
    def questions(self) -> int:
        """Things that were decided in all simulations."""
        return self.asked.total()

    def is_simpler(self, ways: int | None, other: Scenario) -> bool:
        """Whether fewer things go another way than usual; what a seed drew (None) is no simple
        thing."""
        return self._simple(ways) < self._simple(None if other.choices is None else
                                                 len(other.choices))  # fmt: skip

    def _simple(self, ways: int | None) -> int:
        if ways is None:
            return DRAWN if any(self.asked[group] for group in DRAWN_BY_SEED) else 0
        return ways


def explore(
    scenario: Scenario,
    more: int | None = None,
    progress: Progress | None = None,
    *,
    effort: float = 1.0,
    on: Backend = HERE,
    kept: Kept | None = None,
) -> Exploration:
    """Simulate up to ``1 + more`` times and keep the simplest counterexample of each distinct
    finding; without a number, as often as the size of the fleet allows with so many times the usual
    work. Where that is done makes no difference to what is found."""
    opening = Opening(scenario, more, prepared(scenario, compiled), effort=effort)
    looking = Looking(scenario)
    collected: _Collected | None = None
    for one in opening:
        if collected is None:
            collected = _Collected(scenario, Exploration(one.trace))
        collected.add(looking.at(one.by, one.scenario, one.trace), progress, opening.total)
    assert collected is not None
    if opening.course is not None:
        for seen in seen_ahead(opening.course, opening.corners, opening.left, on, kept):
            collected.add(seen, progress, opening.total)
    return collected.exploration()


class _Collected:
    """What is seen in one simulation after the other."""

    def __init__(self, scenario: Scenario, exploration: Exploration) -> None:
        self._scenario = scenario
        self._exploration = exploration
        self._reached = Reached(scenario)
        self._known: dict[Same, int] = {}
        self._ways: set[frozenset[tuple[object, ...]]] = set()

    def add(self, seen: Seen, progress: Progress | None, total: int) -> None:
        """One more; tell how many there are, of how many."""
        exploration = self._exploration
        exploration.simulations += 1
        exploration.by[seen["by"]] += 1
        exploration.asked.update(seen["asked"])
        self._reached.add(seen["reached"])
        decided = seen["decided"]
        self._ways.add(frozenset((kind, *actor, nth, value) for kind, actor, nth, value in decided))
        self._find(seen, seen["found"])
        if progress is not None:
            progress(exploration.simulations, total)

    def _find(self, seen: Seen, all_found: list[tuple[Same, dict[str, Any]]]) -> None:
        """Keep what is new, or shown by something simpler."""
        exploration, found = self._exploration, self._exploration.found
        variant = self._scenario
        ways = None if variant.choices is None else len(variant.choices)
        chosen = seen["by"] != AS_IT_STANDS
        if chosen:
            ways = len(seen["decided"])
        for (is_accepted, identity), plain in all_found:
            number = self._known.setdefault((is_accepted, tuple(identity)), len(found))
            is_new = number == len(found)
            if not is_new and not exploration.is_simpler(ways, found[number][1]):
                continue
            if chosen and variant is self._scenario:
                variant = repeated(self._scenario, seen)
            found[number : number + 1] = [(Finding.model_validate(plain), variant)]

    def exploration(self) -> Exploration:
        """All of it."""
        found = self._exploration
        found.different = len(self._ways)
        found.unreached = self._reached.unreached({one.code for one, _ in found.found})
        found.settled = [
            f for f in lint(self._scenario) if same_of(self._scenario, f) not in self._known
        ]
        return found
