"""Who takes part in a deadlock: those on a circle of waits, and those who wait for what never
comes. Others that are stuck only stand behind them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from windtunnel.slices.fleet import RUNS, UNLIMITED, Acquire, Step, Wait, WaitChild
from windtunnel.slices.simulation import Simulation
from windtunnel.slices.state import (
    ALIVE,
    BY_RUN,
    CUT_OFF,
    DEFERRED,
    FAILED,
    FUTURE,
    HELD,
    NONE,
    QUEUED,
    RESCHEDULED,
    RUNNING,
    SCHEDULED,
    TRIES,
    UPSTREAM_FAILED,
    Instance,
    State,
)

_NOTHING = Instance()


def involved(simulation: Simulation, state: State, doomed: Collection[int]) -> set[int]:
    """Of the task instances that never end, those that keep the others from it."""
    waits = _Waits(simulation, state, set(doomed))
    for ti in sorted(waits.doomed):
        waits.add(ti)
    return _circles(waits.doomed, waits.edges) | waits.roots


def _circles(doomed: set[int], edges: dict[int, set[int]]) -> set[int]:
    """What remains when all that only leads to or from circles is taken away."""
    left = set(doomed)
    while True:
        waited_for = {other for ti in left for other in edges[ti]}
        idle = {ti for ti in left if not edges[ti] & left or ti not in waited_for}
        if not idle:
            return left
        left -= idle


class _Waits:
    """Who waits for whom."""

    def __init__(self, simulation: Simulation, state: State, doomed: set[int]) -> None:
        self._simulation = simulation
        self._of = simulation.of
        self._width = self._of.width
        self._state = state
        self.doomed = doomed
        self.edges: dict[int, set[int]] = defaultdict(set)
        self.roots: set[int] = set()
        """Those who wait for what never comes."""
        self._holding = [
            ti
            for ti, one in state.instances.items()
            if one.state in (QUEUED, RUNNING)
            or (one.state == DEFERRED and self._of.tasks[ti].pool in self._of.counts_deferred)
        ]

    def add(self, ti: int) -> None:
        """What this task instance waits for."""
        instance = self._state.instances.get(ti, _NOTHING)
        if instance.state == NONE:
            self._add_not_ready(ti)
        elif instance.state in (SCHEDULED, QUEUED):
            self._add_slots(ti, instance)
        step, child = self._waiting_step(ti, instance)
        if step is not None:
            self._add_step(ti, step, child)

    def _of_run(self, run: int) -> set[int]:
        return {ti for ti in self.doomed if ti // self._width == run}

    def _add_not_ready(self, ti: int) -> None:
        """Its run, the tasks before it, its past."""
        of, width = self._of, self._width
        run = ti // width
        runs, edges = self._state.runs, self.edges[ti]
        if runs[run].state in (QUEUED, FUTURE, HELD):
            for other, one in runs.items():
                if other // RUNS == run // RUNS and one.state == RUNNING:
                    edges |= self._of_run(other)
        first = run * width
        edges |= {first + n for n in of.upstream[run // RUNS][ti - first]} & self.doomed
        task = of.tasks[ti]
        if task.depends_on_past and run % RUNS:
            past = ti - width
            edges |= {past} & self.doomed
            if task.wait_for_downstream:
                after = of.downstream[run // RUNS][ti - first]
                edges |= {first - width + n for n in after} & self.doomed
            state = self._state.instances.get(past, _NOTHING).state
            if state in (FAILED, UPSTREAM_FAILED):
                self.roots.add(ti)

    def _add_slots(self, ti: int, instance: Instance) -> None:
        """Those who hold the limit that has no room for it."""
        tasks = self._of.tasks
        task = tasks[ti]
        in_pool = [other for other in self._holding if tasks[other].pool == task.pool]
        if sum(tasks[other].slots for other in in_pool) + task.slots > self._of.pools[task.pool]:
            holders = in_pool
        else:
            queued = instance.state == QUEUED
            holders = [other for other in self._holding if self._limits(ti, other, queued)]
        self.edges[ti] |= {other for other in holders if other != ti and other in self.doomed}
        if not self.edges[ti]:
            self.roots.add(ti)

    def _limits(self, ti: int, other: int, queued: bool) -> bool:
        """Whether another one holds what this one lacks, its pool having room."""
        of, width = self._of, self._width
        if len(self._holding) >= of.parallelism:
            return True
        task, its = of.tasks[ti], of.tasks[other]
        if queued and its.queue == task.queue:
            return True
        run, its_run = ti // width, other // width
        limit = of.dag_of(run).max_active_tasks
        in_run = sum(1 for one in self._holding if one // width == run)
        if its_run == run and limit <= in_run:
            return True
        same_dag = its_run // RUNS == run // RUNS
        if same_dag and of.tasks_limited_by == "dag" and limit < UNLIMITED:
            return True
        same_task = same_dag and other % width == ti % width
        return same_task and task.max_active_tis < UNLIMITED

    def _waiting_step(self, ti: int, instance: Instance) -> tuple[Step | None, int | None]:
        """The step at which it is, and the run that it triggered."""
        task = self._of.tasks[ti]
        for process in self._state.processes:
            if process.ti == ti and process.kind in (ALIVE, CUT_OFF):
                steps = task.steps_of(process.tries)
                if process.at < len(steps):
                    return steps[process.at], process.child
                return None, None
        if instance.state == DEFERRED:
            return task.steps_of(instance.tries)[instance.resumes_at], instance.child
        if instance.state == RESCHEDULED:
            return task.steps_of(instance.tries)[-1], instance.child
        return None, None

    def _add_step(self, ti: int, step: Step, child: int | None) -> None:
        edges = self.edges[ti]
        if isinstance(step, Acquire):
            for lock, owner in self._state.holds:
                if lock == step.lock:
                    self._add_holder(ti, owner)
        elif isinstance(step, WaitChild):
            if child is not None:
                edges |= self._of_run(child)
        elif isinstance(step, Wait):
            run = self._simulation.target(ti, step)
            found = set() if run is None else self._of_run(run)
            if run is not None and step.task is not None:
                number = self._of.task_number[run // RUNS].get(step.task, -1)
                found &= {run * self._width + number}
            edges |= found
            if not found:
                self.roots.add(ti)

    def _add_holder(self, ti: int, owner: int) -> None:
        """Whoever holds the lock; a try without a process never gives it back."""
        if owner & BY_RUN:
            self.edges[ti] |= self._of_run(owner >> 1)
            return
        holder, tries = divmod(owner >> 1, TRIES)
        self.edges[ti].add(holder)
        if self._state.process(holder, tries) is None:
            self.roots.add(ti)
