"""Starts: queued runs begin to run where there is room.

From Airflow: ``jobs/scheduler_job_runner.py: _start_queued_dagruns`` and ``models/dagrun.py:
get_queued_dag_runs_to_set_running``.
"""

from __future__ import annotations

from heapq import heappop, heappush, nsmallest

from windtunnel.engine.program import UNLIMITED
from windtunnel.engine.scheduler.dependencies import begin
from windtunnel.engine.world import Run, World
from windtunnel.trace.states import RunState

Place = tuple[int, int, int]
"""A queued run among those of its group: ordinal in its backfill, date, index."""


class Start:
    """Starts queued runs where their limit leaves room.

    Runs of one DAG are a group with a common limit, ``max_active_runs``; those of one backfill are
    another, with the backfill's. In 2.x a backfill's command has seen to the limit already.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._queued: dict[int, list[Place]] = {}
        """By group: the number of a DAG, or ``~number`` of a backfill."""
        self._seen = 0
        self._look_at: dict[int, None] = {}
        """Groups of which a run was created or ended since the last look."""
        self._full: set[int] = set()
        """Groups without room."""
        self._full_until: dict[int, int] = {}
        """By group: when it last came to have room again."""

    @property
    def has_work(self) -> bool:
        """Whether anything happened that may let a run start."""
        return bool(self._look_at) or self._seen < len(self._world.runs)

    def run_ended(self, run: Run) -> None:
        """There may be room for another run of its group. In 2.x a run of a backfill takes room
        from its DAG's own, too."""
        groups = [_group(run)]
        if run.backfill is not None and not self._world.profile.backfills_in_scheduler:
            groups.append(run.dag.number)
        for group in groups:
            if self._queued.get(group):
                self._look_at[group] = None
            self._note_room(group, self._room(group))

    def start_queued(self) -> list[Run]:
        """Start queued runs of the first page: those of no backfill before others, then by their
        ordinal, groups with fewer running first (3.x), then by run_after (3.x) or logical date
        (2.x), ties by creation. Returns them.

        The page may be full of runs of a group that has room for few of them; others wait for the
        next loop then."""
        world = self._world
        self._enter_new()
        most = world.cluster.max_dagruns_per_loop_to_schedule
        page: list[tuple[int, int, int, int, int]] = []
        rooms: dict[int, int] = {}
        for group in self._look_at:
            if self._is_idle(group):
                continue
            rooms[group] = room = self._room(group)
            self._note_room(group, room)
            if room > 0:
                running = self._running(group) if world.profile.backfills_in_scheduler else 0
                places = nsmallest(most, self._queued[group])
                page.extend((o, running, date, index, group) for o, date, index in places)
        page.sort()
        starting: dict[int, Run] = {}
        for *_, index, group in page[:most]:
            if rooms[group] > 0:
                heappop(self._queued[group])
                run = world.runs[index]
                # Else somebody has ended it; or ended and cleared it, and it is here twice.
                if run.state == RunState.QUEUED and index not in starting:
                    rooms[group] -= 1
                    starting[index] = run
        started = list(starting.values())
        self._look_at = {g: None for g in rooms if rooms[g] > 0 and self._queued[g]}
        self._full.update(group for group, room in rooms.items() if room <= 0)
        for run in started:
            self._note_held(run, self._full_until.get(_group(run), 0))
            world.set_run_state(run, RunState.RUNNING, "started")
            begin(world, run)
        return started

    def end_all(self, now: int) -> None:
        """The window ends: what a limit holds back is held until then."""
        for group in self._full:
            for *_, index in self._queued.get(group, ()):
                self._note_held(self._world.runs[index], now)

    def _note_room(self, group: int, room: int) -> None:
        if room > 0 and group in self._full:
            self._full.discard(group)
            self._full_until[group] = self._world.now

    def _note_held(self, run: Run, until: int) -> None:
        """Its first start only: what waits for another one was cleared, and is no wait of its."""
        if until > run.record.created_us and run.state == RunState.QUEUED:
            self._world.trace.held_runs.setdefault(run.index, until)

    def requeued(self, run: Run) -> None:
        """A run that was over waits for its start again."""
        by_date = self._world.profile.start_order == "logical_date"
        date = run.logical_us if by_date else run.run_after_us
        group = _group(run)
        heappush(self._queued.setdefault(group, []), (run.ordinal, date, run.index))
        self._look_at[group] = None

    def unpaused(self, dag: int) -> None:
        """Queued runs of a DAG may start again."""
        for group in self._queued:
            if self._dag_of(group) == dag:
                self._look_at[group] = None

    def _enter_new(self) -> None:
        for run in self._world.runs[self._seen :]:
            self.requeued(run)
        self._seen = len(self._world.runs)

    def _is_idle(self, group: int) -> bool:
        return not self._queued[group] or self._world.paused[self._dag_of(group)]

    def _dag_of(self, group: int) -> int:
        if group >= 0:
            return group
        return self._world.program.number[self._world.scenario.backfills[~group].dag_id]

    def _running(self, group: int) -> int:
        world = self._world
        if group < 0:
            return world.backfilling.get(~group, 0)
        running = world.running_runs[group]
        apart = world.profile.backfills_in_scheduler
        return running - world.running_backfills[group] if apart else running

    def _room(self, group: int) -> int:
        world = self._world
        if group < 0:
            if not world.profile.backfills_in_scheduler:
                return UNLIMITED
            return world.scenario.backfills[~group].max_active_runs - self._running(group)
        most = world.program.dags[group].max_active_runs
        if not most or group in world.limitless:
            return UNLIMITED  # 0 limits creation only: it is false where a start is checked
        return most - self._running(group)


def _group(run: Run) -> int:
    return run.dag.number if run.backfill is None else ~run.backfill
