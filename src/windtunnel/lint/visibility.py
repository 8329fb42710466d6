"""Tasks that may run for longer than the broker waits for their acknowledgement (WT121).

From the Celery executor: with ``task_acks_late`` a message is acknowledged when its task has ended.
"""

from __future__ import annotations

from math import inf

from windtunnel.detect import Finding
from windtunnel.lint.known_durations import Known, KnownDurations
from windtunnel.lint.words import some, span
from windtunnel.model import (
    Cluster,
    Dag,
    Empty,
    ExternalTaskSensor,
    Scenario,
    Sensor,
    Task,
    TriggerDagRun,
)
from windtunnel.model.dag import WEEK_S

CODE = "WT121"


def find_outlived_messages(scenario: Scenario) -> list[Finding]:
    """One finding for each DAG, naming its tasks."""
    cluster = scenario.cluster
    timeout = cluster.celery.visibility_timeout_s
    if timeout is None or not cluster.celery.task_acks_late:
        return []
    if "CeleryExecutor" not in cluster.executor_names:
        return []
    known, found = KnownDurations(scenario), []
    for dag in scenario.fleet.dags:
        longer: list[tuple[Task, Known]] = []
        for task in dag.tasks:
            if _is_a_message(cluster, task):
                said = _on_its_worker(known, dag, task)
                if said is not None and said.most_s > timeout:
                    longer.append((task, said))
        if longer:
            found.append(_finding(dag, longer, timeout))
    return found


def _is_a_message(cluster: Cluster, task: Task) -> bool:
    by_celery = cluster.executor_for(task.executor, task.queue) == "CeleryExecutor"
    return by_celery and not isinstance(task.kind, Empty)


def _on_its_worker(known: KnownDurations, dag: Dag, task: Task) -> Known | None:
    """How long a try stays on its worker. A sensor that pokes stays until its timeout, which says
    something only where somebody chose it."""
    kind = task.kind
    if isinstance(kind, Sensor | ExternalTaskSensor):
        pokes = kind.mode == "poke" and not kind.deferrable
        bound = kind.timeout_s
        if task.execution_timeout_s is not None:
            bound = min(bound, task.execution_timeout_s)
        return Known(0.0, bound, "timeout") if pokes and bound != WEEK_S else None
    if isinstance(kind, TriggerDagRun):
        return None
    return known.of(dag, task)


def _finding(dag: Dag, longer: list[tuple[Task, Known]], timeout: float) -> Finding:
    first, said = longer[0]
    names = some([f"{dag.dag_id}.{task.task_id}" for task, _ in longer])
    certain = any(one.least_s > timeout for _, one in longer)
    if said.most_s == inf:
        how_long = f"{said.source} sets no bound to it"
    elif said.least_s == said.most_s:
        how_long = f"{span(said.most_s)}, says its {said.source}"
    else:
        how_long = f"up to {span(said.most_s)}, says its {said.source}"
    several = "may each run" if len(longer) > 1 else "may run"
    verb = "runs" if certain and len(longer) == 1 else several
    return Finding(
        code=CODE,
        title="Task longer than visibility_timeout",
        summary=f"{names} {verb} for longer than the broker waits for an acknowledgement "
        f"({span(timeout)}; {first.task_id}: {how_long}). Its message is then delivered again "
        "while it runs: the second start takes a slot and is refused, or, once the task's token "
        "has expired, fails the try that is at work.",
        certain=certain,
        about=", ".join(f"{dag.dag_id}.{task.task_id}" for task, _ in longer),
        dag_id=dag.dag_id,
        file=dag.file,
        line=first.line,
        notes=(
            "[celery_broker_transport_options] visibility_timeout should be longer than the "
            "longest task.",
        ),
    )
