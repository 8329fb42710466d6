"""Tasks that can never be queued: pool missing or too small, queue without a worker (WT110).

No simulation is needed: the DAG files and the cluster's settings say it.
"""

from __future__ import annotations

from windtunnel.detect.finding import Finding
from windtunnel.model import Cluster, Dag, Empty, Scenario, Task

CODE = "WT110"


def find_never_queued(scenario: Scenario) -> list[Finding]:
    """One finding for each DAG and reason, naming its tasks."""
    findings: list[Finding] = []
    for dag in scenario.fleet.dags:
        reasons: dict[str, list[Task]] = {}
        for task in dag.tasks:
            reason = _reason(scenario.cluster, task)
            if reason:
                reasons.setdefault(reason, []).append(task)
        findings.extend(_finding(dag, reason, tasks) for reason, tasks in reasons.items())
    return findings


def _reason(cluster: Cluster, task: Task) -> str:
    if isinstance(task.kind, Empty):
        return ""
    pool = cluster.pool(task.pool)
    if pool is None:
        known = ", ".join(sorted({"default_pool", *cluster.pools}))
        return f"pool {task.pool!r} does not exist on this cluster (there are: {known})"
    if 0 <= pool.slots < task.pool_slots:
        return f"needs {task.pool_slots} slots of pool {task.pool!r}, which has {pool.slots}"
    served = cluster.workers is None or any(task.queue in g.queues for g in cluster.workers)
    return "" if served else f"no worker group serves queue {task.queue!r}"


def _finding(dag: Dag, reason: str, tasks: list[Task]) -> Finding:
    names = ", ".join(task.task_id for task in tasks[:5])
    more = f" and {len(tasks) - 5} more" if len(tasks) > 5 else ""
    return Finding(
        code=CODE,
        title="Task can never be queued",
        summary=f"{dag.dag_id}: {names}{more}: {reason}. It stays scheduled for ever, and in "
        "Airflow 3 it may also keep the other tasks of its run from being looked at.",
        dag_id=dag.dag_id,
        file=dag.file,
        line=tasks[0].line,
    )
