"""Occupancy: how many slots of the executor and of each pool were in use: at most, on average, and
from when to when."""

from __future__ import annotations

from windtunnel.capacity.usage.levels import Levels, Occupancy
from windtunnel.model import Cluster, DagChanged, Scenario
from windtunnel.trace import TaskState, Trace

HOLDS = frozenset({TaskState.QUEUED, TaskState.RUNNING})
RUNS = frozenset({TaskState.RUNNING})


def occupancy(scenario: Scenario, trace: Trace) -> list[Occupancy]:
    """The executor first, then every pool that any task used, by name.

    Queued and running task instances count, as Airflow counts them; deferred ones where the pool
    includes them.
    """
    cluster = scenario.cluster
    uses = _Uses(scenario, trace)
    uses.replay()
    found = [uses.of("parallelism", cluster.executor_slots)]
    for name in uses.names:
        if name != "parallelism":
            pool = cluster.pool(name.removeprefix("pool "))
            size = pool.slots if pool is not None and pool.slots >= 0 else None
            found.append(uses.of(name, size))
    return found


def holding(cluster: Cluster) -> frozenset[TaskState]:
    """The states in which a task instance holds a slot of the executor."""
    counts = cluster.local_executor.counts_running
    if counts is None:
        counts = cluster.airflow.local_executor_counts_running
    # LocalExecutor of 3.x: only what runs has one of its processes.
    forgets = cluster.executor_names == ("LocalExecutor",) and not counts
    return RUNS if forgets else HOLDS


def _pool_slots(scenario: Scenario) -> dict[tuple[str, str], int]:
    """By dag_id and task_id, also of tasks that come with a later version of their DAG."""
    later = [f.dag for f in scenario.faults if isinstance(f, DagChanged) and f.dag is not None]
    found: dict[tuple[str, str], int] = {}
    for dag in (*scenario.fleet.dags, *later):
        for task in dag.tasks:
            found.setdefault((dag.dag_id, task.task_id), task.pool_slots)
    return found


class _Uses:
    def __init__(self, scenario: Scenario, trace: Trace) -> None:
        self._trace = trace
        self._cluster = scenario.cluster
        self._holds = holding(scenario.cluster)
        slots = _pool_slots(scenario)
        self._slots = [
            [slots[dag_id, task_id] for task_id in task_ids]
            for dag_id, task_ids in zip(trace.dag_ids, trace.task_ids, strict=True)
        ]
        self._levels = Levels()

    def replay(self) -> None:
        """Go through the history once."""
        trace = self._trace
        held: dict[int, int] = {}
        for at, who, state in trace.history:
            if who < 0:
                continue
            before, held[who] = held.get(who, 0), state
            dag = trace.runs[trace.ti_run[who]].dag
            task = trace.ti_task[who]
            pool = trace.pools[dag][task]
            executor = (state in self._holds) - (before in self._holds)
            self._levels.change("parallelism", executor, at)
            pooled = self._pooled(pool, state) - self._pooled(pool, before)
            self._levels.change(f"pool {pool}", pooled * self._slots[dag][task], at)
        self._levels.end(trace.end_us)

    @property
    def names(self) -> list[str]:
        """The limits that anything used, by name."""
        return sorted(self._levels.peak)

    def of(self, name: str, size: int | None) -> Occupancy:
        """The figures of one limit."""
        return self._levels.of(name, size, self._trace.end_us)

    def _pooled(self, pool: str, state: int) -> int:
        found = self._cluster.pool(pool)
        deferred = found is not None and found.include_deferred and state == TaskState.DEFERRED
        return int(state in HOLDS or deferred)
