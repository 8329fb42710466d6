"""Faults of people: what somebody does by hand to pools, DAGs, runs and task instances."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from windtunnel.engine.faults.held import Held, every
from windtunnel.engine.faults.timeline import Undo
from windtunnel.engine.parts import Parts
from windtunnel.engine.program import DagProgram
from windtunnel.engine.world import (
    DEFERRED,
    FAILED,
    FINISHED,
    NONE,
    RESTARTING,
    RUNNING,
    SKIPPED,
    UP_FOR_RESCHEDULE,
    UPSTREAM_FAILED,
    Run,
)
from windtunnel.model import (
    Cleared,
    DagPaused,
    DagUnpaused,
    PoolDeleted,
    PoolResized,
    RunMarked,
    TaskMarked,
)
from windtunnel.model.pattern import matches
from windtunnel.trace.states import RunState, TaskState

BY_HAND = "marked by hand"
AT_WORK = (RUNNING, DEFERRED, UP_FOR_RESCHEDULE)
"""What counts as running where somebody marks a run (``api/common/mark_tasks.py``)."""

ByHand = PoolResized | PoolDeleted | DagPaused | DagUnpaused | Cleared | TaskMarked | RunMarked
OfInstances = Cleared | TaskMarked


class OfPeople:
    """All that people do."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._world = world = parts.world
        self._pools = Held(world.pool_slots.__getitem__, world.resize_pool)
        self._paused = Held(world.paused.__getitem__, self._set_paused)

    def begin(self, number: int, fault: ByHand) -> Undo | None:
        """Somebody does it."""
        undo, struck = self._do(fault)
        self._world.trace.struck[number] += struck
        return undo

    def _do(self, fault: ByHand) -> tuple[Undo | None, int]:
        """How to undo it, and how much it struck."""
        if isinstance(fault, PoolResized):
            return self._resize(fault.pool, fault.slots)
        if isinstance(fault, PoolDeleted):
            return self._resize(fault.pool, None)
        if isinstance(fault, DagPaused | DagUnpaused):
            return self._pause(fault.dags, paused=isinstance(fault, DagPaused))
        if isinstance(fault, Cleared):
            return None, self._clear(fault)
        if isinstance(fault, TaskMarked):
            return None, self._mark_tasks(fault)
        return None, self._mark_runs(fault)

    # -- pools and DAGs -----------------------------------------------------------------------

    def _resize(self, pool: str, slots: int | None) -> tuple[Undo | None, int]:
        number = self._world.program.pool_number.get(pool)
        if number is None:
            return None, 0
        return self._pools.hold(number, slots), 1

    def _pause(self, dags: str, *, paused: bool) -> tuple[Undo | None, int]:
        world = self._world
        found = [dag.number for dag in world.program.dags if fnmatchcase(dag.dag_id, dags)]
        struck = sum(world.paused[dag] is not paused for dag in found)
        return every([self._paused.hold(dag, paused) for dag in found]), struck

    def _set_paused(self, dag: int, paused: bool) -> None:
        if self._world.paused[dag] is not paused:
            self._world.pause(dag, paused=paused)
            if not paused:
                self._parts.creation.unpaused(dag)
                self._parts.start.unpaused(dag)

    # -- task instances -----------------------------------------------------------------------

    def _clear(self, fault: Cleared) -> int:
        """Cleared task instances lose their state, running ones when their process is gone; a run
        that was over is queued again."""
        states = {TaskState[state.upper()] for state in fault.states}
        chosen = [
            ti
            for ti in self._chosen(fault)
            if self._world.state[ti] != NONE and (not states or self._world.state[ti] in states)
        ]
        self._clear_all(chosen)
        return len(chosen)

    def _clear_all(self, chosen: list[int]) -> None:
        world = self._world
        for ti in chosen:
            if world.state[ti] == RUNNING:
                self._parts.losses.restart(ti)
            elif world.state[ti] != RESTARTING:
                world.clear(ti)
        self._parts.tries.reap()
        for index in dict.fromkeys(world.ti_run[ti] for ti in chosen):
            if world.requeue(world.runs[index]):
                self._parts.start.requeued(world.runs[index])

    def _mark_tasks(self, fault: TaskMarked) -> int:
        state = TaskState[fault.state.upper()]
        chosen = [ti for ti in self._chosen(fault) if self._world.state[ti] != state]
        for ti in chosen:
            self._set(ti, state)
        self._parts.tries.reap()
        self._clear_all(self._failed_below(chosen))
        return len(chosen)

    def _failed_below(self, marked: list[int]) -> list[int]:
        """What failed downstream of marked task instances, which is cleared with them."""
        world, tasks = self._world, dict[int, set[int]]()
        for ti in marked:
            tasks.setdefault(world.ti_run[ti], set()).add(world.ti_task[ti])
        runs = [(world.runs[index], of) for index, of in tasks.items()]
        found = [ti for run, of in runs for task in run.dag.below(*of) for ti in run.tis(task)]
        kept = set(marked)
        return [
            ti
            for ti in sorted(found)
            if ti not in kept and world.state[ti] in (FAILED, UPSTREAM_FAILED)
        ]

    def _chosen(self, fault: OfInstances) -> Iterator[int]:
        """The task instances of which a fault speaks, by run and task."""
        for dag in self._world.program.dags:
            tasks = self._tasks(dag, fault)
            runs = self._world.runs_of[dag.number] if tasks else []
            named = [run for run in runs if fault.run_id in (None, run.record.run_id, run.name)]
            dates = [run.logical_us for run in named if run.logical is not None]
            first, last = min(dates, default=None), max(dates, default=None)
            indices = {run.index for run in named}
            for run in runs:
                if run.index in indices or _is_beside(run, first, last, fault):
                    for task in tasks:
                        yield from run.tis(task)

    def _tasks(self, dag: DagProgram, fault: OfInstances) -> list[int]:
        named = [t for t in range(dag.size) if matches(fault.tasks, dag.dag, dag.tasks[t])]
        found = set(named)
        if fault.downstream:
            found |= dag.below(*named)
        if fault.upstream:
            found |= dag.above(*named)
        return sorted(found)

    def _set(self, ti: int, state: TaskState) -> None:
        world = self._world
        world.trace.reasons[len(world.trace.history)] = BY_HAND
        world.move(ti, state)

    # -- runs ---------------------------------------------------------------------------------

    def _mark_runs(self, fault: RunMarked) -> int:
        state = RunState[fault.state.upper()]
        chosen = [
            run
            for run in self._world.runs
            if fnmatchcase(run.dag.dag_id, fault.dags)
            and (
                run.state < RunState.SUCCESS
                if fault.run_id is None
                else fault.run_id in (run.record.run_id, run.name)
            )
        ]
        for run in chosen:
            self._mark_run(run, state)
        self._parts.tries.reap()
        return len(chosen)

    def _mark_run(self, run: Run, state: RunState) -> None:
        """What runs gets the state, the rest is skipped, teardowns are left alone; while any is not
        over, the scheduler ends the run (``mark_tasks.py: _set_dag_run_terminal_state``)."""
        world, dag = self._world, run.dag
        marks_all = state == RunState.SUCCESS and world.profile.run_marked_success_marks_all
        of_tasks = TaskState[state.name]
        waits = marks_all and any(task.is_teardown for task in dag.tasks)
        for task in range(dag.size):
            for ti in run.tis(task):
                old = world.state[ti]
                if dag.tasks[task].is_teardown:
                    waits |= old not in FINISHED
                elif marks_all or old in AT_WORK:
                    if old != of_tasks:
                        self._set(ti, of_tasks)
                elif old not in FINISHED:
                    self._set(ti, TaskState(SKIPPED))
        if not waits:
            self._end(run, state)

    def _end(self, run: Run, state: RunState) -> None:
        """Room for the next run is seen at once where runs are started; that there is room to
        create one, only when the DAG is parsed again."""
        world = self._world
        if run.state >= RunState.SUCCESS:
            world.correct_run_state(run, state, BY_HAND)
            return
        world.set_run_state(run, state, BY_HAND)
        self._parts.start.run_ended(run)
        if world.cluster.min_file_process_interval_s is None:
            self._parts.creation.run_ended(run)


def _is_beside(run: Run, first: int | None, last: int | None, fault: OfInstances) -> bool:
    """Whether a run is earlier (past) or later (future) than a named one; of these the logical
    dates of the first and of the last."""
    if run.logical is None or first is None or last is None:
        return False
    return (fault.past and run.logical_us < last) or (fault.future and run.logical_us > first)
