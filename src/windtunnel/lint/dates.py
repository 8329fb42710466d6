"""Sensors that look for a logical date which no run of the other DAG has (WT113).

An ExternalTaskSensor wants a run with exactly one logical date (the standard provider's
``sensors/external_task.py``). Both schedules are known, so it is known, too, which of its dates
have a run: over a year, on a sample of days and around each change of the clocks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from windtunnel.detect import Finding
from windtunnel.engine.dag_runs.timetable import Timetable
from windtunnel.lint.awaited import Awaited, awaited
from windtunnel.model import Cron, Dag, Every, Fleet, Scenario, TriggerDagRun

CODE = "WT113"
SAMPLES = 12
"""Places in the year at which the schedules are looked at."""
RUNS = 26
"""Runs looked at from each: a day of an hourly DAG, and more."""
YEAR = timedelta(days=365)
LONG_AGO = 3 * YEAR
"""Before the start; no sensor looks so far back."""
SHOWN = 3


def find_missing_dates(scenario: Scenario) -> list[Finding]:
    """One finding for each sensor of which some date, or every date, has no run."""
    found = []
    year = _Year(scenario)
    for one in awaited(scenario.fleet):
        if _both_are_planned(one) and not _made_otherwise(scenario, one.target):
            looked = year.looked_for(one)
            missing = [pair for pair in looked if not pair.has_run]
            if missing:
                found.append(_finding(one, looked, missing))
    return found


def distances(scenario: Scenario, dag_id: str, task_id: str) -> Callable[[float], bool]:
    """Whether a sensor would find a run for each of its dates, if its `execution_delta` were
    another one (s)."""
    year = _Year(scenario)
    sensors = [one for one in awaited(scenario.fleet) if one.name == f"{dag_id}.{task_id}"]

    def meets(delta: float) -> bool:
        return all(
            look.has_run
            for one in sensors
            for look in year.looks(one.dag, one.target, (delta, *one.kind.other_deltas_s))
        )

    return meets


@dataclass(frozen=True, slots=True)
class _Look:
    """A run of the sensor's DAG, and the date for which its sensor looks."""

    logical: datetime
    wanted: datetime
    has_run: bool


def _both_are_planned(one: Awaited) -> bool:
    ticks = Cron | Every
    planned = isinstance(one.dag.schedule, ticks) and isinstance(one.target.schedule, ticks)
    paused = one.dag.is_paused or one.target.is_paused
    return planned and not paused and not one.kind.execution_date_fn


def _made_otherwise(scenario: Scenario, target: Dag) -> bool:
    """Whether runs of a DAG come from elsewhere, too: then one of them may have the date."""
    by_hand = target.dag_id in scenario.triggered
    return by_hand or target.asset_condition is not None or _is_triggered(scenario.fleet, target)


def _is_triggered(fleet: Fleet, target: Dag) -> bool:
    return any(
        isinstance(task.kind, TriggerDagRun) and task.kind.trigger_dag_id == target.dag_id
        for dag in fleet.dags
        for task in dag.tasks
    )


class _Year:
    """The year after the start of a scenario. Most sensors of a fleet look from one of few
    schedules to another, and ticks take a while to find."""

    def __init__(self, scenario: Scenario) -> None:
        self._profile = scenario.cluster.airflow
        self._start = scenario.start.astimezone(UTC)
        self._timetables: dict[Hashable, Timetable] = {}
        self._dates: dict[Hashable, list[datetime]] = {}
        self._looked: dict[Hashable, list[_Look]] = {}

    def looked_for(self, one: Awaited) -> list[_Look]:
        """What a sensor looks for, run by run."""
        dag, target = self._plain(one.dag), self._plain(one.target)
        key = (_timing(dag), _timing(target), _deltas(one))
        if key not in self._looked:
            self._looked[key] = list(self.looks(dag, target, _deltas(one)))
        return self._looked[key]

    def _plain(self, dag: Dag) -> Dag:
        """A cron schedule ticks the same whenever it began; so that it counts as the same."""
        began, floor = dag.start_date, self._start - LONG_AGO
        if not isinstance(dag.schedule, Cron) or began is None or began >= floor:
            return dag
        return dag.model_copy(update={"start_date": floor})

    def looks(self, dag: Dag, target: Dag, deltas: tuple[float, ...]) -> Iterator[_Look]:
        """What a sensor of a DAG looks for in another one, at these distances (s), run by run."""
        other = self._timetable(target, catchup=True)
        begins = target.start_date
        for logical in self._logical(dag, _zones(dag, target)):
            for delta in deltas:
                wanted = logical - timedelta(seconds=delta)
                if begins is None or wanted >= begins:
                    yield _Look(logical, wanted, other.was_due(wanted, wanted + 2 * YEAR))

    def _timetable(self, dag: Dag, *, catchup: bool) -> Timetable:
        key = (_timing(dag), catchup)
        if key not in self._timetables:
            self._timetables[key] = Timetable(dag, self._profile, catchup)
        return self._timetables[key]

    def _logical(self, dag: Dag, zones: tuple[str, ...]) -> list[datetime]:
        key = (_timing(dag), zones)
        if key not in self._dates:
            timetable = self._timetable(dag, catchup=False)
            self._dates[key] = _logical_dates(timetable, self._start, zones)
        return self._dates[key]


