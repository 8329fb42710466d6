"""Creation: the runs that timetables and assets make, when they are due; those that people trigger.

From Airflow: ``jobs/scheduler_job_runner.py: _create_dag_runs, _set_exceeds_max_active_runs`` and
``dag_processing/collection.py: update_dags``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from heapq import heappop, heappush

from windtunnel.engine.dag_runs.assets import AssetRuns
from windtunnel.engine.dag_runs.run_ids import free_run_id, iso
from windtunnel.engine.dag_runs.timetable import NextRun
from windtunnel.engine.program import DagProgram, micros
from windtunnel.engine.world import AUTOMATIC, Run, World
from windtunnel.model import Uniform
from windtunnel.trace.trace import LostRun, RunRecord

NEVER = 1 << 62


class Schedule:
    """What ``DagModel`` remembers of one DAG: its next run, and whether it may be created."""

    __slots__ = ("after", "after_us", "dag", "done", "due_us", "exceeds", "late_us", "next")

    def __init__(self, dag: DagProgram, done: tuple[datetime, datetime] | None) -> None:
        self.dag = dag
        self.done = done
        """Data interval of the last run that was over when the simulation began."""
        self.next: NextRun | None = None
        self.after: tuple[datetime, datetime] | None = None
        """Data interval of the run after which the next one comes."""
        self.after_us = NEVER
        """When the next run is due by its timetable."""
        self.due_us = NEVER
        """When the next run is created; NEVER if none is, or 2.x nulled it."""
        self.exceeds = False
        """3.x ``exceeds_max_non_backfill``."""
        self.late_us: dict[datetime, int] = {}
        """How late the run comes that is due then, if runs may be late."""


class Creation:
    """Creates the runs of all timetables and assets when they are due."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._schedules = [Schedule(dag, _last_done(world, dag)) for dag in world.program.dags]
        self._heap: list[tuple[int, str, int]] = []
        jitter = world.scenario.jitter_s
        self._lateness = Uniform(low=0, high=jitter) if jitter else None
        loop = world.cluster.loop
        self._unseen_us = 0 if loop is None else micros(loop.due_late_s)
        self.assets: AssetRuns | None = None
        """None if no DAG of the fleet waits for assets."""
        self.next_due: Callable[[], int | None] = self._next_tick
        """When the next run is due, if any; an instant that has passed if assets ask for one."""
        if world.program.consumers:
            self.assets = AssetRuns(world, lambda dag: self._schedules[dag].exceeds)
            self.next_due = self._next_asked

    def of(self, dag: int) -> Schedule:
        """The schedule of a DAG."""
        return self._schedules[dag]

    def _next_asked(self) -> int | None:
        assert self.assets is not None
        return -1 if self.assets.ready() else self._next_tick()

    def _next_tick(self) -> int | None:
        heap = self._heap
        while heap:
            due, _, number = heap[0]
            schedule = self._schedules[number]
            if schedule.due_us == due and not schedule.exceeds and not self._world.paused[number]:
                return due - self._world.ahead_us
            heappop(heap)
        return None

    @property
    def waits_for_parse(self) -> bool:
        """Whether a DAG that has room for its next run waits for a parse that notices it."""
        world = self._world
        return any(
            (schedule.exceeds or schedule.due_us == NEVER)
            and schedule.next is not None
            and not world.paused[schedule.dag.number]
            and not world.is_at_max_active_runs(schedule.dag)
            for schedule in self._schedules
        )

    def parse(self) -> None:
        """All DAG files are parsed (again): every next run is computed anew
        (``dag_processing/collection.py: update_dags``; 2.x ``DAG.bulk_write_to_db``)."""
        for schedule in self._schedules:
            self._parse(schedule)

    def unpaused(self, dag: int) -> None:
        """A DAG is unpaused; its next run is the one that the parse before has computed."""
        self._parse(self._schedules[dag])

    def changed(self, dag: DagProgram) -> None:
        """A DAG has another version: its next run is computed by that."""
        schedule = self._schedules[dag.number]
        schedule.dag = dag
        schedule.due_us = NEVER
        if self.assets is not None:
            self.assets.changed(dag.number)
        self._parse(schedule)

    def _parse(self, schedule: Schedule) -> None:
        world, dag = self._world, schedule.dag
        if not _makes_runs(dag) or world.paused[dag.number]:
            return
        last = self._last(schedule)
        is_full = world.is_at_max_active_runs(dag)
        if world.profile.creation_flag:
            schedule.exceeds = is_full
        elif is_full:
            schedule.due_us = NEVER
            return
        if self._is_planned(schedule, last):
            self._enter(schedule)
        else:
            self._plan(schedule, last)

    def _is_planned(self, schedule: Schedule, last: tuple[datetime, datetime] | None) -> bool:
        """Whether the clock has changed nothing: a run that is not due yet stays the next one."""
        world = self._world
        is_later = schedule.after_us > world.now + world.ahead_us
        return schedule.due_us != NEVER and is_later and schedule.after == last

    def create_due(self) -> None:
        """One run for each DAG that is due: by timetable in order of (due time, dag_id), then, as
        PostgreSQL sorts those without a due time, by assets. A DAG of both kinds gets the run of
        its assets now and that of its timetable in the next loop."""
        world = self._world
        most = world.cluster.max_dagruns_to_create_per_loop
        due: dict[int, Schedule] = {}
        while len(due) < most:
            first = self._next_tick()
            if first is None or first > world.now:
                break
            number = heappop(self._heap)[2]
            due[number] = self._schedules[number]
        ready = [] if self.assets is None else self.assets.ready()
        for schedule in due.values():
            if schedule.dag.number in ready:
                self._enter(schedule)
            else:
                self._create(schedule)
        room = most - len(due)
        for number in ready:
            if number in due or room > 0:
                assert self.assets is not None
                self.assets.create(number)
                room -= number not in due

    def run_ended(self, run: Run) -> None:
        """A run is over: there may be room for the next one."""
        world, dag = self._world, run.dag
        schedule = self._schedules[dag.number]
        if not _makes_runs(dag) or world.paused[dag.number]:
            return
        is_full = world.is_at_max_active_runs(dag)
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
            before = self._last(schedule) if info.skips else None
            record = RunRecord(
                dag.number,
                f"scheduled__{iso(info.run_after if _by_run_after(world) else info.start)}",
                "scheduled",
                info.start,
                info.run_after,
                world.now,
                interval,
            )
            run = world.add_run(dag, record)
            if before is not None:
                self._note_lost(dag, before, info, run)
        is_full = world.is_at_max_active_runs(dag)
        if world.profile.creation_flag:
            schedule.exceeds = is_full
        elif is_full:
            schedule.due_us = NEVER
            return
        self._plan(schedule, interval)

    def _last(self, schedule: Schedule) -> tuple[datetime, datetime] | None:
        """The data interval of the last run of a schedule."""
        latest = self._world.latest_automatic[schedule.dag.number]
        return schedule.done if latest is None else latest.interval

    def _note_lost(
        self, dag: DagProgram, last: tuple[datetime, datetime], made: NextRun, run: Run
    ) -> None:
        """Write down which runs the schedule went past to come to this one."""
        world = self._world
        for missed in dag.timetable.passed_over(last, made):
            if missed.start not in world.logical_dates[dag.number]:
                lost = LostRun(world.now, dag.number, "skipped", run.index, missed.run_after)
                world.trace.lost_runs.append(lost)

    def _plan(self, schedule: Schedule, last: tuple[datetime, datetime] | None) -> None:
        """Compute the next run after ``last`` (``DagModel.calculate_dagrun_date_fields``)."""
        now = self._world.datetime_at(self._world.now + self._world.ahead_us).astimezone(UTC)
        schedule.next = schedule.dag.timetable.next_run(last, now)
        after = schedule.next.run_after if schedule.next else None
        schedule.after, schedule.due_us = last, NEVER
        if after is not None:
            schedule.after_us = self._world.us_at(after)
            late = self._unseen_us + self._late_us(schedule, after)
            schedule.due_us = schedule.after_us + late
        self._enter(schedule)

    def _late_us(self, schedule: Schedule, after: datetime) -> int:
        """How much later than it is due a run comes; asked once, however often it is planned."""
        if self._lateness is None:
            return 0
        if after not in schedule.late_us:
            about = (schedule.dag.dag_id, iso(after))
            due = self._world.us_at(after)
            late = self._world.luck.length_us(self._lateness, "jitter", about, due)
            schedule.late_us[after] = late
        return schedule.late_us[after]

    def _enter(self, schedule: Schedule) -> None:
        if schedule.due_us != NEVER and not schedule.exceeds:
            heappush(self._heap, (schedule.due_us, schedule.dag.dag_id, schedule.dag.number))


