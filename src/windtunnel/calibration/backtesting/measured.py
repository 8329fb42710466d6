"""Measured: what the past shows of tasks that their DAG doesn't say, or says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from windtunnel.calibration.past import Past
from windtunnel.model import Dag, Sensor, Task

ROOM = 1.01
"""How much longer than the longest success a timeout is at least."""
GLANCE_S = 3.0
"""A sensor that took no longer looked once."""
CLOSE_S = 1.0
FEW = 3


@dataclass(slots=True)
class _Seen:
    """What was measured of one task."""

    took: list[float] = field(default_factory=list)
    """Seconds of each success."""
    paused: list[float] = field(default_factory=list)
    """Seconds between the end of a look that was in vain and the next one."""


def with_measured(dags: Iterable[Dag], past: Past) -> list[Dag]:
    """The DAGs with each ``execution_timeout`` and ``poke_interval`` as they show in what happened.

    Measured durations begin when the process does, a timeout when the task's own code does. A
    serialized DAG doesn't keep how often a sensor looks.
    """
    seen: dict[tuple[str, str], _Seen] = {}
    for one in past.tries:
        if one.state == "success" and one.seconds is not None:
            seen.setdefault(one.task, _Seen()).took.append(one.seconds)
    for poke in past.pokes:
        pause = (poke.next_poke - poke.end).total_seconds()
        seen.setdefault((poke.dag_id, poke.task_id), _Seen()).paused.append(pause)
    return [
        dag.model_copy(
            update={
                "tasks": tuple(
                    _one(task, seen.get((dag.dag_id, task.task_id), _Seen())) for task in dag.tasks
                )
            }
        )
        for dag in dags
    ]


def _one(task: Task, seen: _Seen) -> Task:
    changes: dict[str, object] = {}
    limit, longest = task.execution_timeout_s, max(seen.took, default=0.0)
    if limit is not None and longest > limit:
        changes["execution_timeout_s"] = longest * ROOM
    if isinstance(task.kind, Sensor) and not task.kind.deferrable:
        every = _poke_interval(task.kind, seen)
        if every != task.kind.poke_interval_s:
            changes["kind"] = task.kind.model_copy(update={"poke_interval_s": every})
    return task.model_copy(update=changes) if changes else task


def _poke_interval(kind: Sensor, seen: _Seen) -> float:
    if kind.mode == "reschedule":
        varies = kind.exponential_backoff or len(seen.paused) < FEW
        return kind.poke_interval_s if varies else max(0.0, round(median(seen.paused), 1))
    looked_between = [took for took in seen.took if GLANCE_S < took < 0.9 * kind.poke_interval_s]
    # It can't have ended between two looks: it looks more often.
    return CLOSE_S if len(looked_between) >= FEW else kind.poke_interval_s