def _deltas(one: Awaited) -> tuple[float, ...]:
    return (one.kind.execution_delta_s, *one.kind.other_deltas_s)


def _timing(dag: Dag) -> Hashable:
    """All that decides when a DAG runs."""
    own = tuple((t.start_date, t.end_date) for t in dag.tasks if t.start_date or t.end_date)
    return (
        dag.schedule,
        dag.timezone,
        dag.start_date,
        dag.end_date,
        own,
        len(own) == len(dag.tasks),
    )


def _logical_dates(timetable: Timetable, start: datetime, zones: Iterable[str]) -> list[datetime]:
    """Logical dates of runs within a year: some at each of the samples, and around each change of
    the clocks."""
    places = [start + YEAR * number / SAMPLES for number in range(SAMPLES)]
    for zone in zones:
        places += [at - timedelta(days=1) for at in _clock_changes(zone, start.date().year)]
    found: set[datetime] = set()
    for place in places:
        if start <= place < start + YEAR:
            found.update(_next_runs(timetable, place))
    return sorted(found)


def _next_runs(timetable: Timetable, place: datetime) -> Iterator[datetime]:
    now, last = place, None
    for _ in range(RUNS):
        run = timetable.next_run(last, now)
        if run is None:
            return
        if run.run_after >= place:
            yield run.start
        last, now = (run.start, run.end), max(now, run.run_after)


def _zones(*dags: Dag) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_zone(dag) for dag in dags))


def _zone(dag: Dag) -> str:
    own = dag.schedule.timezone if isinstance(dag.schedule, Cron) else None
    return own or dag.timezone


@cache
def _clock_changes(zone: str, year: int) -> tuple[datetime, ...]:
    """The days of two years on which the clocks of a timezone change."""
    day, found = datetime(year, 1, 1, tzinfo=UTC), []
    clock = ZoneInfo(zone)
    before = day.astimezone(clock).utcoffset()
    for _ in range(2 * 366):
        day += timedelta(days=1)
        offset = day.astimezone(clock).utcoffset()
        if offset != before:
            found.append(day)
        before = offset
    return tuple(found)


def _finding(one: Awaited, looked: list[_Look], missing: list[_Look]) -> Finding:
    first = missing[0]
    every = len(missing) == len(looked)
    share = "in every run" if every else f"in {len(missing)} of the {len(looked)} runs looked at"
    title = "Sensor waits for runs that never come"
    shown = ", ".join(_shown(look.logical) for look in missing[:SHOWN])
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return Finding(
        code=CODE,
        title=title,
        summary=f"{one.name} looks for a run of {one.target.dag_id} that does not exist, {share}: "
        f"in that of {_shown(first.logical)} it wants the logical date "
        f"{_shown(first.wanted)}, and {one.target.dag_id} has none then{_ended(one, first)}. "
        f"{one.ends}.",
        about=one.name,
        dag_id=one.dag.dag_id,
        file=one.dag.file,
        line=one.task.line,
        notes=() if every else (f"runs without a partner: {shown}{more}", *_clocks(one)),
    )


def _clocks(one: Awaited) -> Iterator[str]:
    """Why it meets for a part of the year only, if the two DAGs go by different clocks."""
    own, other = _zone(one.dag), _zone(one.target)
    if own != other:
        yield (
            f"{one.target.dag_id} goes by the clocks of {other}, {one.dag.dag_id} by those of "
            f"{own}: the distance between their runs changes with summer time, and "
            "execution_delta doesn't. Schedule both in UTC, or at one time of one timezone."
        )


def _ended(one: Awaited, look: _Look) -> str:
    end = one.target.end_date
    if end is not None and look.wanted > end:
        return f" (its end_date is {_shown(end)})"
    return ""


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
