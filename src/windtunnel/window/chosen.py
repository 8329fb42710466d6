"""What is simulated when nobody said so: a window in which every schedule is due a few times, and
one run of each DAG that nothing else would run.

It depends on the fleet alone, never on today's date, so that a check says the same tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from windtunnel.engine.dag_runs.timetable import NextRun, Timetable
from windtunnel.lint.words import span
from windtunnel.model import (
    Assumption,
    Dag,
    ExternalTaskSensor,
    ManualRun,
    OtherSchedule,
    Scenario,
    TriggerDagRun,
)
from windtunnel.model.schedule import assets_in

TICKS = 3
"""How often every schedule should be due: a run meets the one before it and the one after it."""
DAY = timedelta(days=1)
LONGEST = timedelta(days=31)
FARTHEST = timedelta(days=5 * 366)
"""A start_date further ahead than this switches a DAG off; the window doesn't wait for it."""
MOST = 10_000
"""Task instances that are due: a longer window would have people wait."""
NAMED = 6


def chosen(scenario: Scenario, *, start: bool, length: bool) -> Scenario:
    """The scenario with its start, its length, or both, chosen from its schedules.

    The start is that of the scenario, or the day of the latest start_date if that is later, or the
    one from which on no sensor looks back beyond the start of the DAG that it looks at: that a DAG
    has just come is not what people ask about. The length is whole days, at most 31: until every
    schedule was due three times, or so many task instances are that people would wait. What was
    chosen is among the assumptions.
    """
    if not (start or length):
        return scenario
    begin = scenario.start
    late: Dag | None = None
    if start:
        begin, late = _start(scenario)
    due = _due(scenario, begin)
    days = _days(due, begin)
    seconds = days * 86400.0 if length else scenario.duration_s
    said = _said(due, begin, seconds, late, by_length=length)
    changed = scenario.model_copy(update={"start": begin, "duration_s": seconds})
    return _assuming(changed, "the window", said)


@dataclass(frozen=True, slots=True)
class _Due:
    """When one DAG is due next, and what that costs."""

    dag_id: str
    at: tuple[datetime, ...]
    tasks: int

    @property
    def gap(self) -> timedelta | None:
        """The usual distance between two runs."""
        if len(self.at) < 2:
            return None
        return (self.at[-1] - self.at[0]) / (len(self.at) - 1)

    def within(self, end: datetime) -> int:
        """How many of the next runs are due before *end*."""
        return sum(at < end for at in self.at)


def _start(scenario: Scenario) -> tuple[datetime, Dag | None]:
    """The midnight (UTC) before the latest start_date, and the DAG whose that is."""
    begin, late = scenario.start, None
    for dag in scenario.fleet.dags:
        at = dag.start_date
        if at is None or _makes_no_runs(dag) or at > scenario.start + FARTHEST:
            continue
        midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if midnight > begin:
            begin, late = midnight, dag
    begin = max(begin, *(_settled(at) for at in _looked_back(scenario, begin)))
    return begin, late


def _looked_back(scenario: Scenario, begin: datetime) -> Iterator[datetime]:
    """Since when each sensor finds a DAG that had begun in every run of its own."""
    profile = scenario.cluster.airflow
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags if not _makes_no_runs(dag)}
    yield begin
    for dag in dags.values():
        run: NextRun | None = None
        for task in dag.tasks:
            kind = task.kind
            other = dags.get(kind.external_dag_id) if isinstance(kind, ExternalTaskSensor) else None
            if other is None or other.start_date is None or other.start_date < begin - LONGEST:
                continue
            assert isinstance(kind, ExternalTaskSensor)
            run = run or Timetable(dag, profile, catchup=False).next_run(None, begin)
            if run is not None:
                back = max(kind.execution_delta_s, *kind.other_deltas_s, 0.0)
                looks = other.start_date + timedelta(seconds=back) + (run.run_after - run.start)
                yield min(looks, begin + LONGEST)


def _settled(at: datetime) -> datetime:
    """The midnight (UTC) from which on it is so."""
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if midnight == at else midnight + DAY


def _makes_no_runs(dag: Dag) -> bool:
    return dag.schedule is None or isinstance(dag.schedule, OtherSchedule) or dag.is_paused


def _due(scenario: Scenario, start: datetime) -> list[_Due]:
    profile = scenario.cluster.airflow
    found = []
    for dag in scenario.fleet.dags:
        if not _makes_no_runs(dag):
            at = tuple(_next(Timetable(dag, profile, catchup=False), start))
            if at:
                found.append(_Due(dag.dag_id, at, len(dag.tasks)))
    return found


