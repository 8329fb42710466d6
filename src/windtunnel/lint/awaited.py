"""Awaited: the sensors of a fleet that look at other DAGs of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from windtunnel.lint.words import span
from windtunnel.model import Dag, ExternalTaskSensor, Fleet, Task


@dataclass(frozen=True, slots=True)
class Awaited:
    """A sensor and the DAG at which it looks."""

    dag: Dag
    task: Task
    kind: ExternalTaskSensor
    target: Dag

    @property
    def name(self) -> str:
        """``dag_id.task_id``."""
        return f"{self.dag.dag_id}.{self.task.task_id}"

    @property
    def ends(self) -> str:
        """What becomes of it when it waits in vain."""
        held = "" if self.kind.deferrable or self.kind.mode == "reschedule" else ", with its slots"
        outcome = "is skipped" if self.kind.soft_fail else "fails"
        return f"It waits until its timeout ({span(self.kind.timeout_s)}){held}, and {outcome}"


def awaited(fleet: Fleet) -> Iterator[Awaited]:
    """All of them, in the order of the fleet."""
    dags = {dag.dag_id: dag for dag in fleet.dags}
    for dag in fleet.dags:
        for task in dag.tasks:
            if isinstance(task.kind, ExternalTaskSensor):
                target = dags.get(task.kind.external_dag_id)
                if target is not None:
                    yield Awaited(dag, task, task.kind, target)
