"""Which DAGs did not run in a simulation, and why; which brought a backlog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from windtunnel.engine.program import DagProgram
from windtunnel.model import Assumption, Dag, OtherSchedule, Scenario
from windtunnel.model.schedule import assets_in
from windtunnel.trace import DagRun, Trace
from windtunnel.window.kept_back import kept_back


@dataclass(frozen=True, slots=True)
class Idle:
    """A DAG of which no run started."""

    dag_id: str
    why: str
    was_due: bool = False
    """Whether a run was due, or asked for, and something kept it from being made."""


def never_ran(scenario: Scenario, trace: Trace) -> tuple[Idle, ...]:
    """The DAGs of which no run started, in the order of the fleet."""
    runs: dict[str, list[DagRun]] = {}
    for run in trace.dag_runs():
        runs.setdefault(run.dag_id, []).append(run)
    idle = []
    for dag in scenario.fleet.dags:
        created = runs.get(dag.dag_id, ())
        if all(run.started_us is None for run in created):
            compiled = DagProgram(0, 0, dag, scenario.cluster)
            kept = None if created or dag.is_paused else kept_back(compiled, scenario)
            why = kept or _why(compiled, scenario, len(created))
            idle.append(Idle(dag.dag_id, why, was_due=kept is not None))
    return tuple(idle)


def _why(dag: DagProgram, scenario: Scenario, created: int) -> str:
    own = dag.dag
    if own.is_paused:
        stay = "" if not created else "; what triggers it makes runs that stay queued"
        return f"it is paused (is_paused_upon_creation=True){stay}"
    if created:
        return f"none of its runs started ({created} queued)"
    if own.awaited is not None and not dag.timetable.can_be_scheduled:
        return _not_updated(own, scenario)
    if own.schedule is None:
        return "it has no schedule, and nothing triggered it"
    if isinstance(own.schedule, OtherSchedule):
        return f"its schedule makes no runs in the simulation: {own.schedule.description}"
    if dag.max_active_runs == 0:
        return "max_active_runs=0 lets the scheduler create no run"
    return _not_due(dag, scenario)


def _not_updated(own: Dag, scenario: Scenario) -> str:
    """Why assets started no run of a DAG."""
    updated = {asset for dag in scenario.fleet.dags for task in dag.tasks for asset in task.outlets}
    updated |= {update.asset for update in scenario.asset_updates}
    strange = [asset for asset in assets_in(own.awaited) if asset not in updated]
    if not strange:
        return "the assets that it waits for were not updated in the window"
    said = ", ".join(strange)
    return (
        f"no task of the fleet updates {said}; [[asset_updates]] can say when something else does"
    )


def _not_due(dag: DagProgram, scenario: Scenario) -> str:
    start = scenario.start.astimezone(UTC)
    end = start + timedelta(seconds=scenario.duration_s)
    begins, ends = dag.dag.start_date, dag.dag.end_date
    if begins is not None and begins >= end:
        return f"its start_date, {_shown(begins)}, is after the window"
    if ends is not None and ends < start:
        return f"its end_date, {_shown(ends)}, is before the window"
    due = dag.timetable.next_run(None, start)
    if due is not None and due.run_after >= end:
        return f"its first run is due at {_shown(due.run_after)}, after the window"
    if begins is None and dag.catchup:
        return "with catchup=True it needs a start_date"
    return "it is not due in the window"


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def refused(trace: Trace) -> Iterator[Assumption]:
    """What somebody asked for and Airflow would not do."""
    for at, what in trace.refused:
        said, _, why = what.partition(": ")
        yield Assumption(
            subject=said, assumed=f"refused at {_shown(trace.at(at))}, as Airflow does: {why}"
        )


def lost(scenario: Scenario, trace: Trace) -> Iterator[Assumption]:
    """Runs that were never made, by Airflow's design, of DAGs of which nobody said that every run
    matters; of the others it is a finding."""
    times = Counter((trace.dag_ids[one.dag], one.cause) for one in trace.lost_runs)
    for (dag_id, cause), count in times.items():
        if any(fnmatchcase(dag_id, glob) for glob in scenario.every_run_matters):
            continue
        what = "interval" if cause == "skipped" else "trigger"
        why = "catchup is off" if cause == "skipped" else "there was such a run already"
        yield Assumption(
            subject=f"DAG {dag_id}, {count} {what}{'' if count == 1 else 's'} without a run",
            assumed=f"as Airflow does: {why}; every_run_matters makes it a finding",
        )


def backlog(scenario: Scenario, trace: Trace) -> Iterator[Assumption]:
    """DAGs whose past comes first: nothing ran before the window, so catchup makes those runs up.

    Without catchup a single run may be due from before the window; that is none.
    """
    late: Counter[str] = Counter()
    for record in trace.runs:
        if record.run_type == "scheduled" and record.run_after < trace.start:
            late[trace.dag_ids[record.dag]] += 1
    for dag in scenario.fleet.dags:
        if late[dag.dag_id] > 1 and dag.start_date is not None:
            yield Assumption(
                subject=f"DAG {dag.dag_id}, catchup",
                assumed=f"nothing ran before the window, so {late[dag.dag_id]} runs that were due "
                f"since its start_date, {_shown(dag.start_date)}, come first; "
                'backlog = "done" takes them as done',
            )
