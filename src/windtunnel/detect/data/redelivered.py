"""Tasks that outlive their message: the broker delivers it again while they run (WT120)."""

from __future__ import annotations

from collections.abc import Iterator

from windtunnel.detect.finding import Finding
from windtunnel.model import Scenario
from windtunnel.trace import TaskState, Trace

CODE = "WT120"
REFUSED = {
    "refused: it runs already": "The second start is refused, and takes a slot of a worker that "
    "others wait for.",
    "refused: its token has expired": "Its token has expired by then, so the executor reports a "
    "failure, and the try that runs is failed or retried, with its work undone.",
}
"""What Airflow does with a second start -> what follows."""


def find_redelivered(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each task, at its first redelivery."""
    timeout = scenario.cluster.celery.visibility_timeout_s
    if timeout is None or not trace.executor_events:
        return []
    first: dict[tuple[int, int], tuple[int, str]] = {}
    for at, ti, what in _while_running(trace, timeout):
        first.setdefault((trace.runs[trace.ti_run[ti]].dag, trace.ti_task[ti]), (at, what))
    return [_finding(scenario, trace, *found) for found in sorted(first.items())]


def _while_running(trace: Trace, timeout: float) -> Iterator[tuple[int, int, str]]:
    """(when, task instance, what) of second starts of what ran for as long as the timeout."""
    concerned = {ti for _, ti, what in trace.executor_events if what in REFUSED}
    begins: dict[int, list[int]] = {ti: [] for ti in concerned}
    for at, who, state in trace.history if concerned else ():
        if who in begins and state == TaskState.RUNNING:
            begins[who].append(at)
    for at, ti, what in trace.executor_events:
        if what in REFUSED:
            began = max((begin for begin in begins[ti] if begin <= at), default=None)
            if began is not None and at - began >= timeout * 1_000_000:
                yield at, ti, what


def _finding(
    scenario: Scenario, trace: Trace, which: tuple[int, int], event: tuple[int, str]
) -> Finding:
    (dag, task), (at, what) = which, event
    one = scenario.fleet.dag(trace.dag_ids[dag])
    task_id = trace.task_ids[dag][task]
    name = f"{one.dag_id}.{task_id}"
    timeout = scenario.cluster.celery.visibility_timeout_s
    return Finding(
        code=CODE,
        title="Task outlives its message",
        summary=f"{name} runs for longer than visibility_timeout ({timeout:g} s): the broker "
        f"delivers its message again while it runs. {REFUSED[what]} Set "
        "[celery_broker_transport_options] visibility_timeout above the longest task.",
        about=name,
        dag_id=one.dag_id,
        file=one.file,
        line=one.line_of(task_id),
        since=trace.at(at),
    )
