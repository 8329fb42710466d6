"""Waiting: tasks that hold slots while they wait for work of the fleet, and what that work is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf

from windtunnel.lint.relatives import Relatives
from windtunnel.model import Cluster, Dag, Empty, ExternalTaskSensor, Fleet, Task, TriggerDagRun

Name = tuple[str, str]
"""(dag_id, task_id)."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """A task that runs, or is deferred, until others have ended."""

    dag: Dag
    task: Task
    target: Dag
    deferred: bool
    """Whether it waits in the triggerer: then only pools that count deferred tasks notice."""
    patience_s: float
    """Its timeout; infinite if it has none."""

    @property
    def key(self) -> Name:
        """(dag_id, task_id)."""
        return self.dag.dag_id, self.task.task_id

    @property
    def name(self) -> str:
        """``dag_id.task_id``."""
        return f"{self.dag.dag_id}.{self.task.task_id}"


class Waiting:
    """All waiters of a fleet. Paused DAGs don't take part."""

    def __init__(self, fleet: Fleet, cluster: Cluster) -> None:
        self._cluster = cluster
        self._dags = {dag.dag_id: dag for dag in fleet.dags if not dag.is_paused}
        self._relatives: dict[str, Relatives] = {}
        self._needed: dict[Name, frozenset[Name]] = {}

    @cached_property
    def waiters(self) -> dict[Name, Waiter]:
        """In the order of the fleet."""
        found = {}
        for dag in self._dags.values():
            for task in dag.tasks:
                if (one := self._waiter(dag, task)) is not None:
                    found[one.key] = one
        return found

    def _waiter(self, dag: Dag, task: Task) -> Waiter | None:
        kind, patience = task.kind, inf
        if isinstance(kind, ExternalTaskSensor):
            name, waits = kind.external_dag_id, kind.deferrable or kind.mode == "poke"
            patience = kind.timeout_s
        elif isinstance(kind, TriggerDagRun):
            name, waits = kind.trigger_dag_id, kind.wait_for_completion
        else:
            return None
        target = self._dags.get(name)
        if target is None or not waits:
            return None
        if self._bounds(kind) and task.execution_timeout_s is not None:
            patience = min(patience, task.execution_timeout_s)
        return Waiter(dag, task, target, kind.deferrable, patience)

    def _bounds(self, kind: ExternalTaskSensor | TriggerDagRun) -> bool:
        triggers = isinstance(kind, TriggerDagRun)
        return not triggers or self._cluster.airflow.execution_timeout_bounds_triggered_wait

    def relatives(self, dag: Dag) -> Relatives:
        """Which of its tasks come before others."""
        if dag.dag_id not in self._relatives:
            self._relatives[dag.dag_id] = Relatives(dag)
        return self._relatives[dag.dag_id]

    def needed(self, waiter: Waiter) -> frozenset[Name]:
        """The tasks that may still have to run before its wait ends, also those for which tasks
        among them wait."""
        if waiter.key not in self._needed:
            found: dict[Name, None] = {}
            left = [waiter]
            while left:
                for name in self._directly(left.pop()):
                    if name not in found:
                        found[name] = None
                        if name in self.waiters:
                            left.append(self.waiters[name])
            self._needed[waiter.key] = frozenset(found)
        return self._needed[waiter.key]

    def _directly(self, waiter: Waiter) -> list[Name]:
        target, kind = waiter.target, waiter.task.kind
        relatives = self.relatives(target)
        wanted = [task.task_id for task in target.tasks]
        if isinstance(kind, ExternalTaskSensor):
            named = list(kind.external_task_ids)
            if kind.external_task_group_id is not None:
                named += sorted(relatives.of_group(kind.external_task_group_id))
            if named:
                wanted = [up for name in named for up in (name, *sorted(relatives.before(name)))]
        tasks = {task.task_id: task for task in target.tasks}
        return [
            (target.dag_id, task_id)
            for task_id in wanted
            if task_id in tasks and not isinstance(tasks[task_id].kind, Empty)
        ]
