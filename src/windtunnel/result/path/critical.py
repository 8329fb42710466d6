"""Critical path: the chain of what decided when a dag run ended, back to when it was due.

It is walked backwards from the end: from the task instance that ended last to what it waited for
last, be that an upstream task, the run before (depends_on_past), or work of another DAG that a
sensor or a trigger looked at. Each link begins where the one before it ends, so that their lengths
add up to the landing time. Time in which a task instance waited for a limit stays on the path as a
link of its own, with those who had the limit behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from windtunnel.model import ExternalTaskSensor, Sensor
from windtunnel.result.path.causes import Causes
from windtunnel.result.path.pieces import Piece, pieces
from windtunnel.result.path.spent import Spent, some
from windtunnel.result.path.words import Words
from windtunnel.result.record import Record
from windtunnel.trace import TaskState

Place = tuple[int, int]
"""(when, who): a task instance, or ``~run``."""


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """What decided when a dag run ended, or, if it has not, what it waits for."""

    due: datetime
    links: tuple[Spent, ...]
    """From when the run was due, or the simulation began, to its end, or that of the window."""
    before: tuple[Spent, ...] = ()
    """Of a run that a task triggered, or whose assets it updated: what decided when, back to when
    the run was due in which it all began."""


def critical_path(record: Record, run: int) -> CriticalPath:
    """The critical path of a dag run, by its number."""
    trace = record.trace
    due = record.due(run)
    due_us = max(_us(record, due), 0)
    ended = record.runs[run].ended_us
    walk = _Walk(record, min(due_us, max(_us(record, record.due(_root(record, run))), 0)))
    links = walk.back(~run, trace.end_us if ended is None else ended)
    at = trace.at(due_us)
    return CriticalPath(due, tuple(_after(links, at)), tuple(_until(links, at)))


def _us(record: Record, at: datetime) -> int:
    return (at - record.trace.start) // timedelta(microseconds=1)


def _root(record: Record, run: int) -> int:
    """The run in which it all began: of one that was triggered, that of the trigger, and so on."""
    causes, seen = Causes(record), set[int]()
    while run not in seen:
        seen.add(run)
        maker = causes.maker(run)
        run = run if maker is None else record.trace.ti_run[maker[1]]
    return run


def _after(links: list[Spent], at: datetime) -> Iterator[Spent]:
    for one in links:
        if one.until > at:
            yield one if one.since >= at else _cut(one, at, one.until)


def _until(links: list[Spent], at: datetime) -> Iterator[Spent]:
    for one in links:
        if one.since < at:
            yield one if one.until <= at else _cut(one, one.since, at)


def _cut(one: Spent, since: datetime, until: datetime) -> Spent:
    return replace(one, since=since, until=until)


class _Walk:
    """One walk back in time, to a horizon."""

    def __init__(self, record: Record, horizon_us: int) -> None:
        self._record = record
        self._trace = record.trace
        self._causes = Causes(record)
        self._words = Words(record, self._causes)
        self._horizon = horizon_us
        self._links: list[Spent] = []
        self._seen: set[Place] = set()

    def back(self, who: int, at_us: int) -> list[Spent]:
        """What decided that a task instance, or ``~run``, got as far as it was then; in order."""
        place: Place | None = (at_us, who)
        while place is not None and place[0] > self._horizon:
            self._seen.add(place)
            at, who = place
            place = self._of_run(~who, at) if who < 0 else self._of_task(who, at)
        return list(self._merged())

    def _merged(self) -> Iterator[Spent]:
        """The links in order; a sensor's pokes and the time between them as one."""
        last: Spent | None = None
        for one in reversed(self._links):
            if last is not None and last.ti == one.ti and self._pokes(last) and self._pokes(one):
                poked = last if last.ran else one
                last = replace(poked, since=last.since, until=one.until, limit="reschedule")
                continue
            if last is not None:
                yield last
            last = one
        if last is not None:
            yield last

    def _pokes(self, one: Spent) -> bool:
        task = None if one.ti is None else self._record.task_of(one.ti)
        kind = None if task is None else task.kind
        is_sensor = isinstance(kind, Sensor | ExternalTaskSensor) and kind.mode == "reschedule"
        return is_sensor and one.limit in ("", "reschedule")

    def _add(self, one: Spent) -> None:
        horizon = self._trace.at(self._horizon)
        if one.until > horizon and one.until > one.since:
            self._links.append(one if one.since >= horizon else _cut(one, horizon, one.until))

    def _lost(self, who: int, since_us: int, until_us: int, does: str) -> None:
        """Time between what was waited for and what came of it, if there is any."""
        if since_us >= until_us:
            return
        if who < 0:
            self._add(self._words.of_run(~who, since_us, until_us, does, "scheduler"))
        else:
            self._add(self._words.of(who, since_us, until_us, does, "scheduler"))

    # -- a run --------------------------------------------------------------------------------

    def _of_run(self, run: int, at: int) -> Place | None:
        """A run got as far as its end, or that of the window: its last task instance did."""
        started = self._record.started(run)
        if started is None or at <= started:
            return self._start(run, at)
        own = [one.index for one in self._record.of_run(run)]
        open_ = [ti for ti in own if self._causes.over(ti, at) is None]
        if open_ and self._causes.over(~run, at) is None:
            busy = [ti for ti in open_ if self._state(ti, at) != TaskState.NONE]
            return at, (busy or open_)[0]
        last = self._causes.last(own, at)
        if last is None or last[0] < started or last in self._seen:
            self._lost(~run, started, at, "waited for the scheduler")
            return self._start(run, started)
        self._lost(~run, last[0], at, "waited for the scheduler to see that all has ended")
        return last

    def _state(self, ti: int, at: int) -> int:
        changes = self._record.changes.get(ti, ())
        return next((new for _, when, new in reversed(changes) if when <= at), TaskState.NONE)

    def _start(self, run: int, at: int) -> Place | None:
        """A run started to run: where it was queued before, it waited for max_active_runs."""
        created, own = self._trace.runs[run].created_us, self._record.of_run(run)
        if created < at and own:
            one = self._words.held_back(own[0].index, created, at)
            self._add(self._words.of_run(run, created, at, one.does, one.limit, behind=one.behind))
        else:
            self._lost(~run, created, at, "waited for its run to start")
        return self._made(run, min(created, at))

    def _made(self, run: int, at: int) -> Place | None:
        """A run was created: somebody triggered it, or its time had come."""
        maker = self._causes.maker(run)
        if maker is not None:
            place = min(maker[0], at), maker[1]
            self._not_created(run, place[0], at)
            if place not in self._seen:
                return place
        due = min(max(_us(self._record, self._record.due(run)), 0), at)
        if maker is None:
            self._not_created(run, due, at)
        does = _not_due(self._trace.runs[run].run_type)
        self._add(self._words.of_run(run, self._horizon, due, does, "schedule"))
        return None

    def _not_created(self, run: int, due: int, at: int) -> None:
        """Airflow creates none where max_active_runs are active
        (``jobs/scheduler_job_runner.py: _create_dag_runs``)."""
        record = self._record
        dag_id = self._trace.dag_ids[self._trace.runs[run].dag]
        own = record.of_run(run)
        limit, most = "max_active_runs", record.max_active_runs(dag_id)
        held = record.holders.of(limit, own[0].index, due) if own else ()
        if not most or len(held) < most or due >= at:
            self._lost(~run, due, at, "waited for its run to be created")
            return
        does = f"waited for its run to be created: {limit} ({most}), held by {some(held)}"
        behind = self._words.behind(own[0].index, limit, due, at)
        self._add(self._words.of_run(run, due, at, does, limit, behind=behind))

    # -- a task instance ----------------------------------------------------------------------

    def _of_task(self, ti: int, at: int) -> Place | None:
        """A task instance got as far as it was then: back through its own time, until something
        else is what it waited for."""
        looks_at, first = self._seen_by(ti, at), self._first_change(ti)
        for one in reversed(pieces(self._record, ti)):
            if one.since_us >= at:
                continue
            self._lost(ti, one.until_us, at, "waited for the scheduler")
            at = min(at, one.until_us)
            if looks_at is not None and one.since_us <= looks_at[0] <= at:
                self._piece(ti, one, looks_at[0], at)
                return looks_at
            if one.state == TaskState.NONE and (place := self._ready(ti, one, at)) is not None:
                return place
            is_told = one.limit == "depends_on_past" or at == self._trace.end_us
            if one.state == TaskState.NONE and one.since_us < first and not is_told:
                break
            self._piece(ti, one, one.since_us, at)
            at = one.since_us
        run = self._trace.ti_run[ti]
        started = self._record.started(run)
        if started is not None:
            self._lost(ti, started, at, "waited for the scheduler's next loop")
            at = min(at, started)
        return self._start(run, at)

    def _first_change(self, ti: int) -> int:
        changes = self._record.changes.get(ti)
        return changes[0][1] if changes else self._trace.end_us

    def _piece(self, ti: int, one: Piece, since: int, until: int) -> None:
        if since < until:
            cut = Piece(since, until, one.state, one.limit, one.ending)
            self._add(self._words.spent(ti, cut))

    def _ready(self, ti: int, one: Piece, at: int) -> Place | None:
        """What let it go on while it was not ready: the last that ended of what it waited for; None
        if all of that had ended before."""
        causes = self._causes
        needs = [*causes.above(ti), *causes.before(ti)]
        is_stuck = at == self._trace.end_us and causes.over(ti, at) is None
        open_ = [(at, who) for who in needs if causes.over(who, at) is None] if is_stuck else []
        ahead = [place for place in open_ if place not in self._seen]
        if ahead:
            return ahead[0]
        last = causes.last(needs, at)
        if last is None or last in self._seen or last[0] < one.since_us:
            return None
        if is_stuck:
            self._piece(ti, one, last[0], at)
        else:
            self._lost(ti, last[0], at, "waited for the scheduler's next loop")
        return last

    # -- what it looks at in another DAG ------------------------------------------------------

    def _seen_by(self, ti: int, at: int) -> Place | None:
        """What ended last of what it looks at, if that was while it looked; or what has not ended,
        where it still looks when the window ends."""
        began, awaited = self._began_to_look(ti), self._causes.awaited(ti)
        if began is None or not awaited:
            return None
        open_ = [who for who in awaited if self._causes.over(who, at) is None]
        place = self._causes.last(awaited, at)
        if open_:
            goes_on = at == self._trace.end_us and self._causes.over(ti, at) is None
            place = (at, open_[0]) if goes_on else None
        return None if place is None or place in self._seen or place[0] < began else place

    def _began_to_look(self, ti: int) -> int | None:
        """When a sensor, or a trigger that waits, began to look."""
        for _, at, state in self._record.changes.get(ti, ()):
            if state in (TaskState.RUNNING, TaskState.DEFERRED):
                return at
        return None


def _not_due(run_type: str) -> str:
    said = {"scheduled": "was not due yet", "backfill": "was not asked for yet (backfill)"}
    return said.get(run_type, "was not triggered yet")
