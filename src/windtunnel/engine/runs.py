"""Dag runs: created when due, started when there is room, examined, and ended.

From Airflow: ``jobs/scheduler_job_runner.py: _create_dag_runs, _start_queued_dagruns,
_schedule_dag_run, _set_exceeds_max_active_runs`` and ``models/dagrun.py: update_state``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from heapq import heappop, heappush

from windtunnel.engine.dependencies import Pass, begin, is_runnable
from windtunnel.engine.program import DagProgram
from windtunnel.engine.timetable import NextRun
from windtunnel.engine.world import (
    AUTOMATIC,
    FAILED,
    FINISHED,
    NONE,
    REMOVED,
    SKIPPED,
    SUCCESS,
    UPSTREAM_FAILED,
    Run,
    World,
)
from windtunnel.trace.states import RunState
from windtunnel.trace.trace import RunRecord

NEVER = 1 << 62


class Schedule:
    """What ``DagModel`` remembers of one DAG: its next run, and whether it may be created."""

    __slots__ = ("dag", "due_us", "exceeds", "next")

    def __init__(self, dag: DagProgram) -> None:
        self.dag = dag
        self.next: NextRun | None = None
        self.due_us = NEVER
        """When the next run is created; NEVER if none is, or 2.x nulled it."""
        self.exceeds = False
        """3.x ``exceeds_max_non_backfill``."""


class Creation:
    """Creates the runs of all timetables when they are due."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._schedules = [Schedule(dag) for dag in world.program.dags]
        self._heap: list[tuple[int, str, int]] = []

    def of(self, dag: int) -> Schedule:
        """The schedule of a DAG."""
        return self._schedules[dag]

    def next_due(self) -> int | None:
        """When the next run is due, if any."""
        heap = self._heap
        while heap:
            due, _, number = heap[0]
            schedule = self._schedules[number]
            if schedule.due_us == due and not schedule.exceeds and not self._world.paused[number]:
                return due
            heappop(heap)
        return None

    def parse(self) -> None:
        """All DAG files are parsed (again): every next run is computed anew
        (``dag_processing/collection.py: update_dags``; 2.x ``DAG.bulk_write_to_db``)."""
        for schedule in self._schedules:
            self._parse(schedule)

    def unpaused(self, dag: int) -> None:
        """A DAG is unpaused; its next run is the one that the parse before has computed."""
        self._parse(self._schedules[dag])

    def _parse(self, schedule: Schedule) -> None:
        world, dag = self._world, schedule.dag
        if not dag.timetable.can_be_scheduled or world.paused[dag.number]:
            return
        latest = world.latest_automatic[dag.number]
        last = None if latest is None else latest.interval
        is_full = world.active_runs[dag.number] >= dag.max_active_runs
        if world.profile.creation_flag:
            schedule.exceeds = is_full
            self._plan(schedule, last)
        elif is_full:
            schedule.due_us = NEVER
        else:
            self._plan(schedule, last)

    def create_due(self) -> None:
        """One run for each DAG that is due, in order of (due time, dag_id)."""
        world = self._world
        due: dict[int, Schedule] = {}
        while len(due) < world.cluster.max_dagruns_to_create_per_loop:
            first = self.next_due()
            if first is None or first > world.now:
                break
            number = heappop(self._heap)[2]
            due[number] = self._schedules[number]
        for schedule in due.values():
            self._create(schedule)

    def run_ended(self, run: Run) -> None:
        """A run is over: there may be room for the next one."""
        world, dag = self._world, run.dag
        schedule = self._schedules[dag.number]
        if not dag.timetable.can_be_scheduled or world.paused[dag.number]:
            return
        is_full = world.active_runs[dag.number] >= dag.max_active_runs
        if world.profile.creation_flag:
            if run.kind in ("scheduled", "manual", "asset_triggered"):
                schedule.exceeds = is_full
                self._enter(schedule)
        elif run.kind in AUTOMATIC:
            if is_full:
                schedule.due_us = NEVER
            else:
                self._plan(schedule, run.interval)

    def _create(self, schedule: Schedule) -> None:
        world, dag, info = self._world, schedule.dag, schedule.next
        assert info is not None
        interval = (info.start, info.end)
        exists = info.start in world.logical_dates[dag.number]
        if exists and world.profile.creation_flag:
            twin = world.run_at(dag.number, world.us_at(info.start))
            self._plan(schedule, interval if twin is None else twin.interval or interval)
            return
        if not exists:
            record = RunRecord(
                dag.number,
                f"scheduled__{_iso(info.run_after if _by_run_after(world) else info.start)}",
                "scheduled",
                info.start,
                info.run_after,
                world.now,
                interval,
            )
            world.add_run(dag, record)
        is_full = world.active_runs[dag.number] >= dag.max_active_runs
        if world.profile.creation_flag:
            schedule.exceeds = is_full
        elif is_full:
            schedule.due_us = NEVER
            return
        self._plan(schedule, interval)

    def _plan(self, schedule: Schedule, last: tuple[datetime, datetime] | None) -> None:
        """Compute the next run after ``last`` (``DagModel.calculate_dagrun_date_fields``)."""
        now = self._world.datetime_at(self._world.now).astimezone(UTC)
        schedule.next = schedule.dag.timetable.next_run(last, now)
        after = schedule.next.run_after if schedule.next else None
        schedule.due_us = NEVER if after is None else self._world.us_at(after)
        self._enter(schedule)

    def _enter(self, schedule: Schedule) -> None:
        if schedule.due_us != NEVER and not schedule.exceeds:
            heappush(self._heap, (schedule.due_us, schedule.dag.dag_id, schedule.dag.number))


