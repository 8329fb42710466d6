"""Simulate a scenario many times, each time going another way, and collect what is found, and what
that covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from windtunnel.detect import Accepted, Finding, detect, judge
from windtunnel.lint import lint
from windtunnel.model import Scenario
from windtunnel.search.reached import Reached, Unreached
from windtunnel.search.simulations import enough, simulations
from windtunnel.trace import Trace

Progress = Callable[[int, int], None]
"""Called with (simulations done, simulations planned)."""
DRAWN_BY_SEED = ("lengths", "amounts", "chances")
DRAWN = 1_000_000
OF_LOAD = frozenset(("WT404",))
"""Findings that come of how much there is to do. Where everything takes its longest at once any
queue is long, and no night is like that: of lengths that vary only what the seed draws counts."""


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

    def is_simpler(self, one: Scenario, other: Scenario) -> bool:
        """Whether fewer things go another way than usual; what a seed drew is no simple thing."""
        return self._ways(one) < self._ways(other)

    def _ways(self, scenario: Scenario) -> int:
        if scenario.choices is None:
            return DRAWN if any(self.asked[group] for group in DRAWN_BY_SEED) else 0
        return len(scenario.choices)


def explore(
    scenario: Scenario,
    more: int | None = None,
    progress: Progress | None = None,
    *,
    effort: float = 1.0,
) -> Exploration:
    """Simulate up to ``1 + more`` times and keep the simplest counterexample of each distinct
    finding; without a number, as often as the size of the fleet allows with so many times the usual
    work."""
    exploration: Exploration | None = None
    total = 0
    reached = Reached(scenario)
    known: dict[tuple[bool, tuple[str, ...]], int] = {}
    ways: set[frozenset[tuple[object, ...]]] = set()
    for one in simulations(scenario, more, effort=effort):
        if exploration is None:
            exploration = Exploration(one.trace)
            total = 1 + (enough(one.trace, effort) if more is None else more)
        exploration.simulations += 1
        reached.see(one.trace)
        exploration.by[one.by] += 1
        exploration.asked += one.trace.asked
        ways.add(frozenset((d.kind, d.actor, d.nth, d.value) for d in one.trace.decisions))
        unlikely = one.scenario.choices is not None and one.trace.asked["lengths"] > 0
        for finding in detect(one.scenario, one.trace):
            if unlikely and finding.code in OF_LOAD:
                continue
            same = _same(scenario, finding)
            if same not in known:
                known[same] = len(exploration.found)
                exploration.found.append((finding, one.scenario))
            elif exploration.is_simpler(one.scenario, exploration.found[known[same]][1]):
                exploration.found[known[same]] = (finding, one.scenario)
        if progress is not None:
            progress(exploration.simulations, total)
    assert exploration is not None
    exploration.different = len(ways)
    exploration.unreached = reached.unreached({one.code for one, _ in exploration.found})
    exploration.settled = [f for f in lint(scenario) if _same(scenario, f) not in known]
    return exploration


def _same(scenario: Scenario, finding: Finding) -> tuple[bool, tuple[str, ...]]:
    """What makes it one with others. What etl does and somebody accepts doesn't stand for what mart
    does to the same pool."""
    return isinstance(judge(scenario.accept, finding), Accepted), finding.identity