def _makes_runs(dag: DagProgram) -> bool:
    """Whether the scheduler ever makes a run of it by itself."""
    return dag.timetable.can_be_scheduled or dag.awaited is not None


def _last_done(world: World, dag: DagProgram) -> tuple[datetime, datetime] | None:
    if world.scenario.backlog == "replayed":
        return None
    return dag.timetable.last_due_before(world.start.astimezone(UTC))


def was_done(world: World, dag: DagProgram, logical: datetime) -> bool:
    """Whether the schedule's run of this logical date was over when the simulation began."""
    if world.scenario.backlog == "replayed" or dag.dag.is_paused or not dag.max_active_runs:
        return False
    return dag.timetable.was_due(logical.astimezone(UTC), world.start.astimezone(UTC))


def _by_run_after(world: World) -> bool:
    return world.profile.creation_flag


def triggered_run(
    world: World, dag: DagProgram, kind: str, run_id: str | None, logical: datetime | None
) -> Run:
    """Create a run by hand or by TriggerDagRunOperator; it is queued at once and unlimited."""
    now = world.datetime_at(world.now).astimezone(UTC)
    name = free_run_id(world, dag, run_id or f"manual__{iso(logical or now)}")
    interval = None
    if logical is not None:
        logical = logical.astimezone(UTC)
        interval = dag.timetable.manual_interval(logical)
    after = now if world.profile.start_order == "run_after" or interval is None else interval[1]
    record = RunRecord(dag.number, name, kind, logical, after, world.now, interval)
    return world.add_run(dag, record)
