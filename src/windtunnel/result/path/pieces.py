"""Pieces: how the time of one task instance went by, without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from windtunnel.result.failed import blamed, first_line
from windtunnel.result.record import Record
from windtunnel.trace import TaskState
from windtunnel.trace.trace import begins_try


@dataclass(frozen=True, slots=True)
class Piece:
    """Some time in one state, and the limit that said no, if one did."""

    since_us: int
    until_us: int
    state: int
    limit: str = ""
    ending: str = ""
    """Of a stay on a worker: which try it was, and how that ended."""


OVER = frozenset({state for state in TaskState if state.finished} | {TaskState.RESTARTING})
"""Time in these is nobody's, unless somebody clears the task instance later."""


def pieces(record: Record, ti: int) -> list[Piece]:
    """The time of a task instance from when its run started until it was over, or the window."""
    return list(_pieces(record, ti))


def _pieces(record: Record, ti: int) -> Iterator[Piece]:
    trace = record.trace
    waits = [w for w in record.waits.of(ti) if w.limit != "max_active_runs"]
    since, state = record.started(trace.ti_run[ti]), int(TaskState.NONE)
    number = 0
    for change, at, new in [*record.changes.get(ti, []), (-1, trace.end_us, -1)]:
        if since is not None and at > since and not (new < 0 and TaskState(state).finished):
            ending = ""
            if state == TaskState.RUNNING:
                ending = _ending(record, ti, (number, since), (change, new))
            at_us = since
            for wait in waits:
                if since <= wait.from_us < at:
                    if wait.from_us > at_us:
                        yield Piece(at_us, wait.from_us, state, "", ending)
                    yield Piece(wait.from_us, wait.to_us, state, wait.limit)
                    at_us = wait.to_us
            if at_us < at:
                yield Piece(at_us, at, state, "", ending)
        if new >= 0 and begins_try(state, new, by_hand=change in trace.reasons):
            number += 1
        since, state = at, new


def _ending(record: Record, ti: int, this: tuple[int, int], next_change: tuple[int, int]) -> str:
    """*this* is the number of the try and its begin, *next_change* its number and its state."""
    (number, since), (change, became) = this, next_change
    task = record.task_of(ti)
    said = [f"try {number}"] if task is not None and task.retries else []
    if became in (TaskState.FAILED, TaskState.UP_FOR_RETRY):
        why = first_line(record.trace.reasons.get(change, ""))
        why = why or blamed(record, record.instances[ti], number, since)
        said.append(f"failed: {why}" if why else "failed")
    elif became < 0:
        said.append("the window ended")
    return f" ({', '.join(said)})" if said else ""
