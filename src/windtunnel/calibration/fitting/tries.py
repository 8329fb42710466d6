"""Tries: which of them ran, and how those of one task ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from windtunnel.calibration.past import PastRun, PastTry
from windtunnel.model import Task

STOPPED_S = 15.0
"""What fails so shortly before the past ends, in a run that nobody ended, was stopped."""
GLANCE_S = 0.01
"""What never was on a worker takes less: the scheduler sets it, and stamps it twice."""
FAILED = ("failed", "up_for_retry")
ENDED = ("success", "failed", "skipped")
ALIKE = 0.05
PILE = 3


@dataclass(frozen=True, slots=True)
class Tries:
    """The tries of one task that were on a worker, by how they ended."""

    succeeded: tuple[PastTry, ...]
    skipped: tuple[PastTry, ...]
    failed: tuple[PastTry, ...]
    """Of themselves."""
    timed_out: tuple[PastTry, ...]
    """Ended by ``execution_timeout``."""
    running: tuple[float, ...]
    """Seconds for which those had run that had not ended yet."""

    @property
    def ended(self) -> int:
        """How many there are, but for those that still ran."""
        return sum(map(len, (self.succeeded, self.skipped, self.failed, self.timed_out)))


def ran(one: PastTry) -> bool:
    """Whether a try was on a worker: not set by the scheduler, as EmptyOperator is, and what a
    branch skips."""
    if one.start is None:
        return False
    return bool(one.hostname) or (one.seconds or 0.0) > GLANCE_S


def tries_of_task(tries: Sequence[PastTry], task: Task | None, until: datetime) -> Tries:
    """How the tries of a task ended; *task* is ``None`` if its DAG is not known."""
    there = [one for one in tries if ran(one)]
    ended = [one for one in there if one.end is not None and (one.state in ENDED or not one.last)]
    by_state = {state: [one for one in ended if one.state == state] for state in ENDED[::2]}
    failed = [one for one in ended if one.state not in by_state]
    done = [seconds_of(one) for one in by_state["success"]]
    limit = _limit(failed, done, task)
    out = [one for one in failed if limit is not None and seconds_of(one) >= limit]
    return Tries(
        succeeded=tuple(by_state["success"]),
        skipped=tuple(by_state["skipped"]),
        failed=tuple(one for one in failed if one not in out),
        timed_out=tuple(out),
        running=tuple(
            (until - one.start).total_seconds()
            for one in there
            if one.end is None and one.start is not None and one.state == "running"
        ),
    )


def without_stopped(
    tries: Sequence[PastTry], runs: Mapping[tuple[str, str], PastRun], until: datetime
) -> tuple[list[PastTry], int]:
    """Tries that failed because the deployment was stopped still run, as far as anybody knows; and
    how many these are. Only of a task that else never fails."""
    failed = {one for one in tries if one.end is not None and one.state in FAILED}
    stopped = {
        one
        for one in failed
        if one.end is not None
        and (until - one.end).total_seconds() <= STOPPED_S
        and (run := runs.get(one.run)) is not None
        and run.end is None
    }
    if stopped != failed or not any(one.state == "success" for one in tries):
        return [*tries], 0
    left = [one._replace(state="running", end=None) if one in stopped else one for one in tries]
    return left, len(stopped)


def seconds_of(one: PastTry) -> float:
    """From start to end of a try that has both."""
    seconds = one.seconds
    assert seconds is not None
    return seconds


def queued_of(tries: Sequence[PastTry]) -> float | None:
    """From queued to start, in seconds, the median; not of tries that came back to the queue."""
    waits = [
        (one.start - one.queued).total_seconds()
        for one in tries
        if ran(one) and one.start and one.queued and one.queued <= one.start
    ]
    return median(waits) if waits else None


def _limit(failed: Sequence[PastTry], done: Sequence[float], task: Task | None) -> float | None:
    """Seconds after which a timeout ends a try. Where nobody says, it shows: several failures after
    the same time, and hardly anything took longer."""
    if task is not None:
        return task.execution_timeout_s
    lengths = sorted(seconds_of(one) for one in failed)
    if len(lengths) < PILE:
        return None
    middle = median(lengths)
    near = [one for one in lengths if abs(one - middle) <= ALIKE * middle]
    longer = sum(one > middle * (1 + ALIKE) for one in done)
    is_limit = len(near) * 2 > len(lengths) and not longer and max(done, default=0.0) > middle / 2
    return near[0] if is_limit and len(near) >= PILE else None
