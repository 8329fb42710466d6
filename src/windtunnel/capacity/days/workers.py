"""Workers: how many of them run something, and what they cost."""

from __future__ import annotations

from windtunnel.model import Cluster, Scenario, Task
from windtunnel.trace import TaskState, Trace

DAY_H = 24.0


def peak_running(trace: Trace) -> int:
    """The largest number of task instances that ran at once; who begins in the instant in which
    another ends does not raise it."""
    peak = now = 0
    before: dict[int, int] = {}
    since = -1
    for at, who, state in trace.history:
        if who < 0:
            continue
        if at != since:
            peak, since = max(peak, now), at
        was, before[who] = before.get(who, 0), state
        now += (state == TaskState.RUNNING) - (was == TaskState.RUNNING)
    return max(peak, now)


def busy_worker_seconds(scenario: Scenario, trace: Trace) -> float | None:
    """Seconds of workers of which each is there only while it runs something, and is filled before
    the next one comes; None if no workers are counted. It is the least that any autoscaling can
    come to."""
    cluster = scenario.cluster
    if not cluster.workers:
        return None
    slots = [group.slots for group in cluster.workers]
    group_of = _groups(scenario, trace)
    running, since = [0] * len(slots), [0] * len(slots)
    before: dict[int, int] = {}
    total = 0
    for at, who, state in trace.history:
        if who < 0:
            continue
        was, before[who] = before.get(who, 0), state
        change = (state == TaskState.RUNNING) - (was == TaskState.RUNNING)
        group = group_of[trace.runs[trace.ti_run[who]].dag][trace.ti_task[who]] if change else None
        if group is not None:
            total += -(-running[group] // slots[group]) * (at - since[group])
            running[group], since[group] = running[group] + change, at
    for group, now in enumerate(running):
        total += -(-now // slots[group]) * (trace.end_us - since[group])
    return total / 1e6


def worker_hours(cluster: Cluster) -> float | None:
    """Of all workers in 24 h, if they are always there; None if no workers are counted."""
    groups = cluster.workers
    return sum(group.count for group in groups) * DAY_H if groups else None


def _groups(scenario: Scenario, trace: Trace) -> list[list[int | None]]:
    """By DAG and task of a trace: the group that it runs on; None: it doesn't run on a worker."""
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    found: list[list[int | None]] = []
    for dag_id, task_ids in zip(trace.dag_ids, trace.task_ids, strict=True):
        dag = dags.get(dag_id)
        tasks = [None if dag is None else dag.find(task_id) for task_id in task_ids]
        found.append([None if task is None else _group(scenario.cluster, task) for task in tasks])
    return found


def _group(cluster: Cluster, task: Task) -> int | None:
    executor = cluster.executor_for(task.executor, task.queue)
    if executor not in (None, "CeleryExecutor"):
        return None
    serving = [n for n, group in enumerate(cluster.workers or ()) if task.queue in group.queues]
    return serving[0] if serving else None
