"""Takes snapshots: the state of all unfinished work, in the words of limits and waits."""

from __future__ import annotations

from windtunnel.engine.agenda import NEVER
from windtunnel.engine.dag_runs.prospects import Prospects
from windtunnel.engine.parts import Parts
from windtunnel.engine.program import DagProgram
from windtunnel.engine.resources.course import Course
from windtunnel.engine.scheduler.dependencies import GOOD, past_run
from windtunnel.engine.tries import outlook
from windtunnel.engine.tries.waits import Wait, tasks_looked_at
from windtunnel.engine.world import (
    DEFERRED,
    FINISHED,
    NONE,
    QUEUED,
    RUNNING,
    SCHEDULED,
    Run,
    World,
)
from windtunnel.model import ExternalTaskSensor, Kind, Sensor, TriggerDagRun, TriggerRule
from windtunnel.trace.snapshot import Actor, Capacity, OpenRun, Snapshot, Wish
from windtunnel.trace.states import RunState, TaskState

WAITS_FOR_ALL = frozenset(
    {
        TriggerRule.ALL_DONE,
        TriggerRule.ALL_DONE_SETUP_SUCCESS,
        TriggerRule.ALL_DONE_MIN_ONE_SUCCESS,
    }
)
"""Rules that no single upstream can settle; under all others one that fails or is skipped may."""


OFFERED = frozenset({SCHEDULED, QUEUED})
"""States of a task instance that waits for a slot."""


def take(parts: Parts, cause: str) -> Snapshot:
    """The unfinished work of a simulation, now."""
    return _Taker(parts, cause).snapshot()


