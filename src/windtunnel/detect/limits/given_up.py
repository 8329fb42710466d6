"""Given up in the queue: tasks fail without having run, because workers are busy for longer than
``task_queued_timeout`` lets them wait (WT404).

It is told only where others run on workers of the same queue at that moment: then the work goes on,
and time is all that is missing. Where it doesn't go on, that is another finding.

From Airflow: ``jobs/scheduler_job_runner.py: _handle_tasks_stuck_in_queued``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding, Limit
from windtunnel.model import Scenario
from windtunnel.trace import TaskState, Trace

CODE = "WT404"
REASON = "stuck in queued"
SHOWN = 10


@dataclass(frozen=True, slots=True)
class _GivenUp:
    """A task instance that failed in the queue."""

    ti: int
    since_us: int
    """When it was queued at first."""
    until_us: int
    running: tuple[tuple[int, int], ...]
    """Who ran on workers of its queue at that moment, and since when."""


def find_given_up(scenario: Scenario, trace: Trace, blocked: Iterable[Finding]) -> list[Finding]:
    """One finding for each queue; none of those that wait in a finding of *blocked* already."""
    failed = {number for number, why in trace.reasons.items() if why == REASON}
    if not failed:
        return []
    attempts = Attempts(scenario, trace)
    known = {
        (party.name, party.run)
        for finding in blocked
        for party in (*finding.holding, *finding.waiting)
    }
    by_queue: dict[str, list[_GivenUp]] = {}
    for one in _given_up(attempts, trace, failed):
        if one.running and (attempts.name(one.ti), attempts.run(one.ti)) not in known:
            by_queue.setdefault(_queue(attempts, one.ti), []).append(one)
    return [
        _finding(scenario, trace, attempts, queue, found)
        for queue, found in sorted(by_queue.items())
    ]


def _given_up(attempts: Attempts, trace: Trace, failed: set[int]) -> list[_GivenUp]:
    queued: dict[int, int] = {}
    running: dict[str, dict[int, int]] = {}
    found = []
    for number, (at, who, state) in enumerate(trace.history):
        if who < 0 or state == TaskState.SCHEDULED:
            continue
        if state == TaskState.QUEUED:
            queued.setdefault(who, at)
            continue
        beside = running.setdefault(_queue(attempts, who), {})
        if state == TaskState.RUNNING:
            beside[who] = at
        else:
            beside.pop(who, None)
        if number in failed and who in queued:
            found.append(_GivenUp(who, queued[who], at, tuple(sorted(beside.items()))))
        queued.pop(who, None)
    return found


def _queue(attempts: Attempts, ti: int) -> str:
    task = attempts.task(ti)
    return "" if task is None else task.queue


def _finding(
    scenario: Scenario, trace: Trace, attempts: Attempts, queue: str, found: list[_GivenUp]
) -> Finding:
    cluster, first = scenario.cluster, found[0]
    file, line = attempts.place(first.ti)
    others = f" and {len(found) - 1} more" if len(found) > 1 else ""
    times = cluster.num_stuck_in_queued_retries + 1
    verb = "fail" if len(found) > 1 else "fails"
    minutes = round((first.until_us - first.since_us) / 60e6)
    return Finding(
        code=CODE,
        title="Task given up in the queue",
        summary=f"{attempts.name(first.ti)}{others} {verb} without having run: no worker of queue "
        f"{queue} was free for {minutes} minutes, and then Airflow gives up (task_queued_timeout "
        f"{cluster.task_queued_timeout_s:g} s, {times} times).",
        dag_id=attempts.dag_id(first.ti),
        file=file,
        line=line,
        since=trace.at(first.since_us),
        until=trace.at(first.until_us),
        ended_by="task_queued_timeout",
        holding=tuple(
            attempts.party(ti, f"runs on a worker of queue {queue}", since)
            for ti, since in first.running[:SHOWN]
        ),
        waiting=tuple(
            attempts.party(one.ti, "is queued, and fails", one.since_us, "failed")
            for one in found[:SHOWN]
        ),
        limits=(Limit(kind="worker slots", subject=queue),),
        notes=("Retries don't help: a task that is given up like this fails for good.",),
    )
