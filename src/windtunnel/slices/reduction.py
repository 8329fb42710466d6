"""Who can never end, judged from one state: the counted reduction of its wait-for graph.

Everybody moves on, step by step, as soon as what he needs *could* be there: whoever ended or gave
something back has freed it, and nobody takes it again. A task instance that still does not come to
its end does not in any future of this state: its real grants, one after the other, would all have
been possible here, too. So what is said is true in every state; and when nothing is due any more,
nothing is left unsaid.

It works on steps, not on tasks: a task may give a lock back in one step, and wait for ever in the
next.
"""

from __future__ import annotations

from collections import Counter

from windtunnel.slices.fleet import RUNS, Acquire, Release, Slice, Task, Trigger, Wait, WaitChild
from windtunnel.slices.simulation import Simulation
from windtunnel.slices.state import (
    CUT_OFF,
    DEAD,
    DEFERRED,
    FAILED,
    FUTURE,
    HELD,
    LOST,
    NONE,
    OVER,
    QUEUED,
    RUNNING,
    STRAY,
    SUCCESS,
    UPSTREAM_FAILED,
    Instance,
    State,
    run_owner,
    try_owner,
)

_TO_COME = "to come"
"""A try that has no process yet."""
_GONE = "gone"
_NEW = -1
"""A run that could be created, and could end."""
_NOTHING = Instance()


class _Mover:
    """A try, as far as it could come."""

    __slots__ = ("at", "child", "fate", "fresh", "killed", "kind", "ti", "tries")

    def __init__(self, ti: int, tries: int, kind: str, at: int | None = None) -> None:
        self.ti = ti
        self.tries = tries
        self.kind = kind
        self.at = at
        """Number of its step; None: it did not start."""
        self.child: int | None = None
        self.fate: tuple[str, int] | None = None
        self.killed = False
        """A stray that will be killed."""
        self.fresh = kind == _TO_COME
        """It is yet to be seen whether a fault strikes it."""


def stuck(simulation: Simulation, state: State) -> set[int]:
    """The task instances that never end, whatever happens from this state on."""
    return _Reduction(simulation, state).run()


