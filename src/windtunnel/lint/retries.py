"""Retries that take longer than the time to the next run, which has to wait for them (WT501)."""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.detect import Finding
from windtunnel.lint.known_durations import KnownDurations
from windtunnel.lint.limits import interval_s, most_runs
from windtunnel.lint.words import span
from windtunnel.model import Cluster, Dag, ExternalTaskSensor, Scenario, Sensor, Task

CODE = "WT501"


@dataclass(frozen=True, slots=True)
class _Retried:
    """A task that fails at every try: its tries and what is between them."""

    task: Task
    delays_s: float
    work_s: float

    @property
    def total_s(self) -> float:
        return self.delays_s + self.work_s


def find_long_retries(scenario: Scenario) -> list[Finding]:
    """One finding for each DAG, about its longest retries."""
    known, found = KnownDurations(scenario), []
    for dag in scenario.fleet.dags:
        interval = None if dag.is_paused else interval_s(scenario, dag)
        if interval is None or (dag.dagrun_timeout_s or interval + 1) <= interval:
            continue
        retried = [
            _retried(scenario.cluster, known, dag, task)
            for task in dag.tasks
            if task.retries and _next_run_waits(scenario.cluster, dag, task)
        ]
        longest = max(retried, key=lambda one: one.total_s, default=None)
        if longest is not None and longest.total_s > interval:
            found.append(_finding(scenario.cluster, dag, longest, interval))
    return found


def _next_run_waits(cluster: Cluster, dag: Dag, task: Task) -> bool:
    """A sensor that gives up is not retried, so it is left out."""
    if isinstance(task.kind, Sensor | ExternalTaskSensor):
        return False
    return most_runs(dag, cluster) == 1 or task.depends_on_past


def _retried(cluster: Cluster, known: KnownDurations, dag: Dag, task: Task) -> _Retried:
    said = known.of(dag, task)
    work = 0.0 if said is None else said.least_s
    delays = sum(_least_delay_s(cluster, task, number) for number in range(1, task.retries + 1))
    return _Retried(task, delays, work * (task.retries + 1))


def _least_delay_s(cluster: Cluster, task: Task, try_number: int) -> float:
    """Without what Airflow adds to spread retries (``models/taskinstance.py:
    next_retry_datetime``)."""
    if not task.retry_exponential_backoff:
        return task.retry_delay_s
    longest = cluster.max_task_retry_delay_s
    if task.max_retry_delay_s is not None:
        longest = min(longest, task.max_retry_delay_s)
    try:
        grown = task.retry_delay_s * task.retry_exponential_backoff ** (try_number - 1)
    except OverflowError:
        return longest
    return min(max(1.0, grown), longest)


def _finding(cluster: Cluster, dag: Dag, one: _Retried, interval: float) -> Finding:
    task = one.task
    name = f"{dag.dag_id}.{task.task_id}"
    backoff = ", growing" if task.retry_exponential_backoff else ""
    works = f", and {task.retries + 1} tries of {span(one.work_s / (task.retries + 1))} or more"
    alone = most_runs(dag, cluster) == 1
    waits = "with max_active_runs=1" if alone else f"and {task.task_id} depends on its past"
    total = f"{span(round(one.total_s))}{' or more' if backoff else ''}"
    return Finding(
        code=CODE,
        title="Retries that outlast the time to the next run",
        summary=f"If {name} fails at every try, it takes {total}: {task.retries} "
        f"{'retry' if task.retries == 1 else 'retries'}, {span(task.retry_delay_s)} apart{backoff}"
        f"{works if one.work_s else ''}. {dag.dag_id} runs every {span(interval)} {waits}, so the "
        f"next {'run' if alone else 'instance'} starts {span(round(one.total_s - interval))} late "
        "or later, and each failure after it adds to that.",
        certain=False,
        about=name,
        dag_id=dag.dag_id,
        file=dag.file,
        line=task.line,
    )
