"""Fleet: every task instance of a simulation in columns, for the Gantt, the tables and others.

Task instances come by DAG, run, task and map index, so that each run and each DAG is one stretch of
rows. Times are milliseconds since the start of the simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from windtunnel.model import (
    Cluster,
    Dag,
    ExternalTaskSensor,
    Scenario,
    Sensor,
    Task,
    TriggerDagRun,
)
from windtunnel.report.html.columns import column
from windtunnel.report.html.segments import Segment, group_of, segments
from windtunnel.report.html.view import Json, Subject
from windtunnel.result import Result
from windtunnel.trace import RunState, TaskState, Trace

MS = 1_000
"""Microseconds of a millisecond."""
IN_QUEUE = frozenset({"worker slots", "nodes", "pod creation", "executor"})
NOT_SCHEDULED = {
    "upstream": "none",
    "depends_on_past": "none",
    "max_active_runs": "none",
    "nothing": "none",
    "running": "running",
    "waiting on its worker": "running",
    "failed try": "running",
    "poke": "up_for_reschedule",
    "reschedule": "up_for_reschedule",
    "retry delay": "up_for_retry",
    "trigger": "deferred",
}
HOLDERS = {
    "worker slots": "workers",
    "parallelism": "all",
    "max_active_tasks": "dag",
    "max_active_tis_per_dag": "task",
    "max_active_tis_per_dagrun": "task of run",
    "max_active_runs": "runs",
}


def data(subject: Subject) -> Json | None:
    """All columns; None where nothing was simulated, or no task instance came to be."""
    result = subject.result
    if result is None or not len(result.trace.ti_run):
        return None
    trace, scenario = result.trace, result.scenario
    dags = sorted(range(len(trace.dag_ids)), key=lambda dag: trace.dag_ids[dag])
    dag_place = {dag: place for place, dag in enumerate(dags)}
    runs = sorted(range(len(trace.runs)), key=lambda run: (dag_place[trace.runs[run].dag], run))
    run_place = {run: place for place, run in enumerate(runs)}
    order = sorted(
        range(len(trace.ti_run)),
        key=lambda ti: (run_place[trace.ti_run[ti]], trace.ti_task[ti], trace.ti_map[ti], ti),
    )
    found = segments(trace, subject.waits, holding=_only_wait(scenario, trace))
    tasks = _Tasks(scenario, trace, dags)
    return {
        "start": trace.start.timestamp() * 1000,
        "end": trace.end_us // MS,
        "shortest": found.shortest_us / 1e6,
        "dags": [_dag(scenario, trace.dag_ids[dag]) for dag in dags],
        "tasks": tasks.rows,
        "runs": _runs(trace, runs, dag_place),
        "states": [state.label for state in TaskState],
        "instances": _instances(result, order, run_place, tasks),
        **_segments([found.of[ti] for ti in order], scenario.cluster),
    }


def _dag(scenario: Scenario, dag_id: str) -> dict[str, Any]:
    cluster, dag = scenario.cluster, _find(scenario, dag_id)
    tasks = cluster.max_active_tasks_per_dag
    runs = cluster.max_active_runs_per_dag
    if dag is not None:
        tasks = tasks if dag.max_active_tasks is None else dag.max_active_tasks
        runs = runs if dag.max_active_runs is None else dag.max_active_runs
    return {"id": dag_id, "max_active_tasks": tasks, "max_active_runs": runs}


def _find(scenario: Scenario, dag_id: str) -> Dag | None:
    return next((dag for dag in scenario.fleet.dags if dag.dag_id == dag_id), None)


def _only_wait(scenario: Scenario, trace: Trace) -> set[tuple[int, int]]:
    """(DAG, task) of those that hold their slots and only wait for others: sensors that poke, and
    who waits for a run that it triggered."""
    found = set()
    for number, dag_id in enumerate(trace.dag_ids):
        dag = _find(scenario, dag_id)
        for task, task_id in enumerate(trace.task_ids[number] if dag is not None else ()):
            own = None if dag is None else dag.find(task_id)
            if own is not None and _waits_on_its_worker(own.kind):
                found.add((number, task))
    return found


def _waits_on_its_worker(kind: object) -> bool:
    if isinstance(kind, Sensor | ExternalTaskSensor):
        return kind.mode == "poke" and not kind.deferrable
    return isinstance(kind, TriggerDagRun) and kind.wait_for_completion and not kind.deferrable


class _Tasks:
    """The tasks of all DAGs in one list."""

    def __init__(self, scenario: Scenario, trace: Trace, dags: Sequence[int]) -> None:
        self.rows: list[dict[str, Any]] = []
        self._first: dict[int, int] = {}
        cluster = scenario.cluster
        for place, dag in enumerate(dags):
            self._first[dag] = len(self.rows)
            model = _find(scenario, trace.dag_ids[dag])
            for number, task_id in enumerate(trace.task_ids[dag]):
                task = None if model is None else model.find(task_id)
                row = {"dag": place, "id": task_id, "pool": trace.pools[dag][number]}
                self.rows.append({**row, **({} if task is None else _task(task, cluster))})

    def place(self, dag: int, task: int) -> int:
        """The row of a task, by the trace's numbers of its DAG and of itself."""
        return self._first[dag] + task


