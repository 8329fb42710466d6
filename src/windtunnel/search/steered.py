"""One simulation with somebody who chooses, and the scenario that repeats it."""

from __future__ import annotations

from windtunnel.choices import Actor, Choices
from windtunnel.engine import Simulation
from windtunnel.engine.program import Program
from windtunnel.model import Chosen, Scenario
from windtunnel.trace import Trace


def steered(
    scenario: Scenario, choices: Choices, program: Program | None = None
) -> tuple[Scenario, Trace]:
    """Simulate with somebody who chooses; gives the scenario that repeats it, and its trace."""
    trace = Simulation(scenario, choices, program=program).run()
    return scenario.model_copy(update={"choices": chosen(trace)}), trace


def chosen(trace: Trace) -> tuple[Chosen, ...]:
    """What was decided in a simulation, as a scenario keeps it."""
    return tuple(
        Chosen(kind=d.kind, actor=_plain(d.actor), nth=d.nth, value=d.value)
        for d in trace.decisions
    )


def _plain(actor: Actor) -> tuple[str | int, ...]:
    """Names and numbers, and nothing else: what a file can hold."""
    return tuple(part if isinstance(part, int) else str(part) for part in actor)
