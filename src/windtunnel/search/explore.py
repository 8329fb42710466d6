"""Simulate a scenario under several orders of equal candidates and draws, and collect what is
found.

The first simulation is the calm one: ties as Airflow usually decides them. The others answer every
tie by a seed, and draw durations with another seed, so that what only luck prevents is seen too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from windtunnel.detect import Finding, detect
from windtunnel.engine import Seeded, simulate
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
    trace = simulate(scenario)
    exploration = Exploration(trace)
    known: set[tuple[str, ...]] = set()
    for number in range(total):
        variant = scenario
        if number:
            variant = scenario.model_copy(update={"seed": scenario.seed + number, "choices": None})
            trace = simulate(variant, Seeded(variant.seed))
            exploration.questions += len(trace.picks)
            variant = variant.model_copy(update={"choices": tuple(trace.picks)})
        exploration.simulations += 1
        for finding in detect(variant, trace):
            if (name := _identity(finding)) not in known:
                known.add(name)
                exploration.found.append((finding, variant))
        if progress is not None:
            progress(number + 1, total)
    return exploration


def _identity(finding: Finding) -> tuple[str, ...]:
    """Findings over the same limits are one trouble, whichever tasks happen to be in it; without a
    limit, those between the same DAGs are."""
    limits = {
        " ".join(held.split(" of ", 1)[1].split(" (")[0].split()[:2])
        for party in finding.holding
        for held in party.holds
    }
    if limits:
        return (finding.code, finding.title, *sorted(limits))
    dags = sorted({party.name.split(".", 1)[0] for party in finding.holding})
    if dags:
        return (finding.code, finding.title, *dags)
    return (finding.code, finding.dag_id or "", finding.summary)
