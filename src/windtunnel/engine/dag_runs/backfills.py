"""Backfills: all runs of a DAG between two dates, when somebody asks for them.

From Airflow: ``models/backfill.py: _create_backfill`` (3.x: all runs are queued at once, in order,
under a limit of their own) and ``jobs/backfill_job_runner.py`` (2.x: a command makes as many runs
as ``max_active_runs`` allows, waits for the last of them, and goes on with the next wave).
"""

from __future__ import annotations

from datetime import UTC

from windtunnel.engine.dag_runs.run_ids import free_run_id, iso
from windtunnel.engine.dag_runs.starts import Start
from windtunnel.engine.dag_runs.timetable import NextRun
from windtunnel.engine.program import MICRO, DagProgram, micros
from windtunnel.engine.world import FINISHED, Run, World
from windtunnel.model import Backfill
from windtunnel.trace.states import RunState
from windtunnel.trace.trace import RunRecord

SWEEP_US = 30 * MICRO
"""How often 3.x looks whether a backfill is complete (``_mark_backfills_complete``)."""
DELAY_US = 1 * MICRO
"""How long the command of 2.x sleeps between two waves (``delay_on_limit_secs``)."""


class Backfills:
    """All backfills of one scenario."""

    def __init__(self, world: World, start: Start) -> None:
        self._world = world
        self._start = start
        known = world.program.number
        self._due = [
            (micros(backfill.at_s), number)
            for number, backfill in enumerate(world.scenario.backfills)
            if backfill.dag_id in known
        ]
        self._due.sort(reverse=True)
        self._runs: dict[int, list[Run]] = {}
        """By backfill: its runs, of 2.x those of the current wave."""
        self._left: dict[int, list[NextRun]] = {}
        """2.x: what is still to be made, by backfill."""
        self._made: dict[int, int] = {}
        """2.x: how many runs each has got."""
        self._over_us: dict[int, int] = {}
        """When the last run of each ended."""

    def next_due(self) -> int | None:
        """When somebody asks for a backfill, or the command of 2.x goes on with one."""
        return self._due[-1][0] if self._due else None

    def handle_due(self) -> None:
        """Make the runs that are due."""
        world = self._world
        while self._due and self._due[-1][0] <= world.now:
            number = self._due.pop()[1]
            backfill = world.scenario.backfills[number]
            dag = world.program.dags[world.program.number[backfill.dag_id]]
            if number in self._left:
                self._next_wave(number, dag)
            elif (why := self._refused(number, dag)) is not None:
                world.trace.refused.append((world.now, f"backfill of {dag.dag_id}: {why}"))
            elif world.profile.backfills_in_scheduler:
                self._make_all(number, dag)
            else:
                self._left[number] = self._asked_for(backfill, dag)
                self._next_wave(number, dag)

    def run_ended(self, run: Run) -> None:
        """A run of one of the DAGs is over."""
        number = run.backfill
        if number is None:
            self._look_again(run.dag.dag_id)
            return
        runs = self._runs.get(number, [])
        if all(r.state >= RunState.SUCCESS for r in runs):
            self._over_us[number] = self._world.now
            if any(r.state == RunState.FAILED for r in runs):
                self._left.pop(number, None)  # the command gives up after a wave with failures
            elif self._left.get(number):
                self._arm(number)

    def _look_again(self, dag_id: str) -> None:
        """A run of another kind ended: a command that could make none may now have room."""
        for number, left in self._left.items():
            idle = all(run.state >= RunState.SUCCESS for run in self._runs.get(number, []))
            waits = idle and left and all(number != other for _, other in self._due)
            if waits and self._world.scenario.backfills[number].dag_id == dag_id:
                self._arm(number)

    def _arm(self, number: int) -> None:
        self._due.append((self._world.now + DELAY_US, number))
        self._due.sort(reverse=True)

    def _refused(self, number: int, dag: DagProgram) -> str | None:
        """Why there is none now. What the scenario alone decides was looked at before."""
        world = self._world
        for other, runs in self._runs.items():
            if world.scenario.backfills[other].dag_id != dag.dag_id or not runs:
                continue
            over = self._over_us.get(other)
            if over is None or world.now < (over // SWEEP_US + 1) * SWEEP_US:
                return "another one of this DAG is not complete yet"
        backfill = world.scenario.backfills[number]
        if not world.profile.backfills_in_scheduler and self._runs_in(backfill, dag):
            return "a run of this DAG in this range is running"
        if not self._asked_for(backfill, dag):
            return "no run of it is due in this range"
        return None

    def _runs_in(self, backfill: Backfill, dag: DagProgram) -> bool:
        return any(
            run.state == RunState.RUNNING
            and run.backfill is None
            and run.logical is not None
            and backfill.from_date <= run.logical <= backfill.to_date
            for run in self._world.runs_of[dag.number]
        )

    def _asked_for(self, backfill: Backfill, dag: DagProgram) -> list[NextRun]:
        world = self._world
        earliest, latest = backfill.from_date.astimezone(UTC), backfill.to_date.astimezone(UTC)
        found = list(dag.timetable.between(earliest, latest))
        if world.profile.backfills_in_scheduler:
            now = world.datetime_at(world.now)
            found = [info for info in found if info.end < now]
        return found[::-1] if backfill.run_backwards else found

    # -- 3.x ----------------------------------------------------------------------------------

    def _make_all(self, number: int, dag: DagProgram) -> None:
        backfill = self._world.scenario.backfills[number]
        self._runs[number] = runs = []
        for ordinal, info in enumerate(self._asked_for(backfill, dag), 1):
            exists = self._world.run_at(dag.number, self._world.us_at(info.start))
            if exists is None:
                runs.append(self._make(dag, info, (number, ordinal)))
            elif _runs_again(exists, backfill):
                self._adopt(exists, (number, ordinal))
                runs.append(exists)
        if not runs:
            self._over_us[number] = self._world.now

    def _make(self, dag: DagProgram, info: NextRun, place: tuple[int, int]) -> Run:
        world = self._world
        by_run_after = world.profile.backfills_in_scheduler
        name = f"backfill__{iso(info.run_after if by_run_after else info.start)}"
        record = RunRecord(
            dag.number,
            free_run_id(world, dag, name),
            "backfill",
            info.start,
            info.run_after,
            world.now,
            (info.start, info.end),
        )
        return world.add_run(dag, record, place)

    def _adopt(self, run: Run, place: tuple[int, int]) -> None:
        """A run that is over is cleared, and belongs to the backfill from now on."""
        world = self._world
        for task in range(run.dag.size):
            for ti in run.tis(task):
                if world.state[ti] in FINISHED:
                    world.clear(ti)
        run.kind = "backfill"
        run.backfill, run.ordinal = place
        world.requeue(run)
        self._start.requeued(run)

    # -- 2.x ----------------------------------------------------------------------------------

    def _next_wave(self, number: int, dag: DagProgram) -> None:
        """As many runs as the DAG has room for, in order; those that exist are passed over."""
        world = self._world
        self._runs[number] = runs = []
        left = self._left[number]
        while left and world.active_runs[dag.number] < dag.max_active_runs:
            info = left.pop(0)
            if world.run_at(dag.number, world.us_at(info.start)) is None:
                self._made[number] = self._made.get(number, 0) + 1
                runs.append(self._make(dag, info, (number, self._made[number])))


def _runs_again(run: Run, backfill: Backfill) -> bool:
    if run.state < RunState.SUCCESS or backfill.reprocess_behavior == "none":
        return False
    return backfill.reprocess_behavior == "completed" or run.state == RunState.FAILED


__all__ = ["Backfills"]