def _task(task: Task, cluster: Cluster) -> dict[str, Any]:
    """What the page needs of a task to say who holds a limit, and how large that is."""
    told: dict[str, Any] = {"operator": task.operator}
    if task.pool_slots != 1:
        told["slots"] = task.pool_slots
    if task.retries:
        told["retries"] = task.retries
    for name in ("max_active_tis_per_dag", "max_active_tis_per_dagrun"):
        if getattr(task, name) is not None:
            told[name] = getattr(task, name)
    groups = enumerate(cluster.workers or ())
    told["workers"] = [number for number, group in groups if task.queue in group.queues]
    executor = cluster.executor_for(task.executor, task.queue)
    return {**told, "executor": executor} if executor else told


def _runs(trace: Trace, runs: Sequence[int], dag_place: dict[int, int]) -> dict[str, Any]:
    all_runs = trace.dag_runs()
    own = [all_runs[run] for run in runs]
    return {
        "dag": column([dag_place[trace.runs[run].dag] for run in runs]),
        "name": [one.run for one in own],
        "state": column([int(RunState[one.state.upper()]) for one in own]),
        "states": [state.label for state in RunState],
        "due": column([_ms(trace, run) for run in runs]),
        "created": column([one.queued_us // MS for one in own]),
        "started": column([_or_never(one.started_us) for one in own]),
        "ended": column([_or_never(one.ended_us) for one in own]),
    }


def _ms(trace: Trace, run: int) -> int:
    """When a run was due."""
    return round((trace.runs[run].run_after - trace.start).total_seconds() * 1000)


def _or_never(us: int | None) -> int:
    return -1 if us is None else us // MS


def _instances(
    result: Result, order: Sequence[int], run_place: dict[int, int], tasks: _Tasks
) -> dict[str, Any]:
    trace = result.trace
    own = trace.task_instances()
    task = [tasks.place(trace.runs[trace.ti_run[ti]].dag, trace.ti_task[ti]) for ti in order]
    return {
        "run": column([run_place[trace.ti_run[ti]] for ti in order]),
        "task": column(task),
        "map": column([trace.ti_map[ti] for ti in order]),
        "state": column([int(TaskState[own[ti].state.upper()]) for ti in order]),
        "tries": column([own[ti].try_number for ti in order]),
        "started": column([_or_never(own[ti].started_us) for ti in order]),
        "ended": column([_or_never(own[ti].ended_us) for ti in order]),
    }


def _segments(of: Sequence[Sequence[Segment]], cluster: Cluster) -> dict[str, Any]:
    """Of all instances in one line: the begin of the first of each, how many there are, and of each
    how long and what it is."""
    kinds: dict[str, int] = {}
    kind = [kinds.setdefault(one[0], len(kinds)) for own in of for one in own]
    return {
        "first": column([own[0][1] // MS if own else 0 for own in of]),
        "count": column([len(own) for own in of]),
        # Of rounded instants, so that what is rounded off does not add up.
        "length": column([one[2] // MS - one[1] // MS for own in of for one in own]),
        "kind": column(kind),
        "kinds": [_kind(one, cluster) for one in kinds],
    }


def _kind(kind: str, cluster: Cluster) -> dict[str, Any]:
    state = NOT_SCHEDULED.get(kind, "queued" if kind in IN_QUEUE else "scheduled")
    if kind.startswith("resource "):
        state = "running"
    found: dict[str, Any] = {"name": kind, "group": group_of(kind), "state": state}
    if kind.startswith("pool "):
        found["holders"] = "pool"
        pool = cluster.pool(kind.removeprefix("pool "))
        found["size"] = None if pool is None or pool.slots < 0 else pool.slots
        found["deferred"] = pool is not None and pool.include_deferred
    elif kind in HOLDERS:
        found["holders"] = HOLDERS[kind]
        if kind == "max_active_tasks" and cluster.airflow.max_active_tasks_per == "run":
            found["holders"] = "run"
    if kind == "parallelism":
        found["size"] = cluster.executor_slots
    return found
