"""When a DAG's next run is due: Airflow's timetables as functions of the last run and the clock.

From Airflow: ``timetables/trigger.py``, ``timetables/interval.py``, ``timetables/_cron.py``,
``timetables/simple.py``. Everything is in UTC datetimes; cron is evaluated on the local wall clock.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter
from croniter.croniter import CroniterBadDateError

from windtunnel.model import Cron, Dag, Every, Once
from windtunnel.model.profile import Profile
from windtunnel.model.schedule import PRESETS

REMEMBERED = 4096
"""Ticks that are kept of one expression, in each direction."""
SECONDS = 6
"""Fields of an expression that has seconds; one with seven has a year, too, and ends."""
LONGEST_ROW = 16384
FAR = timedelta(days=7)
"""No clock is changed twice within so much time."""
NEAR = 3
"""So many ticks further on the row of known ticks is continued; beyond that a new one begins."""


@dataclass(frozen=True, slots=True)
class NextRun:
    """One run that is to come. The logical date is the start of its data interval."""

    start: datetime
    end: datetime
    run_after: datetime
    skips: bool = False
    """Whether the schedule goes past others that were due, to come to it."""


class CronTicks:
    """The ticks of a cron expression in a timezone."""

    def __init__(self, expression: str, timezone: str) -> None:
        # Parsed once: an expression with seconds is asked for its next tick 86400 times a day.
        self._cron = croniter(PRESETS.get(expression, expression))
        self._zone = ZoneInfo(timezone)
        self._every_hour = self._cron.expanded[1] == ["*"]
        # Many simulations of one fleet ask for the same ticks, and each takes a while to find.
        self._after: dict[datetime, datetime] = {}
        self._before: dict[datetime, datetime] = {}
        self._row: list[datetime] = []
        """Ticks that follow each other while the clock is not changed."""
        self._ends = len(self._cron.expanded) > SECONDS

    def after(self, current: datetime) -> datetime:
        """The first tick after this instant, daylight saving time considered."""
        row = self._row
        if not row or row[-1] <= current:
            self._reach(current)
        if row and row[0] <= current < row[-1]:
            return row[bisect_right(row, current)]
        return self._remembered(self._after, self._find_after, current)

    def before(self, current: datetime) -> datetime:
        """The last tick before this instant."""
        row = self._row
        if not row or row[-1] < current:
            self._reach(current)
        if row and row[0] < current <= row[-1]:
            return row[bisect_left(row, current) - 1]
        return self._remembered(self._before, self._find_before, current)

    def _reach(self, current: datetime) -> None:
        """Continue the row of known ticks beyond this instant, or begin another around it; what
        lies before it is seldom asked for."""
        row = self._row
        for _ in range(NEAR if row and len(row) < LONGEST_ROW else 0):
            if not self._continue():
                break
            if row[-1] > current:
                return
        if not self._ends:
            row[:] = [self._find_before(current)]
            while row[-1] <= current and self._continue():
                pass

    def _continue(self) -> bool:
        """One more tick in the row, if the clock is not changed until then."""
        last = self._row[-1]
        tick = self._find_after(last)
        is_even = tick - last <= FAR and self._offset(tick) == self._offset(last)
        if is_even or self._zone.utcoffset(None) is not None:
            self._row.append(tick)
            return True
        return False

    def _offset(self, tick: datetime) -> timedelta | None:
        return tick.astimezone(self._zone).utcoffset()

    def _remembered(
        self,
        known: dict[datetime, datetime],
        find: Callable[[datetime], datetime],
        current: datetime,
    ) -> datetime:
        tick = known.get(current)
        if tick is None:
            tick = find(current)
            if len(known) < REMEMBERED:
                known[current] = tick
        return tick

    def _find_after(self, current: datetime) -> datetime:
        naive = current.astimezone(self._zone).replace(tzinfo=None)
        tick = self._cron.get_next(datetime, start_time=naive)
        return current + (tick - naive) if self._every_hour else self._localize(tick)

    def _find_before(self, current: datetime) -> datetime:
        naive = current.astimezone(self._zone).replace(tzinfo=None)
        tick = self._cron.get_prev(datetime, start_time=naive)
        return current - (naive - tick) if self._every_hour else self._localize(tick)

    def at_or_after(self, current: datetime) -> datetime:
        """This instant, if it is a tick, else the next one."""
        tick = self.after(current)
        return current if self.before(tick) == current else tick

    def at_or_before(self, current: datetime) -> datetime:
        """This instant, if it is a tick, else the last one."""
        tick = self.before(current)
        return current if self.after(tick) == current else tick

    def _localize(self, naive: datetime) -> datetime:
        # A time that the spring gap swallows moves forward by the gap; one that autumn repeats is
        # its second occurrence (fold=1), which is how pendulum resolves them for Airflow.
        first = naive.replace(tzinfo=self._zone)
        second = first.replace(fold=1)
        in_gap = first.utcoffset() != second.utcoffset() and (
            first.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None) != naive
        )
        return (first if in_gap else second).astimezone(UTC)


class DeltaTicks:
    """The ticks of a fixed distance: every instant is aligned."""

    def __init__(self, seconds: float) -> None:
        self.delta = timedelta(microseconds=round(seconds * 1_000_000))

    def after(self, current: datetime) -> datetime:
        """One distance later."""
        return current + self.delta

    def before(self, current: datetime) -> datetime:
        """One distance earlier."""
        return current - self.delta

    def at_or_after(self, current: datetime) -> datetime:
        """This instant."""
        return current

    at_or_before = at_or_after


Ticks = CronTicks | DeltaTicks


class Timetable:
    """Asked for the next run of one DAG."""

    def __init__(self, dag: Dag, profile: Profile, catchup: bool) -> None:
        starts = [t.start_date for t in dag.tasks if t.start_date is not None]
        earliest = [d for d in (dag.start_date, *starts) if d is not None]
        self._earliest = min(earliest).astimezone(UTC) if earliest else None
        self._latest = _latest(dag)
        self._catchup = catchup
        self._moves_past_last = profile.interval_moves_past_last
        self._immediate_if_no_start = profile.timetable_default == "trigger"
        schedule = dag.schedule
        self._once = isinstance(schedule, Once)
        self._ticks: Ticks | None = None
        self.is_interval = False
        if isinstance(schedule, Cron | Every):
            if isinstance(schedule, Cron):
                self._ticks = CronTicks(schedule.expression, schedule.timezone or dag.timezone)
            else:
                self._ticks = DeltaTicks(schedule.seconds)
            self.is_interval = (schedule.timetable or profile.timetable_default) == "interval"

    @property
    def can_be_scheduled(self) -> bool:
        """Whether it ever makes a run by itself."""
        return self._once or self._ticks is not None

    def next_run(self, last: tuple[datetime, datetime] | None, now: datetime) -> NextRun | None:
        """The run after the one with data interval ``last``; None if there is none, or none that a
        calendar has (a start_date in the year 9999)."""
        if self._once:
            return self._next_once(last, now)
        if self._ticks is None:
            return None
        try:
            if self.is_interval:
                return self._next_interval(last, now)
            return self._next_tick(last, now)
        except (OverflowError, CroniterBadDateError):
            return None

    def between(self, earliest: datetime, latest: datetime) -> Iterator[NextRun]:
        """All runs with a logical date from *earliest* to *latest*, whatever the DAG's dates and
        catchup say (``DAG.iter_dagrun_infos_between``)."""
        free = copy(self)
        free._earliest, free._latest, free._catchup = earliest, latest, True
        last: tuple[datetime, datetime] | None = None
        while run := free.next_run(last, latest):
            yield run
            last = run.start, run.end

    def passed_over(self, last: tuple[datetime, datetime], to: NextRun) -> Iterator[NextRun]:
        """The runs after the one with data interval *last* that were due before *to*, whatever
        catchup says."""
        free = copy(self)
        free._catchup = True
        while (run := free.next_run(last, to.start)) and run.end <= to.start > run.start:
            yield run
            last = run.start, run.end

    def before(self, at: datetime) -> datetime | None:
        """The tick before this instant; None without a schedule (``dag.previous_schedule``)."""
        return None if self._ticks is None else self._ticks.before(at)

    def following(self, interval: tuple[datetime, datetime]) -> tuple[datetime, datetime] | None:
        """The data interval after this one, whatever the clock says (for LatestOnly)."""
        if self._ticks is None:
            return None
        if self.is_interval:
            start = self._ticks.at_or_before(interval[1])
            return start, self._ticks.after(start)
        tick = self._ticks.after(interval[1])
        return tick, tick

    def last_due_before(self, instant: datetime) -> tuple[datetime, datetime] | None:
        """The data interval of the last run that was due before this instant, on a deployment where
        the DAG was never off; None if there was none."""
        if self._once:
            at = self._earliest
            return (at, at) if at is not None and at < instant else None
        if self._ticks is None or (self.is_interval and self._catchup and self._earliest is None):
            return None
        tick = self._tick_before(self._ticks, instant)
        if tick is None:
            return None
        start = self._ticks.before(tick) if self.is_interval else tick
        return None if self._earliest is not None and start < self._earliest else (start, tick)

    def was_due(self, logical: datetime, before: datetime) -> bool:
        """Whether a run with this logical date was due before the other instant."""
        micro = timedelta(microseconds=1)
        due = logical
        if self.is_interval and self._ticks is not None:
            due = self._ticks.after(logical)
        interval = self.last_due_before(due + micro)
        late = self._latest is not None and logical > self._latest
        return due < before and not late and interval == (logical, due)

    def _tick_before(self, ticks: Ticks, instant: datetime) -> datetime | None:
        """The last tick before an instant. Those of a fixed distance count from the start date, or,
        where Airflow puts them there, from the epoch."""
        if isinstance(ticks, CronTicks):
            return ticks.before(instant)
        anchor = self._earliest
        if self.is_interval and not self._catchup:
            anchor = datetime(1970, 1, 1, tzinfo=UTC)
        if anchor is None or anchor >= instant:
            return None
        return instant - ((instant - anchor) % ticks.delta or ticks.delta)

    def manual_interval(self, at: datetime) -> tuple[datetime, datetime]:
        """The data interval of a manual run with this logical date
        (``infer_manual_data_interval``)."""
        if self._ticks is None or not self.is_interval:
            return at, at
        if isinstance(self._ticks, CronTicks):
            end = self._ticks.at_or_before(at)
            return self._ticks.before(end), end
        return self._ticks.before(at), at

    def _next_once(self, last: tuple[datetime, datetime] | None, now: datetime) -> NextRun | None:
        if last is not None:
            return None
        at = self._earliest or now
        if self._latest is not None and at > self._latest:
            return None
        return NextRun(at, at, at)

    def _next_tick(self, last: tuple[datetime, datetime] | None, now: datetime) -> NextRun | None:
        ticks, earliest = self._ticks, self._earliest
        assert ticks is not None
        skips = False
        if self._catchup:
            if last is not None:
                tick = ticks.after(last[1])
            elif earliest is None:
                tick = self._first_without_start(now)
            else:
                tick = ticks.at_or_after(earliest)
        else:
            candidates = [ticks.at_or_before(now)]
            if last is not None:
                following = ticks.after(last[1])
                skips = candidates[0] > following
                candidates.append(following)
            elif earliest is None and self._immediate_if_no_start:
                candidates.append(self._first_without_start(now))
            if earliest is not None:
                candidates.append(ticks.at_or_after(earliest))
            tick = max(candidates)
        if self._latest is not None and self._latest < tick:
            return None
        return NextRun(tick, tick, tick, skips)

    def _first_without_start(self, now: datetime) -> datetime:
        """Without any start_date the last tick still counts if it is fresh: a tenth of the period,
        at least five minutes (``CronTriggerTimetable._calc_first_run``)."""
        ticks = self._ticks
        assert ticks is not None
        past = ticks.at_or_before(now)
        if isinstance(ticks, DeltaTicks):
            return past
        following = ticks.at_or_after(now)
        fresh = max((following - past) / 10, timedelta(minutes=5))
        return past if now - past <= fresh else following

    def _next_interval(
        self, last: tuple[datetime, datetime] | None, now: datetime
    ) -> NextRun | None:
        ticks, earliest = self._ticks, self._earliest
        assert ticks is not None
        if not self._catchup:
            earliest = self._skip_to_latest(now)
        elif earliest is not None:
            earliest = ticks.at_or_after(earliest)
        skips = False
        if last is None:
            if earliest is None:
                return None
            start = earliest
        else:
            aligned = ticks.at_or_before(last[1])
            start = aligned if earliest is None else max(aligned, earliest)
            skips = start > aligned
            if self._moves_past_last and start <= last[0]:
                start = ticks.after(start)
        if self._latest is not None and start > self._latest:
            return None
        end = ticks.after(start)
        return NextRun(start, end, end, skips)

    def _skip_to_latest(self, now: datetime) -> datetime:
        """The earliest interval that ``catchup=False`` still wants (``_skip_to_latest``)."""
        ticks = self._ticks
        if isinstance(ticks, CronTicks):
            last_start = ticks.before(now)
            on_tick = ticks.after(last_start) == now
            floor = last_start if on_tick else ticks.before(last_start)
            if self._earliest is None:
                return floor
            return max(floor, ticks.at_or_after(self._earliest))
        assert isinstance(ticks, DeltaTicks)
        micro = timedelta(microseconds=1)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        since = (now - epoch) // micro
        grid = epoch + (since - since % (ticks.delta // micro)) * micro
        floor = grid - ticks.delta
        return floor if self._earliest is None else max(floor, self._earliest)


def _latest(dag: Dag) -> datetime | None:
    """The last date on which a run may start: the DAG's end_date, or the tasks' if all have one."""
    ends = [t.end_date for t in dag.tasks]
    if dag.end_date is not None:
        return dag.end_date.astimezone(UTC)
    known = [e for e in ends if e is not None]
    return max(known).astimezone(UTC) if known and len(known) == len(ends) else None