class _Reduction:
    def __init__(self, simulation: Simulation, state: State) -> None:
        self._simulation = simulation
        self._state = state
        self._of: Slice = simulation.of
        self._width = self._of.width
        self._over: set[int] = set()
        self._gave_back: set[int] = set()
        """Task instances that could give their slots back."""
        self._gave_back_all_but_pool: set[int] = set()
        self._failing: set[int] = set()
        self._released: Counter[tuple[str, int]] = Counter()
        self._movers: list[_Mover] = []
        self._alive: set[int] = set()
        self._created: set[int] = set()
        """DAGs of which a run could be created."""
        self._progress = 0

    def run(self) -> set[int]:
        self._begin()
        before = -1
        while before != self._mark():
            before = self._mark()
            for mover in list(self._movers):
                if mover.kind != _GONE:
                    self._move(mover)
            for number, run in self._state.runs.items():
                # What a run kept beyond its end, it keeps.
                ends = run.state not in (SUCCESS, FAILED, LOST) or self._clearable(number)
                if ends and self._is_run_over(number):
                    self._release_all(run_owner(number))
        return self._alive - self._over

    def _mark(self) -> int:
        """Grows with everything that becomes possible."""
        return (
            self._progress
            + len(self._over)
            + len(self._gave_back)
            + len(self._gave_back_all_but_pool)
            + len(self._failing)
            + sum(self._released.values())
        )

    def _begin(self) -> None:
        state = self._state
        for dag, (_, due) in state.assets.items():
            if due is not None:
                self._create(dag)
        for process in state.processes:
            mover = _Mover(process.ti, process.tries, process.kind, process.at)
            mover.child, mover.fate = process.child, process.fate
            mover.killed = process.given_up_at is not None
            self._movers.append(mover)
        for number, run in state.runs.items():
            for ti in self._of.instances(number):
                instance = state.instances.get(ti, _NOTHING)
                if run.state in (SUCCESS, FAILED, LOST) or instance.state in OVER:
                    self._over.add(ti)
                    continue
                self._alive.add(ti)
                if instance.state != RUNNING:
                    fresh = instance.is_fresh
                    mover = _Mover(ti, instance.tries + fresh, _TO_COME)
                    mover.child, mover.fresh = instance.child, fresh
                    self._movers.append(mover)

    # -- what is free, over, possible -----------------------------------------------------------

    def _free(self, lock: str) -> int:
        taken = sum(
            max(0, units - self._released[name, owner])
            for (name, owner), units in self._state.holds.items()
            if name == lock
        )
        return self._of.locks[lock].capacity - taken

    def _release_all(self, owner: int, crashed: bool = False) -> None:
        for (lock, holder), units in self._state.holds.items():
            if holder == owner and not (crashed and self._of.locks[lock].leaks):
                self._released[lock, holder] = max(self._released[lock, holder], units)

    def _is_run_over(self, run: int) -> bool:
        return self._state.runs[run].state in (SUCCESS, FAILED, LOST) or all(
            ti in self._over for ti in self._of.instances(run)
        )

    def _can_run(self, run: int) -> bool:
        """Whether the dag run is running, or could be."""
        if self._state.runs[run].state == RUNNING:
            return True
        dag = run // RUNS
        active = sum(
            1
            for other, one in self._state.runs.items()
            if other // RUNS == dag and one.state == RUNNING and not self._is_run_over(other)
        )
        return active < self._of.dags[dag].max_active_runs

    def _clearable(self, run: int) -> bool:
        if self._of.dag_of(run).clear_after is None:
            return False
        if self._state.runs[run].state == FAILED:
            return self._state.runs[run].due is not None
        return self._of.clears_always or self._state.budget > 0

    def _is_bad(self, ti: int) -> bool:
        """Whether it failed for good."""
        instance = self._state.instances.get(ti, _NOTHING)
        failed = instance.state in (FAILED, UPSTREAM_FAILED)
        return failed and not self._clearable(ti // self._width)

    def _may_fail(self, ti: int) -> bool:
        """Whether it could end in failure."""
        task = self._of.tasks[ti]
        run = ti // self._width
        state = self._state.instances.get(ti, _NOTHING).state
        return state != SUCCESS and (
            state in (FAILED, UPSTREAM_FAILED)
            or ti in self._failing
            or (bool(task.faults) and self._state.budget > 0)
            or self._of.dag_of(run).dagrun_timeout is not None
            or any(isinstance(s, WaitChild) for s in (*task.steps, *task.retry_steps))
            or any(self._may_fail(other) for other in self._upstream(ti))
        )

    def _upstream(self, ti: int) -> list[int]:
        run = ti // self._width
        first = run * self._width
        return [first + other for other in self._of.upstream[run // RUNS][ti - first]]

    def _fits(self, ti: int) -> bool:
        """Whether every limit could have room for it."""
        of, task, instances = self._of, self._of.tasks[ti], self._state.instances
        in_pool = running = group = same = on_workers = 0
        mine = self._of.group_of(ti)
        for other, instance in instances.items():
            if other == ti or other in self._over or other in self._gave_back:
                continue
            its = of.tasks[other]
            if instance.state == DEFERRED:
                if its.pool in of.counts_deferred and its.pool == task.pool:
                    in_pool += its.slots
            elif instance.state in (QUEUED, RUNNING):
                if its.pool == task.pool:
                    in_pool += its.slots
                if other in self._gave_back_all_but_pool:
                    continue
                running += 1
                group += self._of.group_of(other) == mine
                same += self._of.class_of(other) == self._of.class_of(ti)
                on_workers += instance.state == RUNNING and its.queue == task.queue
        workers = of.worker_slots
        if workers is not None and on_workers >= workers.get(task.queue, 0):
            return False
        if instances.get(ti, _NOTHING).state == QUEUED:
            return True
        return (
            in_pool + task.slots <= of.pools[task.pool]
            and running < of.parallelism
            and group < of.dag_of(ti // self._width).max_active_tasks
            and same < task.max_active_tis
        )

    def _can_start(self, ti: int) -> bool:
        run = ti // self._width
        if not self._can_run(run):
            return False
        if self._state.instances.get(ti, _NOTHING).state == NONE:
            if not all(other in self._over for other in self._upstream(ti)):
                return False
            if not self._past_could_be_met(ti, run):
                return False
        return self._fits(ti)

    def _past_could_be_met(self, ti: int, run: int) -> bool:
        task = self._of.tasks[ti]
        before = self._state.runs.get(run - 1) if run % RUNS else None
        if not task.depends_on_past or before is None or before.state == LOST:
            return True
        needed = [ti - self._width]
        if task.wait_for_downstream:
            first = (run - 1) * self._width
            after = self._of.downstream[run // RUNS][ti - run * self._width]
            needed += [first + other for other in after]
        return all(other in self._over and not self._is_bad(other) for other in needed)

    def _could_pass(self, ti: int, step: object, child: int | None) -> bool:
        state = self._state
        if isinstance(step, Acquire):
            return self._free(step.lock) >= step.units
        if isinstance(step, WaitChild):
            # A trigger that found a run active created none, and what waits for it waits for ever.
            return child is not None and (child == _NEW or self._is_run_over(child))
        if not isinstance(step, Wait):
            return True
        run = self._simulation.target(ti, step)
        if run is None:
            return False
        if run not in state.runs:
            return run // RUNS in self._created
        found = state.runs[run]
        if found.state == LOST:
            return False
        if step.task is not None:
            number = self._of.task_number[run // RUNS].get(step.task)
            if number is None:
                return False
            other = run * self._width + number
            return other in self._over and not self._is_bad(other)
        return self._is_run_over(run) and not (found.state == FAILED and not self._clearable(run))

    # -- moves ----------------------------------------------------------------------------------

    def _create(self, dag: int) -> None:
        """A run of this DAG could be created; and by its tasks, runs of others."""
        if dag not in self._created:
            self._created.add(dag)
            self._progress += 1
            for other in self._of.creates[dag]:
                self._create(other)

    def _gone(self, mover: _Mover) -> None:
        mover.kind = _GONE
        self._progress += 1

    def _fails(self, mover: _Mover) -> None:
        """This try ends in failure: the next one comes, or it failed for good."""
        self._gave_back.add(mover.ti)
        if mover.tries <= self._of.tasks[mover.ti].retries:
            self._movers.append(_Mover(mover.ti, mover.tries + 1, _TO_COME, None))
            self._progress += 1
        else:
            self._over.add(mover.ti)
            self._failing.add(mover.ti)

    def _move(self, mover: _Mover) -> None:
        ti = mover.ti
        run = ti // self._width
        owner = try_owner(ti, mover.tries)
        timed = self._of.dag_of(run).dagrun_timeout is not None and self._can_run(run)
        if timed and mover.kind != STRAY:
            # The run times out: what is over is over, and its processes are killed.
            self._over.add(ti)
            self._release_all(owner, crashed=mover.kind == DEAD)
            self._gone(mover)
            return
        if mover.kind == DEAD:
            self._release_all(owner, crashed=True)
            self._gone(mover)
            self._fails(mover)
            return
        if mover.kind == CUT_OFF:
            # Given up, and tried again beside its own process.
            self._fails(mover)
            mover.kind, mover.killed = STRAY, False
            self._progress += 1
        if mover.kind == STRAY and mover.killed:
            self._release_all(owner)
            self._gone(mover)
            return
        if mover.at is None and not self._start(mover, run):
            return
        self._walk(mover, owner)

    def _start(self, mover: _Mover, run: int) -> bool:
        """Whether this try could have started by now."""
        ti, state = mover.ti, self._state
        task, instance = self._of.tasks[ti], state.instances.get(ti, _NOTHING)
        if ti in self._over:
            self._gone(mover)
            return False
        if instance.state == NONE and not task.all_done and self._can_run(run):
            upstream = self._upstream(ti)
            if any(other in self._over and self._may_fail(other) for other in upstream):
                self._over.add(ti)
        if state.runs[run].state in (FUTURE, HELD) and self._may_be_lost(run):
            self._over.add(ti)
        if instance.state == DEFERRED:
            step = task.steps_of(instance.tries)[instance.resumes_at]
            if self._is_in_vain(instance):
                return False
            if self._could_pass(ti, step, instance.child):
                self._gave_back.add(ti)
        if not self._can_start(ti):
            return False
        mover.at = max(0, instance.resumes_at) if instance.state != RUNNING else 0
        self._progress += 1
        return True

    def _is_in_vain(self, instance: Instance) -> bool:
        """Whether it is deferred until the success of a run that failed."""
        child = instance.child
        return (
            child is not None
            and self._state.runs[child].state == FAILED
            and not self._clearable(child)
        )

    def _may_be_lost(self, run: int) -> bool:
        """Whether a later interval may take the place of this one."""
        return not self._of.dag_of(run).catchup and any(
            other // RUNS == run // RUNS and other > run and one.state == FUTURE
            for other, one in self._state.runs.items()
        )

    def _walk(self, mover: _Mover, owner: int) -> None:
        """As many steps as could be done."""
        ti = mover.ti
        task = self._of.tasks[ti]
        steps = task.steps_of(mover.tries)
        assert mover.at is not None
        while True:
            if mover.fate is not None and mover.fate[1] == mover.at:
                kind = mover.fate[0]
                mover.fate = None
                if kind == "part":
                    self._fails(mover)
                    mover.kind, mover.killed = STRAY, False
                    self._progress += 1
                    continue
                self._release_all(owner, crashed=kind == "crash")
                self._gone(mover)
                self._fails(mover)
                return
            may_fail = mover.fresh and self._state.budget > 0
            if may_fail and any(at <= mover.at for _, at in task.faults):
                self._over.add(ti)
            if mover.at >= len(steps):
                self._release_all(owner)
                if mover.kind != STRAY:
                    self._over.add(ti)
                    if task.updates:
                        self._update(task)
                self._gone(mover)
                return
            step = steps[mover.at]
            if not self._could_pass(ti, step, mover.child):
                self._wait(mover, task, step)
                return
            if isinstance(step, Trigger):
                self._create(self._of.dag_number[step.dag])
                mover.child = _NEW
            elif isinstance(step, Release):
                holder = run_owner(ti // self._width) if step.by_run else owner
                self._released[step.lock, holder] += step.units
            mover.at += 1
            self._progress += 1

    def _update(self, task: Task) -> None:
        """Its success updates assets."""
        for number, dag in enumerate(self._of.dags):
            if any(asset in dag.on_assets for asset in task.updates):
                self._create(number)

    def _wait(self, mover: _Mover, task: Task, step: object) -> None:
        """A wait gives slots back where the task does not poke."""
        waits = isinstance(step, Wait | WaitChild)
        if waits and task.mode != "poke" and mover.kind != STRAY:
            deferred = task.mode == "defer" and task.pool in self._of.counts_deferred
            (self._gave_back_all_but_pool if deferred else self._gave_back).add(mover.ti)
