"""Counted: what of a deadline was due in one simulation, and what of that was on time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from windtunnel.capacity.days.due import Awaited
from windtunnel.trace import RunState, TaskState, Trace, Waits

ON_PURPOSE = frozenset(("upstream", "depends_on_past", "retry delay", "reschedule", "trigger"))
"""What is waited for and is no limit: more of nothing would help."""
LONGEST = 200
"""Values that stand for all of a simulation: there may be a million task instances."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One deadline in one simulation."""

    on_time: list[bool]
    """Whether each was that was due."""
    landed: list[float | None]
    """Seconds from then until it landed (or ran, if the deadline is about the queue); None: it did
    not. Thinned out, if there are many."""


def counted_of(one: Awaited, trace: Trace, waits: Waits, since_s: float = 0.0) -> Counted:
    """Count one deadline, from so many seconds after the start on.

    Whether something is on time is known of all that is counted: nothing is whose deadline comes
    after the end, as what is quick would be counted more often then.
    """
    since = round(since_s * 1e6)
    if one.tasks:
        return _queued(one, trace, waits, since)
    landings = _landings(one, trace)
    if one.runs:
        by_due = {
            trace.due(run): at
            for run, at in landings.items()
            if trace.runs[run].run_type == "scheduled"
        }
        # Before a time of day, and within a time or exactly as long as it.
        late = 0 if one.deadline.by is not None else 1
        each = [(_us(trace, d), by_due.get(d), _us(trace, u) + late) for d, u in one.runs]
        return _against(each)
    if one.days:
        ends = [(_us(trace, begin), _us(trace, until)) for begin, until in one.days]
        landed = [(begin, _first(landings, begin), until) for begin, until in ends]
        return Counted(_against(landed).on_time, [])
    allowed = round((one.deadline.within_s or 0.0) * 1e6)
    due = {run: _us(trace, trace.due(run)) for run in landings}
    ends_by = [(due[run], at, due[run] + allowed + 1) for run, at in landings.items()]
    return _against([each for each in ends_by if since <= each[0] and each[2] <= trace.end_us])


def _against(each: Sequence[tuple[int, int | None, int]]) -> Counted:
    """(due, landed, the instant from which on it is late) of each."""
    return Counted(
        [at is not None and at < until for _, at, until in each],
        _thinned([None if at is None else max(0.0, (at - due) / 1e6) for due, at, _ in each]),
    )


def _queued(one: Awaited, trace: Trace, waits: Waits, since: int) -> Counted:
    limit = round((one.deadline.queued_s or 0.0) * 1e6)
    waited = [
        waited
        for begin, waited in _turns(one, trace, waits)
        if since <= begin and begin + limit <= trace.end_us
    ]
    return Counted([each <= limit for each in waited], _thinned([each / 1e6 for each in waited]))


def _turns(one: Awaited, trace: Trace, waits: Waits) -> Iterator[tuple[int, int]]:
    """Of each task instance: since when nothing but limits kept it, and how long they did."""
    scheduled: dict[int, int] = {}
    for at, who, state in trace.history:
        if who >= 0 and state == TaskState.SCHEDULED:
            scheduled.setdefault(who, at)
    for ti, run in enumerate(trace.ti_run):
        dag = trace.runs[run].dag
        if (trace.dag_ids[dag], trace.task_ids[dag][trace.ti_task[ti]]) not in one.tasks:
            continue
        limits = [wait for wait in waits.of(ti) if wait.limit not in ON_PURPOSE]
        begin = limits[0].from_us if limits else scheduled.get(ti)
        if begin is not None:
            yield begin, sum(wait.to_us - wait.from_us for wait in limits)


def _landings(one: Awaited, trace: Trace) -> dict[int, int | None]:
    """By run of the DAG: when it, or its task, ended with success."""
    dag = trace.dag_ids.index(one.dag_id) if one.dag_id in trace.dag_ids else -1
    ends: dict[int, int | None] = {
        number: None for number, run in enumerate(trace.runs) if run.dag == dag
    }
    if one.task_id is None:
        for at, who, state in trace.history:
            if who < 0 and ~who in ends:
                ends[~who] = at if state == RunState.SUCCESS else None
        return ends
    if not ends:
        return ends
    wanted = trace.task_ids[dag].index(one.task_id)
    of_run: dict[int, list[int]] = {}
    for ti, run in enumerate(trace.ti_run):
        if run in ends and trace.ti_task[ti] == wanted:
            of_run.setdefault(run, []).append(ti)
    last = {ti: (0, int(TaskState.NONE)) for own in of_run.values() for ti in own}
    for at, who, state in trace.history:
        if who in last:
            last[who] = at, state
    for run, own in of_run.items():
        # All instances of a mapped task have to be there.
        there = all(last[ti][1] in (TaskState.SUCCESS, TaskState.SKIPPED) for ti in own)
        ends[run] = max(last[ti][0] for ti in own) if there else None
    return ends


def _first(landings: dict[int, int | None], since: int) -> int | None:
    return min((at for at in landings.values() if at is not None and at >= since), default=None)


def _thinned(values: list[float | None]) -> list[float | None]:
    """Values evenly out of all, from the smallest to the largest."""
    if len(values) <= LONGEST:
        return values
    ordered = sorted(values, key=lambda one: (one is None, one or 0.0))
    step = (len(ordered) - 1) / (LONGEST - 1)
    return [ordered[round(number * step)] for number in range(LONGEST)]


def _us(trace: Trace, at: datetime) -> int:
    return round((at - trace.start).total_seconds() * 1e6)
