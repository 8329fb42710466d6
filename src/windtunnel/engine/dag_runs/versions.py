"""Versions: DAGs that change while their runs are in flight.

From Airflow: ``dag_processing/collection.py`` (the scheduler knows a new version at the next
parse), ``jobs/scheduler_job_runner.py: _verify_integrity_if_dag_changed`` and ``models/dagrun.py:
verify_integrity, task_instance_scheduling_decisions``.

All versions of a DAG number its tasks alike, so a run changes its program and keeps its columns.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

from windtunnel.engine.dag_runs.creation import Creation
from windtunnel.engine.program import DagProgram, Program, micros
from windtunnel.engine.scheduler.dependencies import absorb
from windtunnel.engine.world import (
    DEFERRED,
    FAILED,
    FINISHED,
    HOLDS_POOL,
    NONE,
    REMOVED,
    SCHEDULEABLE,
    SKIPPED,
    SUCCESS,
    UPSTREAM_FAILED,
    Run,
    World,
    literal_length,
)
from windtunnel.model import Dag, DagChanged, Scenario
from windtunnel.trace.states import RunState

OF_TASK_INSTANCES = ("pool", "pool_slots", "queue")
"""What a task instance keeps as it was when it was created."""


def later_versions(scenario: Scenario) -> dict[str, list[Dag]]:
    """By dag_id, the versions that come in the place of the fleet's, in order."""
    found: dict[str, list[Dag]] = {}
    fleet = {dag.dag_id: dag for dag in scenario.fleet.dags}
    for _, change in changes_of(scenario):
        before = [fleet[change.dag_id], *found.get(change.dag_id, [])][-1]
        version = _without(change.dag or before, change.without)
        found.setdefault(change.dag_id, []).append(version)
    return found


def changes_of(scenario: Scenario) -> list[tuple[int, DagChanged]]:
    """The changes of DAGs that the fleet has, with their numbers among the faults, in order of
    time."""
    known = {dag.dag_id for dag in scenario.fleet.dags}
    changes = [
        (number, fault)
        for number, fault in enumerate(scenario.faults)
        if isinstance(fault, DagChanged) and fault.dag_id in known
    ]
    return sorted(changes, key=lambda change: change[1].begins_s(scenario.start))


def _without(dag: Dag, gone: tuple[str, ...]) -> Dag:
    tasks = tuple(
        task.model_copy(update={"upstream": tuple(u for u in task.upstream if u not in gone)})
        for task in dag.tasks
        if task.task_id not in gone
    )
    return dag.model_copy(update={"tasks": tasks})


