"""Deployment: the fleet as it was in a stretch of the past: who ran at all, since when, and which
runs did not come from a schedule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from windtunnel.calibration.backtesting.span import CAUGHT_UP, MOMENT, Span, due_of
from windtunnel.calibration.past import Past, PastRun
from windtunnel.engine.dag_runs.timetable import Timetable
from windtunnel.model import (
    Cluster,
    Cron,
    Dag,
    Every,
    Fleet,
    ManualRun,
    Once,
    TriggerDagRun,
)
from windtunnel.model.schedule import assets_in
from windtunnel.units import count

BY_ASSETS = ("asset_triggered", "dataset_triggered")
Key = tuple[str, str, str]
"""dag_id, kind, and name of a run."""
NAMED = 5
"""DAGs that are named one by one."""


@dataclass(slots=True)
class Deployment:
    """What is simulated, and what had to be put in by hand."""

    dags: list[Dag] = field(default_factory=list)
    manual: list[ManualRun] = field(default_factory=list)
    by_hand: list[PastRun] = field(default_factory=list)
    """Runs that people or something outside asked for."""
    given: list[str] = field(default_factory=list)
    """DAGs whose runs come when they came, as their schedule is not known."""
    idle: list[str] = field(default_factory=list)
    """DAGs that would have run by their schedule, and did not."""
    missing: list[str] = field(default_factory=list)
    """DAGs that ran then and are not in the fleet."""

    def notes(self) -> list[str]:
        """What about it makes the simulation another one than the past was."""
        found = []
        if self.missing:
            found.append(f"not in TARGET, and so left out: {_named(self.missing)}")
        if self.idle:
            found.append(
                f"had no run then, paused or not there yet, and so left out: {_named(self.idle)}"
            )
        if self.given:
            found.append(
                "their schedule is not simulated, so their runs are put in when they came: "
                f"{_named(self.given)}"
            )
        if self.by_hand:
            found.append(
                f"{count(len(self.by_hand), 'run')} that somebody triggered, put in when it was "
                "asked for: " + _named(sorted({run.dag_id for run in self.by_hand}))
            )
        return found


def deployment_of(past: Past, fleet: Fleet, cluster: Cluster, span: Span) -> Deployment:
    """The fleet as it was in a span of the past."""
    made = Deployment()
    runs: dict[str, list[PastRun]] = {}
    for run in past.runs:
        if run.began is not None and span.begin <= run.began < span.end:
            runs.setdefault(run.dag_id, []).append(run)
    by = _sources(fleet, cluster, span)
    for dag in fleet.dags:
        own = sorted(runs.pop(dag.dag_id, ()), key=lambda run: (run.began, run.run_id))
        if own:
            _add(made, dag, own, by)
        elif _ticks(dag, cluster, span.since, span.until):
            made.idle.append(dag.dag_id)
    window = {run.dag_id for rest in runs.values() for run in rest if span.holds(due_of(run))}
    made.missing = sorted(window)
    return made


@dataclass(frozen=True, slots=True)
class _Sources:
    """What starts runs."""

    outlets: frozenset[str]
    """Assets that tasks update."""
    targets: frozenset[str]
    """DAGs that tasks trigger."""
    cluster: Cluster
    span: Span


def _sources(fleet: Fleet, cluster: Cluster, span: Span) -> _Sources:
    tasks = [task for dag in fleet.dags for task in dag.tasks]
    kinds = [task.kind for task in tasks]
    return _Sources(
        frozenset(asset for task in tasks for asset in task.outlets),
        frozenset(kind.trigger_dag_id for kind in kinds if isinstance(kind, TriggerDagRun)),
        cluster,
        span,
    )


def _add(made: Deployment, dag: Dag, runs: Sequence[PastRun], by: _Sources) -> None:
    """A DAG that had runs; those that its schedule doesn't make are put in."""
    cluster, span = by.cluster, by.span
    keeps_time = isinstance(dag.schedule, Cron | Every | Once)
    by_schedule = keeps_time and not _drifts(dag, cluster)
    by_assets = dag.awaited is not None and bool(by.outlets & set(assets_in(dag.awaited)))
    scheduled = [run for run in runs if run.run_type == "scheduled"]
    on_time = [
        run for run in scheduled if by_schedule and (due_of(run) or span.begin) >= span.begin
    ]
    for run in runs:
        if run in on_time or (run.run_type in BY_ASSETS and by_assets):
            continue
        asked = run.run_type not in ("scheduled", CAUGHT_UP, *BY_ASSETS)
        if asked and dag.dag_id in by.targets and (run.triggered_by or "operator") == "operator":
            continue  # a task of the fleet asks for it
        made.manual.append(_put_in(run, cluster, span))
        if asked:
            made.by_hand.append(run)
        elif not keeps_time and dag.dag_id not in made.given:
            made.given.append(dag.dag_id)
    changes: dict[str, object] = {"is_paused": False}
    if on_time:
        changes |= _dates(dag, on_time, runs, cluster, span)
    elif keeps_time:
        changes["schedule"] = None
    made.dags.append(dag.model_copy(update=changes))


