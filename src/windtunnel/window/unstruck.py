"""Which faults struck nothing in a simulation, and why: they would go unnoticed otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from windtunnel.model import (
    Assumption,
    Cleared,
    DagPaused,
    DagUnpaused,
    Fault,
    LateData,
    LimitNotKept,
    Moment,
    OfTasks,
    OfWorkers,
    RunMarked,
    Scenario,
    TaskLostByExecutor,
    TaskMarked,
    Windowed,
)
from windtunnel.trace import Trace


def unstruck(scenario: Scenario, trace: Trace) -> Iterator[Assumption]:
    """The faults that struck nothing, in their order."""
    for number, (fault, count) in enumerate(zip(scenario.faults, trace.struck, strict=False), 1):
        if not count:
            what = f"{fault.type.replace('_', ' ')}: {_target(fault)}".rstrip(": ")
            why = _why(fault, scenario)
            yield Assumption(subject=f"fault {number} ({what})", assumed=f"struck nothing: {why}")


def _target(fault: Fault) -> str:
    for name in ("tasks", "dags", "pool", "group"):
        if (value := getattr(fault, name, None)) is not None:
            return str(value)
    return ""


def _why(fault: Fault, scenario: Scenario) -> str:
    if isinstance(fault, LateData):
        return f"no sensor of {fault.tasks} waited for data"
    begins = scenario.start + timedelta(seconds=fault.begins_s(scenario.start))
    if begins >= scenario.start + timedelta(seconds=scenario.duration_s):
        return f"it begins at {_shown(begins)}, and the window has ended by then"
    when = _when(fault, begins)
    if isinstance(fault, OfTasks):
        what = "was queued" if isinstance(fault, TaskLostByExecutor) else "began"
        return f"no {_tries(fault)} of {fault.tasks} {what} {when}"
    if isinstance(fault, OfWorkers):
        return f"no worker took tasks {when}"
    if isinstance(fault, Cleared):
        states = " or ".join(fault.states) or "any state"
        return f"no task instance of {fault.tasks} was in {states} {when}"
    if isinstance(fault, TaskMarked):
        return f"{when} there was no task instance of {fault.tasks} without that state"
    if isinstance(fault, RunMarked):
        return f"no such run of {fault.dags} was there {when}"
    if isinstance(fault, DagPaused | DagUnpaused):
        state = "already paused" if isinstance(fault, DagPaused) else "not paused"
        return f"{fault.dags} was {state} {when}"
    if isinstance(fault, LimitNotKept):
        return f"no DAG is called {fault.dags}"
    return f"nothing of it was there {when}"


def _tries(fault: OfTasks) -> str:
    numbers = " or ".join(map(str, fault.tries))
    named = f"try {numbers}" if numbers else "try"
    return named if fault.probability >= 1 else f"{named} that was drawn ({fault.probability:.0%})"


def _when(fault: Moment, begins: datetime) -> str:
    again = "" if fault.every_s is None else f" or later, every {fault.every_s:g} s"
    if not isinstance(fault, Windowed) or isinstance(fault, OfWorkers):
        return f"at {_shown(begins)}{again}"
    if fault.for_s is None:
        return f"from {_shown(begins)} on"
    return f"between {_shown(begins)} and {_shown(begins + timedelta(seconds=fault.for_s))}{again}"


def _shown(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}".removesuffix(":00")
