"""The work that scale_out.py measures: a module of its own, because workers find it by name."""

from __future__ import annotations

from windtunnel.engine import Simulation, compiled
from windtunnel.model import Scenario
from windtunnel.sweep import prepared


def simulated(scenario: Scenario, seed: int) -> list[int]:
    """How many state changes a simulation under this seed has, and when the last one is."""
    program = prepared(scenario, compiled)
    trace = Simulation(scenario.model_copy(update={"seed": seed}), program=program).run()
    return [len(trace.history), trace.history.at(-1)]