class Versions:
    """The changes of one scenario, and what they do to runs in flight."""

    def __init__(
        self, world: World, creation: Creation, restarted: Callable[[list[Run]], None]
    ) -> None:
        self._world = world
        self._creation = creation
        self._restarted = restarted
        """Told of the running runs that changed: their timeout may be another one now."""
        self._due: list[tuple[int, int, DagProgram, bool]] = []
        seen: dict[int, int] = {}
        for fault, change in changes_of(world.scenario):
            number = world.program.number[change.dag_id]
            seen[number] = seen.get(number, 0) + 1
            version = world.program.versions[number][seen[number]]
            at = micros(change.begins_s(world.start))
            self._due.append((at, fault, version, change.pinned))
        self._due.reverse()
        self._mixed: dict[tuple[int, int], DagProgram] = {}
        self._pinned: set[int] = set()
        """DAGs whose runs keep the version with which they were created."""
        self._followed: dict[int, DagProgram] = {}
        """By index of a run: the version by which it goes, if that is not the first."""
        world.restarts = self._follow

    def next_due(self) -> int | None:
        """When the next version is deployed."""
        return self._due[-1][0] if self._due else None

    def parse(self) -> None:
        """The DAG files are parsed: what was deployed by now is what the scheduler knows."""
        world = self._world
        while self._due and self._due[-1][0] <= world.now:
            _, fault, version, pinned = self._due.pop()
            world.trace.struck[fault] += 1
            number = version.number
            world.program.dags[number] = version
            if pinned:
                self._pinned.add(number)
            else:
                self._pinned.discard(number)
                flying = [r for r in world.runs_of[number] if r.state < RunState.SUCCESS]
                for run in flying:
                    self._adopt(run, version)
                self._recount_limits(number)
                self._restarted([run for run in flying if run.state == RunState.RUNNING])
            self._creation.changed(version)

    # -- one run ------------------------------------------------------------------------------

    def _follow(self, run: Run) -> None:
        """A run that was over and was cleared goes by the version that the scheduler knows now,
        unless it is pinned to its own."""
        number = run.dag.number
        latest = self._world.program.dags[number]
        own = self._followed.get(run.index, self._world.program.versions[number][0])
        if latest is not own and number not in self._pinned:
            self._adopt(run, latest)
            self._recount_limits(number)

    def _adopt(self, run: Run, version: DagProgram) -> None:
        """A run goes on by another version of its DAG."""
        world = self._world
        self._followed[run.index] = version
        absorb(world, run)
        before, run.dag = run.dag, self._mix(run.dag, version)
        for task in range(version.size):
            if task in version.absent:
                for ti in run.tis(task):
                    world.move(ti, REMOVED)
            elif not run.tis(task):
                world.add_task(run, task)
            else:
                if task in before.absent:
                    self._restore(run, run.tis(task))
                self._resize(run, task)
        run.pending.clear()
        run.before.clear()
        self._recount(run)
        run.todo = [
            ti
            for task in range(version.size)
            for ti in run.tis(task)
            if world.state[ti] in SCHEDULEABLE
        ]
        world.mark(run)
        world.note_full(run)

    def _mix(self, before: DagProgram, version: DagProgram) -> DagProgram:
        """The new version, with what existing task instances keep of the one before."""
        key = (id(before), id(version))
        if key not in self._mixed:
            mixed = copy(version)
            tasks = list(version.tasks)
            for task in range(version.size):
                if task not in before.absent:
                    old = before.tasks[task]
                    kept = {name: getattr(old, name) for name in OF_TASK_INSTANCES}
                    tasks[task] = tasks[task].model_copy(update=kept)
            olds = [task not in before.absent for task in range(version.size)]
            mixed.tasks = tuple(tasks)
            mixed.pools = _chosen(olds, before.pools, version.pools)
            mixed.weight = _chosen(olds, before.weight, version.weight)
            mixed.code = _chosen(olds, before.code, version.code)
            both = zip(before.own_lane, version.own_lane, strict=True)
            mixed.own_lane = bytes(one | other for one, other in both)
            self._mixed[key] = mixed
        return self._mixed[key]

    def _resize(self, run: Run, task: int) -> None:
        """A task may be mapped over another number of literals now
        (``_check_for_removed_or_restored_tasks``, ``_create_tasks``)."""
        world, tis = self._world, run.tis(task)
        length = literal_length(run.dag, task)
        if not length or world.ti_map[tis[0]] < 0:
            return
        for ti in tis[length:]:
            world.move(ti, REMOVED)
        self._restore(run, tis[:length])
        if length > len(tis):
            world.lengthen(run, task, length)

    def _restore(self, run: Run, tis: list[int]) -> None:
        """What was gone is back (``_check_for_removed_or_restored_tasks``)."""
        world = self._world
        for ti in tis:
            if world.state[ti] == REMOVED:
                world.move(ti, NONE)
                run.unfinished += 1

    def _recount(self, run: Run) -> None:
        """Count the upstreams of every task anew, by the edges that hold now."""
        world, dag = self._world, run.dag
        for task in range(dag.size):
            slot = run.slot0 + task
            states = [world.state[ti] for up in dag.upstream[task] for ti in run.tis(up)]
            expected = sum(max(1, len(run.tis(up))) for up in dag.upstream[task])
            world.up_expected[slot] = expected
            world.up_left[slot] = expected - states.count(SUCCESS)
            world.up_skipped[slot] = states.count(SKIPPED)
            world.up_failed[slot] = states.count(FAILED)
            world.up_upstream_failed[slot] = states.count(UPSTREAM_FAILED)
            world.up_removed[slot] = states.count(REMOVED)
        run.exempt = sum(
            dag.exempt[task]
            for task in range(dag.size)
            for ti in run.tis(task)
            if world.state[ti] not in FINISHED
        )

    def _recount_limits(self, number: int) -> None:
        """Count what is active under limits of single tasks anew: other tasks may have them now."""
        world = self._world
        counted = set(HOLDS_POOL)
        if world.profile.deferred_counts_for_task_limits:
            counted.add(DEFERRED)
        whole = world.dag_task_active[number] = {}
        for run in world.runs_of[number]:
            run.task_active = {}
            for task in range(run.dag.size):
                if run.dag.exempt[task]:
                    active = sum(world.state[ti] in counted for ti in run.tis(task))
                    if active:
                        run.task_active[task] = active
                        whole[task] = whole.get(task, 0) + active


def _chosen(olds: list[bool], before: list[int], after: list[int]) -> list[int]:
    rows = zip(olds, before, after, strict=True)
    return [old if keeps else new for keeps, old, new in rows]


def compiled(scenario: Scenario) -> Program:
    """The program of a scenario, with the versions that its DAGs are going to have."""
    later = later_versions(scenario)
    return Program(scenario.fleet, scenario.cluster, scenario.behavior, later)


__all__ = ["Versions", "changes_of", "compiled", "later_versions"]
