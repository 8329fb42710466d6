"""Due: what of a deadline's DAG has to land in the window, and until when. It follows from the
schedule alone, so that a run that was never made is late, and not left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from windtunnel.engine.dag_runs.timetable import NextRun, Timetable
from windtunnel.errors import InvalidInput
from windtunnel.loaders import said_deadline
from windtunnel.model import Dag, Deadline, Scenario, Task
from windtunnel.model.moments import next_time, zone_of
from windtunnel.model.pattern import matches, nearest
from windtunnel.units import clock


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a deadline is about in one fleet."""

    deadline: Deadline
    tasks: frozenset[tuple[str, str]] = frozenset()
    """(dag_id, task_id) of those whose time in the queue counts."""
    dag_id: str = ""
    task_id: str | None = None
    """None: the whole run."""
    runs: tuple[tuple[datetime, datetime], ...] = ()
    """(due, deadline) of the scheduled runs whose deadline is within the window."""
    days: tuple[tuple[datetime, datetime], ...] = ()
    """Of a DAG whose runs come from elsewhere: stretches, usually days, in each of which it has to
    land once."""
    left_out: int = 0
    """Scheduled runs whose deadline comes after the end of the window."""

    @property
    def by_schedule(self) -> bool:
        """Whether the schedule says what is due; else all runs that come to be count."""
        return bool(self.runs)


def awaited(
    deadline: Deadline, scenario: Scenario, moved: Mapping[str, timedelta] | None = None
) -> Awaited:
    """What a deadline is about.

    *moved* says by how much the schedules of which DAGs were moved: a time of day is that of the
    run as it was, or a run that is moved beyond its deadline would have until the next day.

    Raises:
        InvalidInput: there is no such DAG or task, or nothing of it has a deadline in the window.
    """
    if deadline.queued_s is not None:
        return Awaited(deadline, tasks=_matched(deadline, scenario))
    dag, task = _named(deadline, scenario)
    found = Awaited(deadline, dag_id=dag.dag_id, task_id=None if task is None else task.task_id)
    end = scenario.start + timedelta(seconds=scenario.duration_s)
    due = list(_due(dag, scenario, end))
    said = f"deadline {said_deadline(deadline)!r}"
    until = f"the window ends at {clock(end)} UTC"
    if due:
        later = (moved or {}).get(dag.dag_id, timedelta())
        pairs = [(at, _until(deadline, dag, at, later)) for at in due]
        runs = tuple(pair for pair in pairs if pair[1] <= end)
        if not runs:
            raise InvalidInput(
                f"{said}: no run can have it: the first is at {clock(pairs[0][1])} UTC, and "
                f"{until}; simulate longer (--for, or duration in scenario.toml)"
            )
        return Awaited(
            deadline,
            dag_id=found.dag_id,
            task_id=found.task_id,
            runs=runs,
            left_out=len(pairs) - len(runs),
        )
    if not _may_run(dag, scenario):
        why = "it is paused" if dag.is_paused else f"no run of {dag.dag_id} is due in the window"
        raise InvalidInput(
            f"{said}: {why}: {clock(scenario.start)} to {clock(end)} UTC; simulate longer (--for), "
            "from another day (--from), or trigger it (--trigger)"
        )
    if deadline.by is None:
        return found
    days = tuple(_days(deadline, dag, scenario.start, end))
    if not days:
        raise InvalidInput(f"{said}: that time of day does not come, as {until}; simulate longer")
    return Awaited(deadline, dag_id=found.dag_id, task_id=found.task_id, days=days)


def _matched(deadline: Deadline, scenario: Scenario) -> frozenset[tuple[str, str]]:
    found = frozenset(
        (dag.dag_id, task.task_id)
        for dag in scenario.fleet.dags
        for task in dag.tasks
        if deadline.of in (dag.dag_id, task.task_id) or matches(deadline.of, dag, task)
    )
    if not found:
        raise InvalidInput(f"deadline {said_deadline(deadline)!r}: it matches no task")
    return found


def _named(deadline: Deadline, scenario: Scenario) -> tuple[Dag, Task | None]:
    """The DAG, and the task, if one is named; both may have dots in their names."""
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    name, said = deadline.of, f"deadline {said_deadline(deadline)!r}"
    if name in dags:
        return dags[name], None
    owners = [dag for dag_id, dag in dags.items() if name.startswith(f"{dag_id}.")]
    if not owners:
        raise InvalidInput(f"{said}: no such DAG; {nearest(name, list(dags))}")
    dag = max(owners, key=lambda one: len(one.dag_id))
    task = dag.find(name.removeprefix(f"{dag.dag_id}."))
    if task is None:
        known = [f"{dag.dag_id}.{one.task_id}" for one in dag.tasks]
        raise InvalidInput(f"{said}: no such task; {nearest(name, known)}")
    return dag, task


def _until(deadline: Deadline, dag: Dag, due: datetime, later: timedelta) -> datetime:
    if deadline.by is not None:
        return next_time(deadline.by, due - later, zone_of(dag))
    assert deadline.within_s is not None
    return due + timedelta(seconds=deadline.within_s)


def _days(
    deadline: Deadline, dag: Dag, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """From each such time of day to the next; the first from the beginning of the window."""
    assert deadline.by is not None
    since = start.astimezone(UTC)
    while (until := next_time(deadline.by, since, zone_of(dag))) <= end:
        yield since, until
        since = until


def _due(dag: Dag, scenario: Scenario, end: datetime) -> Iterator[datetime]:
    """When the schedule lets runs be due in the window, whatever keeps them from being made."""
    profile, start = scenario.cluster.airflow, scenario.start.astimezone(UTC)
    now = Timetable(dag, profile, catchup=False)
    if dag.is_paused or not now.can_be_scheduled:
        return
    each = Timetable(dag, profile, catchup=True)
    last = now.last_due_before(start)
    run: NextRun | None = now.next_run(None, start) if last is None else each.next_run(last, end)
    while run is not None and run.run_after < end:
        if run.run_after >= start:
            yield run.run_after
        run = each.next_run((run.start, run.end), end)


def _may_run(dag: Dag, scenario: Scenario) -> bool:
    """Whether something beside its schedule may run it: assets, another DAG, a person."""
    asked = {one.dag_id for one in scenario.manual_runs}
    asked.update(one.dag_id for one in scenario.backfills)
    asked.update(one.dag_id for one in scenario.arrivals)
    if dag.dag_id in asked or dag.asset_condition is not None:
        return True
    tasks = (task for other in scenario.fleet.dags for task in other.tasks)
    return any(getattr(task.kind, "trigger_dag_id", None) == dag.dag_id for task in tasks)
