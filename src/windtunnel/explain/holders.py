"""Who held a limit at one instant, so that somebody else had to wait for it."""

from __future__ import annotations

from collections.abc import Iterator

from windtunnel.explain.instances import Which
from windtunnel.model import Scenario, Task
from windtunnel.trace import RunState, TaskState, Trace

TAKES = (TaskState.QUEUED, TaskState.RUNNING)


class Holders:
    """Asked about one task instance that waits."""

    def __init__(self, scenario: Scenario, trace: Trace, which: Which) -> None:
        self._scenario = scenario
        self._trace = trace
        self._which = which
        self._tasks: dict[tuple[str, str], Task] = {
            (dag.dag_id, task.task_id): task for dag in scenario.fleet.dags for task in dag.tasks
        }

    def of(self, limit: str, at_us: int) -> tuple[str, ...]:
        """``dag_id.task_id (run)``, or the runs of the DAG for ``max_active_runs``; nothing for
        waits that nobody else causes. In order of creation."""
        states, runs = self._states(at_us)
        if limit == "max_active_runs":
            return tuple(self._runs(runs))
        return tuple(
            self._named(ti) for ti, state in sorted(states.items()) if self._holds(ti, state, limit)
        )

    def _states(self, at_us: int) -> tuple[dict[int, int], dict[int, int]]:
        states: dict[int, int] = {}
        runs: dict[int, int] = {}
        for at, who, state in self._trace.history:
            if at > at_us:
                break
            if who >= 0:
                states[who] = state
            else:
                runs[~who] = state
        return states, runs

    def _runs(self, runs: dict[int, int]) -> Iterator[str]:
        for run, state in sorted(runs.items()):
            record = self._trace.runs[run]
            own = self._trace.dag_ids[record.dag] == self._which.dag_id
            if own and state == RunState.RUNNING and record.name != self._which.run:
                yield record.name

    def _holds(self, ti: int, state: int, limit: str) -> bool:
        record = self._trace.runs[self._trace.ti_run[ti]]
        dag_id = self._trace.dag_ids[record.dag]
        task_id = self._trace.task_ids[record.dag][self._trace.ti_task[ti]]
        if (dag_id, task_id, record.name, self._trace.ti_map[ti]) == (
            self._which.dag_id,
            self._which.task_id,
            self._which.run,
            self._which.map_index,
        ):
            return False
        cluster = self._scenario.cluster
        if limit.startswith("pool "):
            name = limit.removeprefix("pool ")
            pool = cluster.pool(name)
            deferred = pool is not None and pool.include_deferred and state == TaskState.DEFERRED
            own = self._trace.pools[record.dag][self._trace.ti_task[ti]] == name
            return own and (state in TAKES or deferred)
        if limit == "worker slots":
            return state == TaskState.RUNNING and self._on_the_same_workers(dag_id, task_id)
        if state not in TAKES:
            return False
        if limit == "max_active_tasks":
            per_run = cluster.airflow.max_active_tasks_per == "run"
            same_run = record.name == self._which.run or not per_run
            return dag_id == self._which.dag_id and same_run
        if limit.startswith("max_active_tis_per_dag"):
            same_run = record.name == self._which.run or limit == "max_active_tis_per_dag"
            return f"{dag_id}.{task_id}" == self._which.name and same_run
        return limit == "parallelism"

    def _on_the_same_workers(self, dag_id: str, task_id: str) -> bool:
        cluster = self._scenario.cluster
        mine = self._tasks.get((self._which.dag_id, self._which.task_id))
        other = self._tasks.get((dag_id, task_id))
        if mine is None or other is None:
            return False
        if cluster.executor_for(mine.executor, mine.queue) != cluster.executor_for(
            other.executor, other.queue
        ):
            return False
        groups = cluster.workers
        return groups is None or any(
            mine.queue in group.queues and other.queue in group.queues for group in groups
        )

    def _named(self, ti: int) -> str:
        record = self._trace.runs[self._trace.ti_run[ti]]
        task_id = self._trace.task_ids[record.dag][self._trace.ti_task[ti]]
        index = self._trace.ti_map[ti]
        suffix = f"[{index}]" if index >= 0 else ""
        return f"{self._trace.dag_ids[record.dag]}.{task_id}{suffix} ({record.name})"