def _by_run_after(world: World) -> bool:
    return world.profile.creation_flag


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def triggered_run(
    world: World, dag: DagProgram, kind: str, run_id: str | None, logical: datetime | None
) -> Run:
    """Create a run by hand or by TriggerDagRunOperator; it is queued at once and unlimited."""
    now = world.datetime_at(world.now).astimezone(UTC)
    name = run_id or f"manual__{_iso(logical or now)}"
    if name in world.run_ids[dag.number]:
        name = _free_name(world, dag, name)
    interval = None
    if logical is not None:
        logical = logical.astimezone(UTC)
        interval = dag.timetable.manual_interval(logical)
    after = now if world.profile.start_order == "run_after" or interval is None else interval[1]
    record = RunRecord(dag.number, name, kind, logical, after, world.now, interval)
    return world.add_run(dag, record)


def _free_name(world: World, dag: DagProgram, name: str) -> str:
    """Several runs triggered in one simulated instant: Airflow's clock would tell them apart."""
    taken = world.run_ids[dag.number]
    number = world.same_names.get((dag.number, name), 1) + 1
    while f"{name}_{number}" in taken:
        number += 1
    world.same_names[dag.number, name] = number
    return f"{name}_{number}"


class Start:
    """Starts queued runs where ``max_active_runs`` leaves room."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queued: list[list[tuple[int, int]]] = [[] for _ in world.program.dags]
        self._seen = 0
        self._look_at: dict[int, None] = {}
        """DAGs of which a run was created or ended since the last look."""

    @property
    def has_work(self) -> bool:
        """Whether anything happened that may let a run start."""
        return bool(self._look_at) or self._seen < len(self._world.runs)

    def run_ended(self, run: Run) -> None:
        """There may be room for another run of its DAG."""
        if self._queued[run.dag.number]:
            self._look_at[run.dag.number] = None

    def start_queued(self) -> list[Run]:
        """Start queued runs by run_after (3.x) or logical date (2.x), ties by creation; return
        them."""
        world = self._world
        self._enter_new()
        candidates: list[tuple[int, int]] = []
        for number in self._look_at:
            candidates.extend(self._candidates(number))
        self._look_at = {}
        candidates.sort()
        most = world.cluster.max_dagruns_per_loop_to_schedule
        started = [world.runs[index] for _, index in candidates[:most]]
        for run in started:
            world.set_run_state(run, RunState.RUNNING, "started")
            begin(world, run)
        for order, index in candidates[most:]:
            number = world.runs[index].dag.number
            heappush(self._queued[number], (order, index))
            self._look_at[number] = None
        return started

    def requeued(self, run: Run) -> None:
        """A run that was over waits for its start again."""
        by_date = self._world.profile.start_order == "logical_date"
        order = run.logical_us if by_date else run.run_after_us
        heappush(self._queued[run.dag.number], (order, run.index))
        self._look_at[run.dag.number] = None

    def unpaused(self, dag: int) -> None:
        """Queued runs of a DAG may start again."""
        self._look_at[dag] = None

    def _enter_new(self) -> None:
        for run in self._world.runs[self._seen :]:
            self.requeued(run)
        self._seen = len(self._world.runs)

    def _candidates(self, number: int) -> list[tuple[int, int]]:
        """Queued runs of one DAG for which there is room."""
        dag = self._world.program.dags[number]
        queue = self._queued[number]
        room = dag.max_active_runs - self._world.running_runs[number]
        if not dag.max_active_runs:
            room = len(queue)  # 0 limits creation only: it is false where a start is checked
        if self._world.paused[number]:
            return []
        return [heappop(queue) for _ in range(min(room, len(queue)))]


def timed_out(world: World, run: Run) -> bool:
    """End a running run that is older than ``dagrun_timeout``; strict comparison, as in Airflow."""
    timeout = run.dag.timeout_us
    if timeout is None or run.started_us + timeout >= world.now:
        return False
    world.set_run_state(run, RunState.FAILED, "timed_out")
    for task in range(run.dag.size):
        for ti in run.tis(task):
            state = world.state[ti]
            if state in FINISHED:
                continue
            if state != NONE or world.profile.timeout_skips_never_scheduled:
                world.move(ti, SKIPPED)
    return True


def examine(world: World, run: Run) -> list[int]:
    """One turn of a running run: evaluate it, end it if it is over; return what becomes
    scheduled."""
    run.fresh = False
    if run.logical_us > world.now:
        return []
    evaluation = Pass(world, run)
    evaluation.evaluate()
    if not run.unfinished:
        _end(world, run)
    elif not evaluation.ready and not evaluation.changed and _verdict_applies(run):
        _check_deadlock(world, run)
    return evaluation.ready


def _verdict_applies(run: Run) -> bool:
    """Airflow's deadlock verdict is off while something is deferred, or has depends_on_past or a
    limit of its own. While something is on its way the verdict can only be no, unless a branch
    decides against a task that already runs."""
    if run.exempt or run.deferred:
        return False
    return not run.busy or run.dag.may_skip_running


def _check_deadlock(world: World, run: Run) -> None:
    """Airflow counts the unfinished again only if a dependency told that it changed one: a running
    task that a branch decided against is skipped silently, and the run is called deadlocked."""
    runnable, told = is_runnable(world, run)
    if runnable:
        return
    if told and not run.unfinished:
        _end(world, run)
    else:
        world.set_run_state(run, RunState.FAILED, "all_tasks_deadlocked")


def _end(world: World, run: Run) -> None:
    """No task instance is unfinished: the leaves decide (``_tis_for_dagrun_state``)."""
    state, first = world.state, run.ti0
    if run.instances:
        states = {state[ti] for task in run.dag.leaves for ti in run.tis(task)} - {REMOVED}
    else:
        states = {state[first + task] for task in run.dag.leaves}
    if states & {FAILED, UPSTREAM_FAILED}:
        world.set_run_state(run, RunState.FAILED, "task_failure")
    elif states <= {SUCCESS, SKIPPED}:
        world.set_run_state(run, RunState.SUCCESS, "success")


__all__ = ["Creation", "Start", "examine", "timed_out", "triggered_run"]
