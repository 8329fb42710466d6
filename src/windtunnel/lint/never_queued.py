"""Tasks that can never run: pool missing or too small, no such executor, queue without a worker,
pod too large (WT110); pools of which nobody knows whether they exist (WT111).

No simulation is needed: the DAG files and the cluster's settings say it.
"""

from __future__ import annotations

from windtunnel.detect import Finding
from windtunnel.model import Cluster, Dag, Empty, Scenario, Task

CODE = "WT110"
UNKNOWN_POOL = "WT111"


def find_never_queued(scenario: Scenario) -> list[Finding]:
    """One finding for each DAG and reason, naming its tasks."""
    cluster = scenario.cluster
    findings: list[Finding] = []
    reasons_of = {
        _pool_reason: _stays_scheduled,
        _executor_reason: _stays_scheduled,
        _queue_reason: _fails_in_queue,
        _quota_reason: _is_refused,  # of a pod that is refused no node is looked for
        _node_reason: _fails_in_queue,
    }
    for dag in scenario.fleet.dags:
        ends: dict[str, object] = {task.task_id: None for task in dag.tasks}
        for reason_of, what_becomes in reasons_of.items():
            reasons: dict[str, list[Task]] = {}
            for task in dag.tasks:
                if isinstance(task.kind, Empty) or ends[task.task_id] not in (None, what_becomes):
                    continue  # what stops it first decides what becomes of it
                if reason := reason_of(cluster, task):
                    ends[task.task_id] = what_becomes
                    reasons.setdefault(reason, []).append(task)
            after = what_becomes(cluster)
            queued = what_becomes is not _stays_scheduled
            findings.extend(_finding(dag, *item, after, queued) for item in reasons.items())
    return findings


def find_unknown_pools(scenario: Scenario) -> list[Finding]:
    """One finding for all pools that tasks name and that nothing that was read defines.

    Where they don't exist, Airflow never queues their tasks; where they do, their sizes decide, and
    are not known here. Pools are in no DAG file, so that nothing is wrong yet."""
    named: dict[str, list[tuple[Dag, Task]]] = {}
    for dag in scenario.fleet.dags:
        for task in dag.tasks:
            pool = scenario.cluster.pools.get(task.pool)
            if pool is not None and pool.assumed:
                named.setdefault(task.pool, []).append((dag, task))
    if not named:
        return []
    dag, task = next(iter(named.values()))[0]
    shown = ", ".join(f"{name} ({_named_by(users)})" for name, users in sorted(named.items()))
    many = len(named) > 1
    return [
        Finding(
            code=UNKNOWN_POOL,
            title="Pools that nothing defines" if many else "Pool that nothing defines",
            summary=f"Nothing that was read says that {'these pools exist' if many else 'there is'}"
            f"{': ' if many else ' a pool '}{shown}. In an Airflow without "
            f"{'them their' if many else 'it its'} tasks are never queued. Say which pools there "
            "are (a cluster file, or the JSON of `airflow pools export`); until then sizes are "
            "assumed.",
            certain=False,
            about=", ".join(f"pool {name}" for name in sorted(named)),
            dag_id=dag.dag_id,
            file=dag.file,
            line=task.line,
        )
    ]


def _named_by(users: list[tuple[Dag, Task]]) -> str:
    first = f"{users[0][0].dag_id}.{users[0][1].task_id}"
    return first if len(users) == 1 else f"{first} and {len(users) - 1} more"


def _pool_reason(cluster: Cluster, task: Task) -> str:
    pool = cluster.pool(task.pool)
    if pool is None:
        known = ", ".join(sorted({"default_pool", *cluster.pools}))
        return f"pool {task.pool!r} does not exist on this cluster (there are: {known})"
    if 0 <= pool.slots < task.pool_slots:
        slots = f"{task.pool_slots} slot{'' if task.pool_slots == 1 else 's'}"
        return f"needs {slots} of pool {task.pool!r}, which has {pool.slots}"
    return ""


def _executor_reason(cluster: Cluster, task: Task) -> str:
    """``jobs/scheduler_job_runner.py: _executable_task_instances_to_queued`` finds no executor of
    this name."""
    if not cluster.lacks_executor(task):
        return ""
    return f"executor {task.executor!r} is none of those that there are ({cluster.executor})"


def _queue_reason(cluster: Cluster, task: Task) -> str:
    if cluster.workers is None:
        return ""
    if cluster.executor_for(task.executor, task.queue) not in (None, "CeleryExecutor"):
        return ""
    served = any(task.queue in group.queues for group in cluster.workers)
    return "" if served else f"no worker group serves queue {task.queue!r}"


def _node_reason(cluster: Cluster, task: Task) -> str:
    settings = cluster.kubernetes_executor
    if settings.nodes is None:
        return ""
    return _too_large(cluster, task, settings.node_cpus, settings.node_memory_mb, "a node has")


def _quota_reason(cluster: Cluster, task: Task) -> str:
    settings = cluster.kubernetes_executor
    quota = (settings.quota_cpus, settings.quota_memory_mb)
    return _too_large(cluster, task, *quota, "the quota of the namespace is")


def _too_large(
    cluster: Cluster, task: Task, cpus: float | None, memory: float | None, there: str
) -> str:
    """Why the pod of a task doesn't fit, whatever else there is."""
    if cluster.executor_for(task.executor, task.queue) != "KubernetesExecutor":
        return ""
    asked = cluster.kubernetes_executor.pod_of(task.executor_config)
    if cpus is not None and asked.cpus > cpus:
        return f"its pod requests {asked.cpus:g} CPUs, {there} {cpus:g}"
    if memory is not None and asked.memory_mb > memory:
        return f"its pod requests {asked.memory_mb:g} MB, {there} {memory:g}"
    return ""


def _finding(dag: Dag, reason: str, tasks: list[Task], what_becomes: str, queued: bool) -> Finding:
    names = ", ".join(task.task_id for task in tasks[:5])
    more = f" and {len(tasks) - 5} more" if len(tasks) > 5 else ""
    return Finding(
        code=CODE,
        title="Task can never run" if queued else "Task can never be queued",
        summary=f"{dag.dag_id}: {names}{more}: {reason}. {what_becomes}",
        about=", ".join(f"{dag.dag_id}.{task.task_id}" for task in tasks),
        dag_id=dag.dag_id,
        file=dag.file,
        line=tasks[0].line,
    )


def _is_refused(cluster: Cluster) -> str:
    """``kubernetes_executor.py: _handle_pod_publish_error``."""
    most = cluster.kubernetes_executor.task_publish_max_retries
    if most < 0:
        return f"It is asked for again at every loop. {_fails_in_queue(cluster)}"
    times = "at once" if not most else f"when it was asked for {most + 1} times"
    return f"It is refused, and the try fails {times}; so does each retry."


def _stays_scheduled(cluster: Cluster) -> str:
    """``jobs/scheduler_job_runner.py: _executable_task_instances_to_queued`` passes over it."""
    hides = "and may keep the other tasks of its run from being looked at"
    return f"It stays scheduled for ever{f', {hides}' if cluster.airflow.candidate_window else ''}."


def _fails_in_queue(cluster: Cluster) -> str:
    """``jobs/scheduler_job_runner.py: _handle_tasks_stuck_in_queued``."""
    times = cluster.num_stuck_in_queued_retries + 1
    often = "once" if times == 1 else f"{times} times"
    return (
        f"It is queued, holds what queued tasks hold, and fails for good when task_queued_timeout "
        f"({cluster.task_queued_timeout_s:g} s) has passed {often}, whatever its retries."
    )
