"""Trial: one simulation of a window, and what became of the runs that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from windtunnel.engine import Simulation
from windtunnel.engine.dag_runs.versions import compiled
from windtunnel.engine.program import Program
from windtunnel.model import Scenario
from windtunnel.sweep import prepared
from windtunnel.trace import TaskState, Trace

MARK = "\x1f"
"""Between the parts of a run's name."""
Answer = dict[str, Any]
"""``runs``: by name, [due, started, ended, state]; ``waits``: by DAG, [tries, seconds in queue,
seconds from upstream to queued]. Seconds are since the scenario's start."""


@dataclass(frozen=True, slots=True)
class Trials:
    """What all simulations share."""

    scenario: Scenario
    since_s: float
    """The window, in seconds since the scenario's start."""
    until_s: float


def trial(shared: Trials, seed: int) -> Answer:
    """Simulate once with a seed of its own."""
    program = prepared(shared, _compiled)
    scenario = shared.scenario.model_copy(update={"seed": seed})
    return answer_of(Simulation(scenario, program=program).run(), shared)


def _compiled(shared: Trials) -> Program:
    return compiled(shared.scenario)


def answer_of(trace: Trace, shared: Trials) -> Answer:
    """What is compared of one simulation."""
    runs: dict[str, list[Any]] = {}
    inside: set[int] = set()
    for one in trace.dag_runs():
        record = trace.runs[one.index]
        due = record.created_us / 1e6
        if record.run_type == "scheduled":
            due = (record.run_after.astimezone(UTC) - trace.start).total_seconds()
        if shared.since_s <= due < shared.until_s:
            inside.add(one.index)
        times = [None if us is None else us / 1e6 for us in (one.started_us, one.ended_us)]
        runs[MARK.join(_key(trace, one.index))] = [due, *times, one.state]
    return {"runs": runs, "waits": _waits(trace, inside)}


def _key(trace: Trace, run: int) -> Sequence[str]:
    record = trace.runs[run]
    dag_id = trace.dag_ids[record.dag]
    if record.number is not None:
        return dag_id, "assets", str(record.number)
    if record.run_type == "scheduled" and record.logical_date is not None:
        return dag_id, "scheduled", record.logical_date.astimezone(UTC).isoformat()
    return dag_id, "manual", record.run_id


def _waits(trace: Trace, inside: set[int]) -> dict[str, list[float]]:
    """How long tries of each DAG were queued before they ran the first time."""
    queued: dict[int, int] = {}
    begun: set[int] = set()
    found: dict[str, list[float]] = {}
    for at, who, state in trace.history:
        if who < 0 or trace.ti_run[who] not in inside:
            continue
        if state == TaskState.UP_FOR_RETRY:
            begun.discard(who)
        elif state == TaskState.QUEUED and who not in begun:
            queued[who] = at
        elif state == TaskState.RUNNING and who in queued:
            dag_id = trace.dag_ids[trace.runs[trace.ti_run[who]].dag]
            kept = found.setdefault(dag_id, [0, 0.0])
            kept[0] += 1
            kept[1] += (at - queued.pop(who)) / 1e6
            begun.add(who)
    return found