class _Taker:
    """Builds one snapshot."""

    def __init__(self, parts: Parts, cause: str) -> None:
        self._parts = parts
        self._world = parts.world
        self._cause = cause
        self._capacities: dict[tuple[str, str, str], int] = {}
        self._list: list[Capacity] = []
        self._actor: dict[int, int] = {}
        self._open = [r for r in self._world.runs if r.state in (0, 1)]
        self._run = {run.index: i for i, run in enumerate(self._open)}
        self._since = _begin_of_waits(parts.world)
        self._prospects = Prospects(parts.world, parts.creation)

    def snapshot(self) -> Snapshot:
        world = self._world
        unfinished = [
            ti
            for run in self._open
            for task in range(run.dag.size)
            for ti in run.tis(task)
            if world.state[ti] not in FINISHED
        ]
        self._actor = {ti: i for i, ti in enumerate(unfinished)}
        actors = tuple(self._as_actor(ti) for ti in unfinished)
        runs = tuple(self._as_run(run) for run in self._open)
        return Snapshot(world.now, self._cause, tuple(self._list), actors, runs)

    def _capacity(self, kind: str, subject: str, total: int | None, run: str = "") -> int:
        key = (kind, subject, run)
        if key not in self._capacities:
            self._capacities[key] = len(self._list)
            self._list.append(Capacity(kind, subject, total, run))
        return self._capacities[key]

    def _as_run(self, run: Run) -> OpenRun:
        dag = run.dag
        # 0 keeps runs from being created, not from being started: no limit where one is queued.
        slot = (self._capacity("max_active_runs", dag.dag_id, dag.max_active_runs or None), 1)
        queued = run.state == RunState.QUEUED
        world = self._world
        timeout = None
        if dag.timeout_us is not None and not queued:
            timeout = run.started_us + dag.timeout_us
        actors = [
            self._actor[ti] for task in range(dag.size) for ti in run.tis(task) if ti in self._actor
        ]
        return OpenRun(
            dag.dag_id,
            run.name,
            RunState(run.state).label,
            run.started_us if run.started_us >= 0 else run.record.created_us,
            tuple(actors),
            holds=() if queued else (slot,),
            needs=(slot,) if queued and not (dag.dag.is_paused or world.now < 0) else (),
            gives_up_us=timeout,
            run_after_us=run.run_after_us,
        )

    def _as_actor(self, ti: int) -> Actor:
        world, parts = self._world, self._parts
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        state = world.state[ti]
        deferral = parts.triggerer.deferred.get(ti)
        kind = run.dag.kind[task]
        wish = self._wish(ti)
        gives_up, reason = outlook.gives_up(parts, ti) or (None, "")
        queued_until = parts.stuck.until(ti) if state == QUEUED else None
        if queued_until is not None:
            gives_up, reason = queued_until, "task_queued_timeout"
        waits_for_others = wish is not None and state in (RUNNING, DEFERRED)
        timed = state == RUNNING or (
            state == DEFERRED and deferral is not None and deferral.fires is not None
        )
        first_poke = parts.attempts.pokes.first.get(ti)
        since = self._since.get(ti, run.record.created_us) if first_poke is None else first_poke
        holds = self._holds(ti, run, task, state)
        needs, never = self._needs(run, task, state, holds), self._never(ti, run, task, state, wish)
        course = parts.courses.of(ti)
        if course is not None:
            holds = (*holds, *self._held(course))
        if course is not None and course.waits_for:
            timed, needs, never = False, (*needs, self._wanted(course)), self._out_of_reach(course)
            gives_up, reason = outlook.gives_up_resource(parts, ti) or (None, "")
            since = course.waits_since
        return Actor(
            run.dag.dag_id,
            self._run[run.index],
            run.name,
            run.dag.ids[task],
            world.ti_map[ti],
            run.dag.tasks[task].operator,
            TaskState(state).label,
            since,
            holds=holds,
            needs=needs,
            ends_by_itself=(timed and not waits_for_others) or isinstance(kind, Sensor),
            upstream=self._upstream(run, task, state),
            any_upstream=run.dag.rule[task] not in WAITS_FOR_ALL,
            past=self._past(run, task, state),
            wish=wish,
            lets_go=wish is not None
            and isinstance(kind, ExternalTaskSensor)
            and kind.mode == "reschedule"
            and not kind.deferrable,
            never=never,
            fruitless=self._pokes_in_vain(ti, state, kind),
            gives_up_us=gives_up,
            gives_up=reason,
        )

    # -- limits -------------------------------------------------------------------------------

    def _limits(self, run: Run, task: int) -> list[tuple[int, int]]:
        """What a task holds from queued to its end, worker slots aside."""
        world, dag, own = self._world, run.dag, run.dag.tasks[task]
        pool = dag.pools[task]
        slots = world.pool_slots[pool]
        of_run = run.name if world.profile.max_active_tasks_per == "run" else ""
        found = []
        if self._parts.workers.counts(own):
            found.append((self._capacity("parallelism", "", world.cluster.executor_slots), 1))
        finite = None if slots is not None and slots < 0 else slots or 0
        found.append((self._capacity("pool", own.pool, finite), own.pool_slots))
        whole = self._capacity("max_active_tasks", dag.dag_id, dag.max_active_tasks, of_run)
        found.append((whole, 1))
        found.extend(self._task_limits(run, task))
        return found

    def _task_limits(self, run: Run, task: int) -> list[tuple[int, int]]:
        own = run.dag.tasks[task]
        name = f"{run.dag.dag_id}.{own.task_id}"
        found = []
        if own.max_active_tis_per_dag is not None:
            limit = own.max_active_tis_per_dag
            found.append((self._capacity("max_active_tis_per_dag", name, limit), 1))
        if own.max_active_tis_per_dagrun is not None:
            limit = own.max_active_tis_per_dagrun
            found.append((self._capacity("max_active_tis_per_dagrun", name, limit, run.name), 1))
        return found

    def _worker_slot(self, place: str) -> tuple[int, int]:
        total = self._parts.workers.slots(place)[1]
        return self._capacity("worker slots", place, total), 1

    def _holds(self, ti: int, run: Run, task: int, state: int) -> tuple[tuple[int, int], ...]:
        world = self._world
        if state in (QUEUED, RUNNING):
            held = self._limits(run, task)
            if state == RUNNING:
                for place in self._parts.workers.places_of(ti):
                    held.append(self._worker_slot(place))
            return tuple(held)
        if state != DEFERRED:
            return ()
        held = []
        pool = run.dag.pools[task]
        if world.pool_counts_deferred[pool]:
            held.append(self._limits(run, task)[1])
        if world.profile.deferred_counts_for_task_limits:
            held.extend(self._task_limits(run, task))
        return tuple(held)

    def _needs(
        self, run: Run, task: int, state: int, holds: tuple[tuple[int, int], ...]
    ) -> tuple[tuple[int, int], ...]:
        """What a task must still get before it can end; what it holds already, it doesn't need a
        second time."""
        if state == RUNNING or run.dag.is_empty[task]:
            return ()
        wanted = self._limits(run, task)
        place = self._parts.workers.place_for(run.dag.tasks[task])
        if place is not None:
            wanted.append(self._worker_slot(place))
        return tuple(slot for slot in wanted if slot not in holds)

    # -- resources ----------------------------------------------------------------------------

    def _supply(self, name: str) -> int:
        """What there is of a resource for those that are on their way: what nobody gives back is
        none of it."""
        supply = self._parts.courses.supplies.all[name]
        there = supply.slots
        if there is not None and supply.given.when_full in ("slow", "exceed"):
            there = None
        elif there is not None and supply.given.lease_s is None:
            there -= sum(supply.leaked.values())
        return self._capacity("resource", name, there)

    def _held(self, course: Course) -> tuple[tuple[int, int], ...]:
        return tuple((self._supply(name), count) for name, count in sorted(course.held.items()))

    def _wanted(self, course: Course) -> tuple[int, int]:
        assert course.next is not None
        return self._supply(course.waits_for), course.next.count

    def _out_of_reach(self, course: Course) -> str:
        """Why nobody can ever give it what it waits for; empty if somebody may."""
        supply = self._parts.courses.supplies.all[course.waits_for]
        if supply.slots is None or supply.given.lease_s is not None or course.next is None:
            return ""
        if supply.slots - sum(supply.leaked.values()) >= course.next.count:
            return ""
        who = ", ".join(supply.leaked)
        return f"resource {supply.name} was not given back by {who}, which is over"

    # -- waits --------------------------------------------------------------------------------

    def _upstream(self, run: Run, task: int, state: int) -> tuple[int, ...]:
        if state != NONE or run.dag.rule[task] is TriggerRule.ALWAYS:
            return ()
        return tuple(
            self._actor[ti]
            for u in run.dag.upstream[task]
            for ti in run.tis(u)
            if ti in self._actor
        )

    def _past(self, run: Run, task: int, state: int) -> tuple[int, ...]:
        if state != NONE or not run.dag.tasks[task].depends_on_past:
            return ()
        previous = past_run(self._world, run, task)
        if previous is None:
            return ()
        tasks = _of_the_past(run.dag, task)
        return tuple(self._actor[ti] for t in tasks for ti in previous.tis(t) if ti in self._actor)

    def _wish(self, ti: int) -> Wish | None:
        world = self._world
        wait = self._parts.waits.of(ti)
        if wait is None or wait.dag is None:
            return None
        if outlook.is_called_back(self._parts, ti) or self._parts.waits.verdict(ti) is not None:
            return None  # it has what it wants, or has given up: only limits are in its way
        if isinstance(wait.kind, TriggerDagRun) and not wait.kind.wait_for_completion:
            return None
        dag = world.program.dags[wait.dag]
        wanted, tasks = _looked_at(wait, dag)
        date, target = self._missing(wait)
        if target is None:
            may_come = self._prospects.may_come(dag, date)
            return Wish(dag.dag_id, tasks, None, (), may_come, date_us=date)
        actors = tuple(
            self._actor[t] for task in wanted for t in target.tis(task) if t in self._actor
        )
        number = self._run.get(target.index)
        return Wish(dag.dag_id, tasks, number, actors, False, target.index)

    def _missing(self, wait: Wait) -> tuple[int, Run | None]:
        """Of the runs that it waits for, one that keeps it waiting: rather one that cannot come any
        more, or is over, than one that is under way."""
        assert wait.dag is not None
        dag = self._world.program.dags[wait.dag]
        targets = self._parts.waits.targets(wait)

        def hope(target: tuple[int, Run | None]) -> int:
            date, run = target
            if run is None:
                return 1 if self._prospects.may_come(dag, date) else 0
            if self._parts.waits.has(wait, date):
                return 3
            return 0 if run.state >= RunState.SUCCESS else 2

        return min(targets, key=hope)

    def _in_vain(self, ti: int, wish: Wish) -> str:
        """Why a wait across DAGs cannot come true any more, whoever gets room; empty if it can."""
        wait = self._parts.waits.of(ti)
        assert wait is not None
        _, target = self._missing(wait)
        if target is None:
            return "" if wish.may_come else f"no run of {wish.dag_id} has the logical date it wants"
        over = target.state in (RunState.SUCCESS, RunState.FAILED)
        if wish.task_ids:
            over = over or not wish.actors
        if not over or self._parts.waits.verdict(ti) is not None:
            return ""
        return f"what it waits for in {wish.dag_id} ended in a state that it does not accept"

    def _never(self, ti: int, run: Run, task: int, state: int, wish: Wish | None) -> str:
        """What no progress of others can change."""
        if wish is not None and (vain := self._in_vain(ti, wish)):
            return vain
        world, own = self._world, run.dag.tasks[task]
        pool = run.dag.pools[task]
        slots = world.pool_slots[pool]
        if state in (RUNNING, QUEUED, DEFERRED):
            return self._hangs(ti, state)
        if slots is None:
            return f"pool {own.pool} does not exist"
        if 0 <= slots < own.pool_slots:
            return f"pool {own.pool} has {slots} slots, it needs {own.pool_slots}"
        if self._world.cluster.lacks_executor(own):
            return f"no executor is called {own.executor}"
        if why := self._parts.workers.never(own):
            return why
        if state == NONE and own.depends_on_past and not self._upstream(run, task, state):
            return self._past_is_lost(run, task)  # else an upstream that fails may still end it
        return ""

    def _hangs(self, ti: int, state: int) -> str:
        """Why what is under way never ends of itself; empty if it does, or waits for others."""
        attempt, deferral = self._parts.attempts.running.get(ti), None
        if state == DEFERRED and self._parts.waits.of(ti) is None:
            deferral = self._parts.triggerer.deferred.get(ti)
        if deferral is not None and deferral.fires is None and not deferral.plan.live:
            return "its trigger never fires" if deferral.gives_up is None else ""
        if state != RUNNING or attempt is None or attempt.plan.live or attempt.unheard:
            return ""
        waits = attempt.waits or attempt.asleep or attempt.plan.course is not None
        return "it hangs" if attempt.ends >= NEVER and not waits else ""

    def _pokes_in_vain(self, ti: int, state: int, kind: Kind) -> bool:
        """Whether it is a sensor that looks for something outside of the fleet that never comes."""
        attempt = self._parts.attempts.running.get(ti)
        if state != RUNNING or attempt is None or not attempt.waits or attempt.plan.live:
            return False
        return isinstance(kind, Sensor) and attempt.plan.true_at is None

    def _past_is_lost(self, run: Run, task: int) -> str:
        """Why the run before is no good for it any more; empty if it may be."""
        previous = past_run(self._world, run, task)
        if previous is None:
            return ""
        for t in _of_the_past(run.dag, task):
            states = [self._world.state[ti] for ti in previous.tis(t)]
            if any(state in FINISHED and state not in GOOD for state in states):
                if t == task:
                    return "depends_on_past: it did not succeed in the run before"
                return f"wait_for_downstream: {run.dag.ids[t]} did not succeed in the run before"
        return ""


def _of_the_past(dag: DagProgram, task: int) -> tuple[int, ...]:
    """The tasks of the run before that must have succeeded for a task with depends_on_past."""
    after = dag.downstream[task] if dag.tasks[task].wait_for_downstream else ()
    return (task, *after)


def _looked_at(wait: Wait, dag: DagProgram) -> tuple[list[int], tuple[str, ...]]:
    """The tasks that a wait is about, those that exist and how they are called; none if it is about
    runs."""
    if not isinstance(wait.kind, ExternalTaskSensor):
        return [], ()
    tasks = tasks_looked_at(wait.kind, dag)
    group = wait.kind.external_task_group_id
    if group is not None:
        return tasks, tuple(dag.ids[task] for task in tasks) or (group,)
    return tasks, wait.kind.external_task_ids


def _begin_of_waits(world: World) -> dict[int, int]:
    """When the present wait, or work, of each task instance began. One that nobody took from the
    queue goes back to scheduled; that is the same wait."""
    since: dict[int, int] = {}
    last: dict[int, int] = {}
    for at, who, state in world.trace.history:
        if who >= 0:
            if state not in OFFERED or last.get(who) not in OFFERED:
                since[who] = at
            last[who] = state
    return since