def _next(timetable: Timetable, start: datetime) -> Iterator[datetime]:
    """The next instants at which a DAG is due."""
    now, last = start.astimezone(UTC), None
    for _ in range(TICKS):
        while run := timetable.next_run(last, now):
            last, now = (run.start, run.end), max(now, run.run_after)
            if run.run_after >= start:
                yield run.run_after
                break


def _days(due: Sequence[_Due], start: datetime) -> int:
    """Days until every schedule was due often enough and its last run had time to end."""
    end = start + DAY
    for one in due:
        reached = [at for at in one.at if at < start + LONGEST - DAY]
        if reached:
            end = max(end, reached[-1] + min(one.gap or DAY, DAY))
    days = -(-(end - start) // DAY)
    while days > 1 and _instances(due, days) > MOST:
        days -= 1
    return days


def _instances(due: Iterable[_Due], days: int) -> float:
    """About how many task instances are due in so many days."""
    return sum(one.tasks * (days * DAY / one.gap if one.gap else 1) for one in due)


def _said(
    due: Sequence[_Due], start: datetime, seconds: float, late: Dag | None, *, by_length: bool
) -> str:
    end = start + timedelta(seconds=seconds)
    days = seconds / 86400
    said = f"{days:g} d" if round(days, 1) == days else span(seconds)
    said += f" from {start:%Y-%m-%d %H:%M} UTC"
    if late is not None:
        said += f", when the last DAG starts ({late.dag_id})"
    if by_length and due:
        rare = [one.dag_id for one in due if one.within(end) < TICKS]
        said += (
            f"; due less than {TICKS} times in it: {_names(rare)}"
            if rare
            else f"; every schedule is due at least {TICKS} times in it"
        )
    return f"{said} (--from and --for choose another)"


def triggered(scenario: Scenario) -> Scenario:
    """The scenario with one run, at its start, of each DAG that nothing else would run.

    These are DAGs without a schedule, or with one that makes no runs in the simulation, which no
    task triggers and whose assets nobody updates. A scenario that says of runs from outside is left
    alone.
    """
    if scenario.manual_runs or scenario.arrivals:
        return scenario
    outside = {update.asset for update in scenario.asset_updates}
    alone = list(_alone(scenario.fleet.dags, outside))
    if not alone:
        return scenario
    everything = len(alone) == len(scenario.fleet.dags)
    why = (
        "no DAG has a schedule, so each is triggered once at the start"
        if everything
        else f"DAGs that nothing would run are triggered once at the start: {_names(alone)}"
    )
    runs = tuple(ManualRun(dag_id=dag_id) for dag_id in alone)
    changed = scenario.model_copy(update={"manual_runs": runs})
    return _assuming(changed, "dag runs", f"{why} (--trigger chooses)")


def _alone(dags: Sequence[Dag], outside: Set[str]) -> Iterator[str]:
    triggers = {dag.dag_id: _starts(dag, dags) for dag in dags}
    paused = {dag.dag_id for dag in dags if dag.is_paused}
    running: set[str] = set()

    def run(dag_id: str) -> None:
        waiting = [dag_id]
        while waiting:
            one = waiting.pop()
            if one not in running and one not in paused:
                running.add(one)
                waiting += triggers.get(one, ())

    for dag in dags:
        if not _makes_no_runs(dag) or outside & set(assets_in(dag.awaited)):
            run(dag.dag_id)
    idle = [dag.dag_id for dag in dags if _makes_no_runs(dag) and dag.dag_id not in paused]
    by_others = {name for dag_id, names in triggers.items() for name in names if name != dag_id}
    # First those that no other DAG triggers; then one of each circle of DAGs that trigger another.
    for dag_id in sorted(idle, key=lambda dag_id: dag_id in by_others):
        if dag_id not in running:
            run(dag_id)
            yield dag_id


def _starts(dag: Dag, dags: Sequence[Dag]) -> dict[str, None]:
    """The DAGs of which runs begin because of this one: its tasks trigger them, or update assets
    that they wait for."""
    kinds = [task.kind for task in dag.tasks]
    updated = {asset for task in dag.tasks for asset in task.outlets}
    fed = [other.dag_id for other in dags if updated & set(assets_in(other.awaited))]
    called = [kind.trigger_dag_id for kind in kinds if isinstance(kind, TriggerDagRun)]
    return dict.fromkeys((*called, *fed))


def _names(dag_ids: Sequence[str]) -> str:
    more = f" and {len(dag_ids) - NAMED} more" if len(dag_ids) > NAMED else ""
    return ", ".join(dag_ids[:NAMED]) + more


def _assuming(scenario: Scenario, subject: str, assumed: str) -> Scenario:
    fleet = scenario.fleet
    said = (*fleet.assumptions, Assumption(subject=subject, assumed=assumed))
    return scenario.model_copy(update={"fleet": fleet.model_copy(update={"assumptions": said})})