def _drifts(dag: Dag, cluster: Cluster) -> bool:
    """Whether the next run of its schedule depends on when its file happened to be parsed: a
    distance between runs, counted from now (``DeltaTriggerTimetable`` without catchup)."""
    schedule = dag.schedule
    family = getattr(schedule, "timetable", None) or cluster.airflow.timetable_default
    default = cluster.airflow.catchup_default
    catchup = default if dag.catchup is None else dag.catchup
    return isinstance(schedule, Every) and family == "trigger" and not catchup


def _put_in(run: PastRun, cluster: Cluster, span: Span) -> ManualRun:
    """A run that comes when it came: a scheduled one as soon as the scheduler could see it."""
    came, due = run.began, due_of(run)
    assert came is not None
    if run.run_type == "scheduled" and due is not None and due <= came <= due + MOMENT:
        seen = 0.0 if cluster.loop is None else cluster.loop.due_late_s
        came = min(came, due + timedelta(seconds=seen))
    at = max(0.0, (came - span.begin).total_seconds())
    return ManualRun(dag_id=run.dag_id, run_id=run.run_id, at_s=at, logical_date=run.logical_date)


def _dates(
    dag: Dag, scheduled: Sequence[PastRun], runs: Sequence[PastRun], cluster: Cluster, span: Span
) -> dict[str, object]:
    """The first date that its schedule had a run for, and the last one, if it stopped then."""
    dates = sorted(run.logical_date for run in scheduled if run.logical_date is not None)
    if not dates:
        return {}
    changes: dict[str, object] = {"start_date": dates[0]}
    last = max(scheduled, key=lambda run: run.logical_date or dates[0])
    is_busy = any(run.end is None or run.end >= span.until for run in runs)
    after = last.run_after
    if after is not None and not is_busy and len(_ticks(dag, cluster, after, span.until)) > 2:
        changes["end_date"] = dates[-1]
    return changes


def _ticks(dag: Dag, cluster: Cluster, since: datetime, until: datetime) -> list[datetime]:
    """A few of the instants in a stretch of time at which its schedule has runs due."""
    table = Timetable(dag, cluster.airflow, catchup=False)
    found: list[datetime] = []
    last = table.last_due_before(until)
    while last is not None and last[1] >= since and len(found) < NAMED:
        found.append(last[1])
        last = table.last_due_before(last[1])
    return found


def keys_of(runs: Iterable[PastRun], put_in: Iterable[ManualRun]) -> dict[Key, PastRun]:
    """Runs by the names under which the simulation's are found again: scheduled ones by their date,
    those of assets by their order, others, and those that were put in, by their id."""
    given = {(run.dag_id, run.run_id) for run in put_in}
    number: dict[str, int] = {}
    found: dict[Key, PastRun] = {}
    for run in sorted(runs, key=lambda run: (run.began is None, run.began, run.run_id)):
        if run.key in given:
            found[run.dag_id, "manual", run.run_id] = run
        elif run.run_type in BY_ASSETS:
            number[run.dag_id] = number.get(run.dag_id, 0) + 1
            found[run.dag_id, "assets", str(number[run.dag_id])] = run
        elif run.run_type == "scheduled" and run.logical_date is not None:
            found[run.dag_id, "scheduled", run.logical_date.isoformat()] = run
    return found


def _named(dags: Sequence[str]) -> str:
    rest = len(dags) - NAMED
    return ", ".join(dags[:NAMED]) + (f" and {rest} more" if rest > 0 else "")
