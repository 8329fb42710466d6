"""Timeouts: how much longer than its execution_timeout a task may take and still succeed."""

from __future__ import annotations

from collections.abc import Iterable

from windtunnel.calibration.past import PastTry
from windtunnel.model import Dag, Task

ROOM = 1.01


def with_measured_timeouts(dags: Iterable[Dag], tries: Iterable[PastTry]) -> list[Dag]:
    """The DAGs with each ``execution_timeout`` as it shows in measured durations: these begin when
    the process does, the timeout when the task's own code does."""
    longest: dict[tuple[str, str], float] = {}
    for one in tries:
        if one.state == "success" and one.seconds is not None:
            longest[one.task] = max(longest.get(one.task, 0.0), one.seconds)
    return [
        dag.model_copy(
            update={"tasks": tuple(_one(dag.dag_id, task, longest) for task in dag.tasks)}
        )
        for dag in dags
    ]


def _one(dag_id: str, task: Task, longest: dict[tuple[str, str], float]) -> Task:
    limit, took = task.execution_timeout_s, longest.get((dag_id, task.task_id), 0.0)
    if limit is None or took <= limit:
        return task
    return task.model_copy(update={"execution_timeout_s": took * ROOM})
