"""Simulate a scenario under several orders of equal candidates and draws, and collect what is
found.

The first simulation is the calm one: ties as Airflow usually decides them. The others answer every
tie by a seed, and draw durations with another seed, so that what only luck prevents is seen too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from windtunnel.detect import Accepted, Finding, detect, judge
from windtunnel.engine import Seeded, simulate
from windtunnel.lint import lint
from windtunnel.model import Scenario
from windtunnel.trace import Trace

Progress = Callable[[int, int], None]
"""Called with (simulations done, simulations planned)."""


@dataclass(slots=True)
class Exploration:
    """What a number of simulations found."""

    first: Trace
    """The calm simulation."""
    simulations: int = 0
    questions: int = 0
    """Ties that were decided by a seed."""
    found: list[tuple[Finding, Scenario]] = field(default_factory=list)
    """Each distinct finding with the scenario that shows it: a counterexample."""


def explore(scenario: Scenario, seeds: int, progress: Progress | None = None) -> Exploration:
    """Simulate ``1 + seeds`` times and keep the first counterexample of each distinct finding."""
    total = 1 + seeds
    exploration: Exploration | None = None
    known: set[tuple[bool, tuple[str, ...]]] = set()
    for variant, trace in simulations(scenario, seeds):
        if exploration is None:
            exploration = Exploration(trace)
        exploration.simulations += 1
        exploration.questions += len(trace.picks)
        settled = () if exploration.simulations > 1 else lint(scenario)
        for finding in (*detect(variant, trace), *settled):
            # What etl does and somebody accepts doesn't stand for what mart does to the same pool.
            same = isinstance(judge(scenario.accept, finding), Accepted), finding.identity
            if same not in known:
                known.add(same)
                exploration.found.append((finding, variant))
        if progress is not None:
            progress(exploration.simulations, total)
    assert exploration is not None
    return exploration


def simulations(scenario: Scenario, seeds: int) -> Iterator[tuple[Scenario, Trace]]:
    """The calm simulation, then one for each seed, with the scenario that repeats each."""
    yield scenario, simulate(scenario)
    for number in range(1, 1 + seeds):
        variant = scenario.model_copy(update={"seed": scenario.seed + number, "choices": None})
        trace = simulate(variant, Seeded(variant.seed))
        yield variant.model_copy(update={"choices": tuple(trace.picks)}), trace
