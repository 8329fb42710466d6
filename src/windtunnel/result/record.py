"""Record: one simulation and what is looked up in its trace again and again, each made once."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from windtunnel.explain import Holders
from windtunnel.model import Dag, Scenario, Task
from windtunnel.model.moments import zone_of
from windtunnel.trace import DagRun, RunState, TaskInstance, Trace, Waits

Change = tuple[int, int, int]
"""(number in the history, when, state) of one state change."""


class Record:
    """A scenario and its trace, with indexes over it."""

    def __init__(self, scenario: Scenario, trace: Trace) -> None:
        self.scenario = scenario
        self.trace = trace
        self._dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
        self._tasks = {
            (d.dag_id, task.task_id): task for d in scenario.fleet.dags for task in d.tasks
        }

    @cached_property
    def runs(self) -> list[DagRun]:
        """Every dag run, in order of creation."""
        return self.trace.dag_runs()

    @cached_property
    def instances(self) -> list[TaskInstance]:
        """Every task instance, in order of creation."""
        return self.trace.task_instances()

    @cached_property
    def waits(self) -> Waits:
        """Where the time of each task instance went."""
        return Waits(self.trace)

    @cached_property
    def holders(self) -> Holders:
        """Who had which limit when."""
        return Holders(self.scenario, self.trace)

    @cached_property
    def changes(self) -> dict[int, list[Change]]:
        """By task instance (or ``~run``): its state changes, in order."""
        found: dict[int, list[Change]] = {}
        for number, (at, who, state) in enumerate(self.trace.history):
            found.setdefault(who, []).append((number, at, state))
        return found

    @cached_property
    def _by_run(self) -> dict[int, list[TaskInstance]]:
        found: dict[int, list[TaskInstance]] = {}
        for instance in self.instances:
            found.setdefault(self.trace.ti_run[instance.index], []).append(instance)
        task = self.trace.ti_task
        for of_run in found.values():
            of_run.sort(key=lambda ti: (task[ti.index], ti.map_index))
        return found

    def of_run(self, run: int) -> list[TaskInstance]:
        """The task instances of a run, by its number: in the order of the DAG, then of the map
        index."""
        return self._by_run.get(run, [])

    @cached_property
    def _by_task(self) -> dict[tuple[int, str], list[int]]:
        found: dict[tuple[int, str], list[int]] = {}
        for instance in self.instances:
            key = (self.trace.ti_run[instance.index], instance.task_id)
            found.setdefault(key, []).append(instance.index)
        return found

    def of_task(self, run: int, task_id: str) -> list[int]:
        """Numbers of the instances of a task in a run, in order of creation."""
        return self._by_task.get((run, task_id), [])

    def dag(self, dag_id: str) -> Dag | None:
        """The DAG of this id; None if it is not in the fleet."""
        return self._dags.get(dag_id)

    def task(self, instance: TaskInstance) -> Task | None:
        """The task of an instance; None if only another version of the DAG has it."""
        return self._tasks.get((instance.dag_id, instance.task_id))

    def task_of(self, ti: int) -> Task | None:
        """The task of an instance, by its number."""
        return self.task(self.instances[ti])

    def started(self, run: int) -> int | None:
        """When a run started to run, by its number, for the first time; None: never."""
        for _, at, state in self.changes.get(~run, ()):
            if state == RunState.RUNNING:
                return at
        return None

    def due(self, run: int) -> datetime:
        """When a run was due, by its number: one of a backfill when somebody asked for it, whatever
        its dates."""
        return self.trace.due(run)

    def zone(self, dag_id: str) -> ZoneInfo:
        """The timezone in which a DAG's times of day are meant: of its schedule, else its own."""
        return zone_of(self.dag(dag_id))

    def why(self, instance: TaskInstance) -> str:
        """What the trace says of the last state change of an instance; empty: nothing."""
        changes = self.changes.get(instance.index)
        return self.trace.reasons.get(changes[-1][0], "") if changes else ""

    def sized(self, limit: str, instance: TaskInstance) -> str:
        """A limit with its size, as far as it has one: ``pool db (2 slots)``."""
        size = self._size(limit, instance)
        if size is None:
            return limit
        unit = (" slot" if size == 1 else " slots") if limit.startswith("pool ") else ""
        return f"{limit} ({size}{unit})"

    def max_active_runs(self, dag_id: str) -> int:
        """How many runs of a DAG may be active at once; 0: any number."""
        dag, default = self.dag(dag_id), self.scenario.cluster.max_active_runs_per_dag
        return default if dag is None or dag.max_active_runs is None else dag.max_active_runs

    def _size(self, limit: str, instance: TaskInstance) -> int | None:
        cluster, dag, task = self.scenario.cluster, self.dag(instance.dag_id), self.task(instance)
        if limit.startswith("pool "):
            pool = cluster.pool(limit.removeprefix("pool "))
            return None if pool is None or pool.slots < 0 else pool.slots
        if limit == "parallelism":
            return cluster.parallelism
        if limit in ("max_active_runs", "max_active_tasks") and dag is not None:
            own: int | None = getattr(dag, limit)
            default: int = getattr(cluster, f"{limit}_per_dag")
            return default if own is None else own
        if limit.startswith("max_active_tis_") and task is not None:
            found: int | None = getattr(task, limit)
            return found
        return None
