"""Facts: what does not change of a try and of its run while its callable runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from windtunnel.engine.world import Run, World
from windtunnel.model.base import Value
from windtunnel.trace.states import RunState


class RunFacts(Value):
    """A dag run, as its tasks are told of it."""

    number: int
    """Its place among all runs of the simulation."""
    dag_id: str
    run_id: str
    run_type: str
    logical_date: datetime | None
    data_interval: tuple[datetime, datetime] | None
    run_after: datetime
    created: datetime
    started: datetime | None
    conf: dict[str, Any]


class OldDates(Value):
    """Logical dates around that of a run: what 3.0 removed from the context."""

    following: datetime
    before: datetime
    success: datetime | None
    """Of the last run that succeeded."""


class TryFacts(Value):
    """A try of a task instance."""

    number: int
    """Its task instance, among all of the simulation."""
    run: RunFacts
    task_id: str
    map_index: int
    try_number: int
    retries: int
    max_tries: int
    pool: str
    pool_slots: int
    queue: str
    operator: str
    weight: int
    instances: int
    """How many of its task there are in its run."""
    is_map_source: bool
    pokes_again: bool = False
    """Whether it is a sensor in poke mode that has looked before in this try."""
    success: RunFacts | None = None
    """The last run of the DAG, before this one, that succeeded."""
    success_ended: datetime | None = None
    old: OldDates | None = None


def run_facts(world: World, run: Run) -> RunFacts:
    """Of a run."""
    record, started = run.record, run.started_us
    return RunFacts(
        number=run.index,
        dag_id=run.dag.dag_id,
        run_id=record.run_id,
        run_type=run.kind,
        logical_date=run.logical,
        data_interval=run.interval,
        run_after=record.run_after,
        created=world.datetime_at(record.created_us),
        started=world.datetime_at(started) if started >= 0 else None,
        conf=dict(world.confs.get(run.index, {})),
    )


def instance_facts(world: World, ti: int) -> TryFacts:
    """Of a task instance that somebody else asks about."""
    run, task = world.runs[world.ti_run[ti]], world.ti_task[ti]
    own = run.dag.tasks[task]
    return TryFacts(
        number=ti,
        run=run_facts(world, run),
        task_id=own.task_id,
        map_index=world.ti_map[ti],
        try_number=world.tries[ti],
        retries=own.retries,
        max_tries=own.retries + world.cleared_tries.get(ti, 0),
        pool=own.pool,
        pool_slots=own.pool_slots,
        queue=own.queue,
        operator=own.operator,
        weight=run.dag.weight[task],
        instances=len(run.tis(task)),
        is_map_source=run.dag.is_map_source[task],
    )


def try_facts(world: World, ti: int) -> TryFacts:
    """Of a try that begins."""
    facts = instance_facts(world, ti)
    run = world.runs[world.ti_run[ti]]
    success = previous(world, run, RunState.SUCCESS.label)
    old = _old_dates(run, success) if world.profile.context_has_old_names else None
    if success is None:
        return facts.model_copy(update={"old": old})
    told = {
        "success": run_facts(world, success),
        "success_ended": _ended(world, success),
        "old": old,
    }
    return facts.model_copy(update=told)


def previous(world: World, run: Run, state: str | None) -> Run | None:
    """The run of the same DAG with the next earlier logical date."""
    earlier = [
        other
        for other in world.runs_of[run.dag.number]
        if -1 < other.logical_us < run.logical_us and state in (None, RunState(other.state).label)
    ]
    return max(earlier, key=lambda other: other.logical_us, default=None)


def _old_dates(run: Run, success: Run | None) -> OldDates | None:
    logical = run.logical
    if logical is None:
        return None
    following, before = logical, logical
    if run.kind in ("scheduled", "backfill") and run.interval is not None:
        after = run.dag.timetable.following(run.interval)
        following = after[0] if after is not None else logical
        before = run.dag.timetable.before(logical) or logical
    return OldDates(following=following, before=before, success=success and success.logical)


def _ended(world: World, run: Run) -> datetime | None:
    for at, who, state in reversed(list(world.trace.history)):
        if who == ~run.index and state in (RunState.SUCCESS, RunState.FAILED):
            return world.datetime_at(at)
    return None
