"""Every limit that has a size: the executor's and the pools', and beside them the slots of workers
and the runs of DAGs."""

from __future__ import annotations

from collections.abc import Iterator

from windtunnel.capacity.usage.levels import Levels, Occupancy
from windtunnel.capacity.usage.occupancy import occupancy
from windtunnel.model import Cluster, Scenario, Task, WorkerGroup
from windtunnel.trace import RunState, TaskState, Trace

RUNS = "max_active_runs "
SLOTS = "worker slots "


def every_limit(scenario: Scenario, trace: Trace) -> list[Occupancy]:
    """As `occupancy`; then the worker slots, of groups that share a queue together, and
    max_active_runs of each DAG where runs waited for it.

    A worker's slot is taken while a try runs, and for as long as its process outlives it. Elastic
    groups have the size that they can grow to; slots that a fault takes away are in the size.
    """
    levels = Levels()
    for at, limit, by in sorted(_changes(scenario, trace)):
        levels.change(limit, by, at)
    levels.end(trace.end_us)
    sizes = {**_worker_slots(scenario.cluster), **_bounded_runs(scenario, trace)}
    beside = [levels.of(limit, size, trace.end_us) for limit, size in sizes.items()]
    return [*occupancy(scenario, trace), *beside]


def _changes(scenario: Scenario, trace: Trace) -> Iterator[tuple[int, str, int]]:
    """(when, limit, slots more or less)."""
    bounded = _bounded_runs(scenario, trace)
    places = _places(scenario)
    held: dict[int, int] = {}
    for at, who, state in trace.history:
        before, held[who] = held.get(who, 0), state
        if who < 0:
            made = trace.runs[~who]
            limit = RUNS + trace.dag_ids[made.dag]
            by = (state == RunState.RUNNING) - (before == RunState.RUNNING)
            # Runs of a backfill have its own limit (models/backfill.py).
            if by and limit in bounded and made.run_type != "backfill":
                yield at, limit, by
            continue
        by = (state == TaskState.RUNNING) - (before == TaskState.RUNNING)
        place = places.get(_task_of(trace, who)) if by else None
        if place is not None:
            yield at, place, by
    for stray in trace.strays:
        place = places.get(_task_of(trace, stray.ti))
        if place is not None:
            yield stray.since_us, place, 1
            yield trace.end_us if stray.until_us is None else stray.until_us, place, -1


def _task_of(trace: Trace, ti: int) -> tuple[str, str]:
    dag = trace.runs[trace.ti_run[ti]].dag
    return trace.dag_ids[dag], trace.task_ids[dag][trace.ti_task[ti]]


def _bounded_runs(scenario: Scenario, trace: Trace) -> dict[str, int | None]:
    """max_active_runs of the DAGs of which a run waited for it, with its size."""
    waited = {
        trace.dag_ids[made.dag]
        for made, run in zip(trace.runs, trace.dag_runs(), strict=True)
        if run.started_us is None or run.started_us > made.created_us
    }
    default = scenario.cluster.max_active_runs_per_dag
    sizes = {
        dag.dag_id: default if dag.max_active_runs is None else dag.max_active_runs
        for dag in scenario.fleet.dags
    }
    return {RUNS + dag_id: sizes[dag_id] or None for dag_id in sorted(waited & sizes.keys())}


def _places(scenario: Scenario) -> dict[tuple[str, str], str]:
    """By dag_id and task_id: the workers on which a task runs."""
    cluster = scenario.cluster
    joined = _joined(cluster.workers or ())
    found = {}
    for dag in scenario.fleet.dags:
        for task in dag.tasks:
            for groups in joined if _on_workers(cluster, task) else ():
                if any(task.queue in group.queues for group in groups):
                    found[dag.dag_id, task.task_id] = _named(groups)
    return found


def _on_workers(cluster: Cluster, task: Task) -> bool:
    executor = cluster.executor_for(task.executor, task.queue)
    return executor == "CeleryExecutor" or cluster.executor is None


def _worker_slots(cluster: Cluster) -> dict[str, int | None]:
    return {
        _named(groups): sum(group.slots * _most(group) for group in groups)
        for groups in _joined(cluster.workers or ())
    }


def _most(group: WorkerGroup) -> int:
    return group.count if group.elastic is None else group.elastic.most


def _joined(groups: tuple[WorkerGroup, ...]) -> list[list[WorkerGroup]]:
    """Groups that share a queue, directly or through others, together."""
    found: list[list[WorkerGroup]] = []
    for group in groups:
        near = [
            some for some in found if any(set(group.queues) & set(other.queues) for other in some)
        ]
        found = [some for some in found if some not in near]
        found.append([*(one for some in near for one in some), group])
    return found


def _named(groups: list[WorkerGroup]) -> str:
    queues = dict.fromkeys(queue for group in groups for queue in group.queues)
    return SLOTS + ", ".join(queues)
