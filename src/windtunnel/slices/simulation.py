"""One simulation of a slice: from instant to instant, and in each instant until nothing moves.

In an instant: what is due happens; steps that take no time; locks; states of task instances; dag
runs end, and queued ones start; ready task instances are queued in order of priority and logical
date, those that don't fit passed over; queued ones start. Whenever something moved, it begins anew.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter

from windtunnel.choices import Choices
from windtunnel.slices.fleet import (
    OVER_BEFORE,
    RUNS,
    Acquire,
    Effect,
    Release,
    Slice,
    Task,
    Trigger,
    Wait,
    WaitChild,
    Work,
)
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
    RESCHEDULED,
    RUNNING,
    SCHEDULED,
    STRAY,
    SUCCESS,
    UP_FOR_RETRY,
    UPSTREAM_FAILED,
    Instance,
    Process,
    Run,
    State,
    run_owner,
    try_owner,
)


class Usage:
    """How much of each limit is taken."""

    __slots__ = ("by_group", "by_task", "pools", "total")

    def __init__(self) -> None:
        self.pools: Counter[str] = Counter()
        self.by_group: Counter[int] = Counter()
        self.by_task: Counter[int] = Counter()
        self.total = 0


class Simulation:
    """The rules of a slice. It keeps no state of its own, so many may share it."""

    def __init__(self, of: Slice, untimed: bool = False) -> None:
        """
        Args:
            of: The slice.
            untimed: Let any of what is due, early or late, happen together next: as if all lengths
                and arrivals were arbitrary.
        """
        self.of = of
        self.untimed = untimed
        self._tasks = of.tasks
        self._width = of.width
        self._actors = of.actors
        self._listeners = [n for n, dag in enumerate(of.dags) if dag.on_assets]

    # -- time ---------------------------------------------------------------------------------

    def start(self, choices: Choices) -> State:
        """The first instant."""
        state = State(self.of.max_faults)
        for number, dag in enumerate(self.of.dags):
            low, high = dag.jitter
            for k, at in enumerate(dag.at):
                late = 0
                if not self.untimed and (low or high):
                    late = low
                    if high > low:
                        actor = (dag.name, k)
                        late += choices.within("jitter", actor, high - low + 1, at + low, 1)
                state.runs[number * RUNS + k] = Run(FUTURE, at + late or int(self.untimed), at)
        for number, run in state.runs.items():
            if run.due == 0:
                self._arrive(state, number)
        self._settle(state, choices)
        return state

    def advance(self, state: State, choices: Choices) -> bool:
        """The next instant; False: there is none, whatever is not over stays as it is."""
        if self.untimed:
            due = self._pending(state)
            if not due:
                return False
            self._fire(state, self._together(due, choices))
        else:
            now = state.due()
            if now is None:
                return False
            state.now = now
            self._fire(state, self._pending(state, now))
        self._settle(state, choices)
        return True

    def _pending(self, state: State, now: int | None = None) -> list[tuple[str, int, int]]:
        """What is due now, or some time, in a fixed order: (what, whose, number of the try)."""
        found: list[tuple[str, int, int]] = []
        for dag, (_, due) in state.assets.items():
            if due is not None and now in (None, due):
                found.append(("asset", dag, 0))
        for one in state.processes:
            if one.given_up_at is not None and now in (None, one.given_up_at):
                found.append(("given up", one.ti, one.tries))
        for number, run in state.runs.items():
            if run.due is not None and now in (None, run.due):
                if now is None and run.state == FUTURE and self._is_behind(state, number):
                    continue
                found.append(("run", number, 0))
        for one in state.processes:
            if one.due is not None and one.kind != DEAD and now in (None, one.due):
                found.append(("step", one.ti, one.tries))
        for ti, instance in state.instances.items():
            if instance.due is not None and now in (None, instance.due):
                found.append(("task", ti, 0))
        return found

    def _is_behind(self, state: State, number: int) -> bool:
        """Whether an earlier run of the DAG has not arrived: also untimed they come in order."""
        return any(
            run.state == FUTURE and other < number and other // RUNS == number // RUNS
            for other, run in state.runs.items()
        )

    def _together(
        self, due: list[tuple[str, int, int]], choices: Choices
    ) -> list[tuple[str, int, int]]:
        """Some of these, at least one."""
        batch: list[tuple[str, int, int]] = []
        while due:
            ended = [("now",)] if batch else []
            chosen = choices.among("event", [*due, *ended])
            if chosen == len(due):
                break
            batch.append(due[chosen])
            due = due[chosen + 1 :]
        return batch

    def _fire(self, state: State, events: list[tuple[str, int, int]]) -> None:
        for what, whose, tries in events:
            if what == "step":
                process = state.process(whose, tries)
                if process is not None and process.kind != DEAD:
                    process.at += 1
                    process.due = None
            elif what == "task":
                instance = state.instances[whose]
                # Its run may have timed out at the same instant.
                if instance.due is not None:
                    instance.state, instance.due = SCHEDULED, None
            elif what == "run":
                run = state.runs[whose]
                if run.state == FUTURE:
                    self._arrive(state, whose)
                elif run.state == RUNNING:
                    self._time_out(state, whose)
                elif run.state == FAILED:
                    self._clear(state, whose)
            elif what == "given up":
                process = state.process(whose, tries)
                if process is not None:
                    self._give_up(state, process)
            else:
                state.assets.pop(whose)
                self._create(state, whose, max(run.logical for run in state.runs.values()))

    # -- dag runs -----------------------------------------------------------------------------

    def _arrive(self, state: State, number: int) -> None:
        """With catchup=False no run is created while max_active_runs are active, and afterwards
        only that of the latest interval (Airflow: DagModel.calculate_dagrun_date_fields)."""
        dag, run = self.of.dags[number // RUNS], state.runs[number]
        run.due = None
        if not dag.catchup:
            mine = [
                (other, one) for other, one in state.runs.items() if other // RUNS == number // RUNS
            ]
            if sum(one.state in (QUEUED, RUNNING) for _, one in mine) >= dag.max_active_runs:
                for _, one in mine:
                    if one.state == HELD:
                        one.state = LOST
                        state.lost.add(number // RUNS)
                run.state = HELD
                return
        run.state = QUEUED

    def _create(self, state: State, dag: int, logical: int) -> int:
        k = sum(1 for other in state.runs if other // RUNS == dag)
        number = dag * RUNS + min(k, RUNS - 1)
        state.runs[number] = Run(QUEUED, None, logical)
        return number

    def _time_out(self, state: State, number: int) -> None:
        """dagrun_timeout: the run fails at once, its processes live on for a while."""
        lag = self.of.dag_of(number).kill_lag
        for ti in self.of.instances(number):
            instance = state.instances.get(ti)
            if instance is None or instance.state in OVER:
                continue
            for process in [p for p in state.processes if p.ti == ti]:
                if process.kind == DEAD:
                    self._drop(state, process, crashed=True)
                elif process.kind != STRAY:
                    if lag:
                        process.kind, process.given_up_at = STRAY, state.now + lag
                    else:
                        self._drop(state, process)
            if ti in state.queue:
                state.queue.remove(ti)
            instance.becomes(FAILED)
        state.runs[number].state, state.runs[number].due = FAILED, None
        self._create_held(state, number // RUNS)

    def _clear(self, state: State, number: int) -> None:
        state.runs[number].state, state.runs[number].due = QUEUED, None
        for ti in self.of.instances(number):
            instance = state.instances.get(ti)
            if instance is not None and instance.state in (FAILED, UPSTREAM_FAILED):
                instance.becomes(NONE)

    def _end_runs(self, state: State, choices: Choices) -> bool:
        of = self.of
        instances = state.instances
        for number, run in state.runs.items():
            if run.state != RUNNING:
                continue
            succeeded = True
            for ti in of.instances(number):
                now = instances[ti].state
                if now == SUCCESS:
                    continue
                if now not in OVER:
                    break
                succeeded = False
            else:
                self._end_run(state, number, succeeded, choices)
                return True
        return False

    def _end_run(self, state: State, number: int, succeeded: bool, choices: Choices) -> None:
        of, run = self.of, state.runs[number]
        dag = of.dag_of(number)
        run.state = SUCCESS if succeeded else FAILED
        run.due = None
        if run.state == FAILED and dag.clear_after is not None:
            if of.clears_always:
                run.due = state.now + dag.clear_after
            elif state.budget > 0 and choices.strikes(
                "clear", (dag.name, number % RUNS), 2, of.fault_chance
            ):
                run.due = state.now + dag.clear_after
                state.budget -= 1
        self._release_all(state, run_owner(number))
        self._create_held(state, number // RUNS)

    def _create_held(self, state: State, dag: int) -> None:
        """A run is over, so the latest interval gets its own."""
        for number, run in state.runs.items():
            if number // RUNS == dag and run.state == HELD:
                run.state = QUEUED

    def _start_runs(self, state: State) -> bool:
        runs = state.runs
        queued = [number for number, run in runs.items() if run.state == QUEUED]
        if not queued:
            return False
        active = Counter(number // RUNS for number, run in runs.items() if run.state == RUNNING)
        for number in sorted(queued):
            dag = self.of.dag_of(number)
            if active[number // RUNS] < dag.max_active_runs:
                run = runs[number]
                run.state = RUNNING
                run.due = None if dag.dagrun_timeout is None else state.now + dag.dagrun_timeout
                for ti in self.of.instances(number):
                    if ti not in state.instances:
                        state.instances[ti] = Instance()
                return True
        return False

    # -- tries --------------------------------------------------------------------------------

    def _drop(self, state: State, process: Process, crashed: bool = False) -> None:
        state.processes.remove(process)
        owner = try_owner(process.ti, process.tries)
        for lock, holder in [hold for hold in state.holds if hold[1] == owner]:
            if not (crashed and self.of.locks[lock].leaks):
                del state.holds[lock, holder]

    def _release_all(self, state: State, owner: int) -> None:
        for hold in [hold for hold in state.holds if hold[1] == owner]:
            del state.holds[hold]

    def _fail_try(self, state: State, ti: int) -> None:
        instance, task = state.instances[ti], self._tasks[ti]
        if instance.tries <= task.retries:
            instance.becomes(UP_FOR_RETRY, state.now + task.retry_delay)
        else:
            instance.becomes(FAILED)

    def _give_up(self, state: State, process: Process) -> None:
        """The scheduler hears nothing of a try any more; or a stray is killed at last."""
        if process.kind == STRAY:
            self._drop(state, process)
            return
        if process.kind == DEAD:
            self._drop(state, process, crashed=True)
        else:
            process.kind, process.given_up_at = STRAY, None
        self._fail_try(state, process.ti)

    def is_met(self, state: State, ti: int, step: Wait | WaitChild, child: int | None) -> bool:
        """Whether what a task instance waits for is there."""
        if isinstance(step, WaitChild):
            return child is not None and state.runs[child].state == SUCCESS
        run = self.target(ti, step)
        if run is None:
            return self._wanted(ti, step) == OVER_BEFORE and bool(step.runs)
        if step.task is not None:
            number = self.of.task_number[run // RUNS].get(step.task)
            instance = None if number is None else state.instances.get(run * self._width + number)
            return instance is not None and instance.state == SUCCESS
        found = state.runs.get(run)
        return found is not None and found.state == SUCCESS

    def target(self, ti: int, step: Wait) -> int | None:
        """The run that a task instance waits for, if there can be one."""
        k = self._wanted(ti, step)
        return None if k is None else self.of.run_id(step.dag, k)

    def _wanted(self, ti: int, step: Wait) -> int | None:
        """The number of that run."""
        own = (ti // self._width) % RUNS
        if step.runs:
            return step.runs[own] if own < len(step.runs) else None
        return own + step.offset if step.run is None else step.run

    def _run_process(self, state: State, process: Process, choices: Choices) -> bool:
        """All steps that take no time; whether anything moved."""
        moved = False
        ti = process.ti
        task = self._tasks[ti]
        steps = task.steps_of(process.tries)
        while True:
            if process.kind == DEAD or process.due is not None:
                return moved
            if process.fate is not None and process.fate[1] == process.at:
                moved = True
                if self._strike(state, process):
                    return True
                continue
            if process.at >= len(steps):
                self._end(state, process, task)
                return True
            step = steps[process.at]
            if isinstance(step, Work):
                self._work(state, process, step, choices)
                return True
            if isinstance(step, Acquire):
                return moved
            if isinstance(step, Wait | WaitChild):
                if self.is_met(state, ti, step, process.child):
                    process.at += 1
                    moved = True
                    continue
                return self._wait(state, process, task, step) or moved
            self._do(state, process, step)
            process.at += 1
            moved = True

    def _work(self, state: State, process: Process, step: Work, choices: Choices) -> None:
        length = step.low
        if self.untimed:
            length = 1
        elif step.high > step.low:
            actor = (*self._actors[process.ti], process.at)
            at = state.now + step.low
            length += choices.within("duration", actor, step.high - step.low + 1, at, 1)
        process.due = state.now + length

    def _strike(self, state: State, process: Process) -> bool:
        """What was to strike this try does; whether it ends its steps."""
        assert process.fate is not None
        kind = process.fate[0]
        process.fate = None
        if kind == "fail":
            self._drop(state, process)
            self._fail_try(state, process.ti)
            return True
        process.given_up_at = state.now + self.of.zombie_timeout
        process.kind = DEAD if kind == "crash" else CUT_OFF
        return kind == "crash"

    def _end(self, state: State, process: Process, task: Task) -> None:
        if process.kind == CUT_OFF:
            # What it came to can't be told to anybody.
            process.kind = DEAD
            self._release_all(state, try_owner(process.ti, process.tries))
            return
        told = process.kind != STRAY
        self._drop(state, process)
        if told:
            instance = state.instances[process.ti]
            instance.state, instance.due = SUCCESS, None
            for asset in task.updates:
                self._update(state, asset)

    def _wait(self, state: State, process: Process, task: Task, step: Wait | WaitChild) -> bool:
        """A wait that is not met; whether anything moved."""
        told = process.kind != STRAY
        child = state.runs.get(-1 if process.child is None else process.child)
        if type(step) is WaitChild and child is not None and child.state == FAILED:
            self._drop(state, process)
            if told:
                self._fail_try(state, process.ti)
            return True
        if task.mode == "poke" or not told:
            return False
        instance = state.instances[process.ti]
        state.processes.remove(process)
        instance.child = process.child
        if task.mode == "reschedule":
            instance.state, instance.resumes_at = RESCHEDULED, -1
            instance.due = state.now + task.poke_interval
        else:
            instance.state, instance.resumes_at, instance.due = DEFERRED, process.at, None
        return True

    def _do(self, state: State, process: Process, step: Release | Effect | Trigger) -> None:
        """A step that takes no time and waits for nothing."""
        ti = process.ti
        if isinstance(step, Release):
            run = ti // self._width
            owner = run_owner(run) if step.by_run else try_owner(ti, process.tries)
            left = state.holds.get((step.lock, owner), 0) - step.units
            if left > 0:
                state.holds[step.lock, owner] = left
            else:
                state.holds.pop((step.lock, owner), None)
        elif isinstance(step, Effect):
            state.committed[ti] = min(2, state.committed.get(ti, 0) + 1)
        else:
            self._trigger(state, process, step)

    def _trigger(self, state: State, process: Process, step: Trigger) -> None:
        dag = self.of.dag_number[step.dag]
        runs = [run for number, run in state.runs.items() if number // RUNS == dag]
        if step.dedupe and any(run.state in (QUEUED, RUNNING) for run in runs):
            state.lost.add(dag)
        elif len(runs) < self.of.max_runs:
            logical = state.runs[process.ti // self._width].logical
            process.child = self._create(state, dag, logical)

    def _update(self, state: State, asset: str) -> None:
        """Several updates before the run is created are folded into one run."""
        for number in self._listeners:
            dag = self.of.dags[number]
            if asset in dag.on_assets:
                got, due = state.assets.get(number, (frozenset(), None))
                if asset in got:
                    state.lost.add(number)
                got |= {asset}
                if due is None and got >= set(dag.on_assets):
                    due = state.now + dag.asset_delay
                state.assets[number] = (got, due)

    def _grant(self, state: State, choices: Choices) -> bool:
        """One lock is given to those who wait for it: to all, or to one if there is not enough."""
        asking: dict[str, list[tuple[Process, Acquire]]] = {}
        for process in state.processes:
            if process.kind == DEAD or process.due is not None:
                continue
            steps = self._tasks[process.ti].steps_of(process.tries)
            if process.at < len(steps):
                step = steps[process.at]
                if type(step) is Acquire and state.free(self.of, step.lock) >= step.units:
                    asking.setdefault(step.lock, []).append((process, step))
        if not asking:
            return False
        lock = min(asking)
        granted = asking[lock]
        if sum(step.units for _, step in granted) > state.free(self.of, lock):
            actors = [self._actors[process.ti] for process, _ in granted]
            chosen = choices.among("lock", actors) if len(actors) > 1 else 0
            granted = [granted[chosen]]
        for process, step in granted:
            run = process.ti // self._width
            owner = run_owner(run) if step.by_run else try_owner(process.ti, process.tries)
            state.holds[lock, owner] = state.holds.get((lock, owner), 0) + step.units
            process.at += 1
        return True

    # -- the scheduler ------------------------------------------------------------------------

    def _settle(self, state: State, choices: Choices) -> None:
        """Each time something moved, all begins anew; but no process goes on, and no lock is
        granted, because something became ready, started or was queued."""
        while True:
            if self._run_processes(state, choices) or self._grant(state, choices):
                continue
            if self._turn_runs(state, choices):
                continue
            while self._admit(state, choices):
                pass
            if not self._place(state, choices):
                return

    def _run_processes(self, state: State, choices: Choices) -> bool:
        moved = False
        for process in state.processes[:]:
            if process.kind == DEAD or process.due is not None or process not in state.processes:
                continue
            moved |= self._run_process(state, process, choices)
        return moved

    def _turn_runs(self, state: State, choices: Choices) -> bool:
        """What becomes ready, and which dag runs start; True as soon as one has ended."""
        while True:
            while self._step_instances(state):
                pass
            if self._end_runs(state, choices):
                return True
            if not self._start_runs(state):
                return False

    def _step_instances(self, state: State) -> bool:
        """What became ready, and what can't any more."""
        moved = False
        instances, width = state.instances, self._width
        for ti, instance in instances.items():
            now = instance.state
            if now not in (NONE, DEFERRED):
                continue
            run = ti // width
            if state.runs[run].state != RUNNING:
                continue
            task = self._tasks[ti]
            if now == DEFERRED:
                step = task.steps_of(instance.tries)[instance.resumes_at]
                assert isinstance(step, Wait | WaitChild)
                if self.is_met(state, ti, step, instance.child):
                    instance.state = SCHEDULED
                    instance.resumes_at += 1
                    moved = True
                continue
            first = run * width
            upstream = [
                instances[first + other].state
                for other in self.of.upstream[run // RUNS][ti - first]
            ]
            if not task.all_done and (FAILED in upstream or UPSTREAM_FAILED in upstream):
                instance.state = UPSTREAM_FAILED
                moved = True
            elif all(one in OVER for one in upstream) and self._past_is_met(state, ti, task):
                instance.state = SCHEDULED
                moved = True
        return moved

    def _past_is_met(self, state: State, ti: int, task: Task) -> bool:
        """depends_on_past and wait_for_downstream."""
        run = ti // self._width
        if not task.depends_on_past or run % RUNS == 0:
            return True
        before = state.runs.get(run - 1)
        if before is None or before.state == LOST:
            return True
        past = state.instances.get(ti - self._width)
        if past is None or past.state != SUCCESS:
            return False
        if not task.wait_for_downstream:
            return True
        first = (run - 1) * self._width
        after = self.of.downstream[run // RUNS][ti - run * self._width]
        return all(state.instances[first + other].state == SUCCESS for other in after)

    def usage(self, state: State) -> Usage:
        """How much of each limit is taken."""
        found = Usage()
        for ti, instance in state.instances.items():
            now = instance.state
            if now in (RUNNING, QUEUED):
                task = self._tasks[ti]
                found.pools[task.pool] += task.slots
                found.by_group[self.of.group_of(ti)] += 1
                found.by_task[self.of.class_of(ti)] += 1
                found.total += 1
            elif now == DEFERRED:
                task = self._tasks[ti]
                if task.pool in self.of.counts_deferred:
                    found.pools[task.pool] += task.slots
        return found

    def fits(self, ti: int, used: Usage) -> bool:
        """Whether every limit has room for it."""
        task, of = self._tasks[ti], self.of
        return (
            used.pools[task.pool] + task.slots <= of.pools[task.pool]
            and used.total < of.parallelism
            and used.by_group[self.of.group_of(ti)]
            < of.dags[ti // self._width // RUNS].max_active_tasks
            and used.by_task[self.of.class_of(ti)] < task.max_active_tis
        )

    def _admit(self, state: State, choices: Choices) -> bool:
        """Ready task instances are queued; those that don't fit are passed over, and others that
        do go first (Airflow: SchedulerJobRunner._executable_task_instances_to_queued)."""
        ready = [
            ti
            for ti, instance in state.instances.items()
            if instance.state == SCHEDULED and state.runs[ti // self._width].state == RUNNING
        ]
        if not ready:
            return False
        used = self.usage(state)
        fitting = [ti for ti in ready if self.fits(ti, used)]
        if not fitting:
            return False
        keys = {
            ti: (-self._tasks[ti].priority, state.runs[ti // self._width].logical) for ti in fitting
        }
        best = min(keys.values())
        tied = sorted(ti for ti in fitting if keys[ti] == best)
        if len(tied) == 1:
            self._queue(state, tied[0])
        elif self.of.worker_slots is None and self._all_fit(tied, used):
            # Who is first among those who all go makes no difference.
            for ti in tied:
                self._queue(state, ti)
        else:
            self._queue(state, tied[choices.among("tie", [self._actors[ti] for ti in tied])])
        return True

    def _all_fit(self, tied: list[int], used: Usage) -> bool:
        for ti in tied:
            if not self.fits(ti, used):
                return False
            task = self._tasks[ti]
            used.pools[task.pool] += task.slots
            used.by_group[self.of.group_of(ti)] += 1
            used.by_task[self.of.class_of(ti)] += 1
            used.total += 1
        return True

    def _queue(self, state: State, ti: int) -> None:
        state.instances[ti].state = QUEUED
        state.queue.append(ti)
        bound = self.of.bypass_bound
        if bound is None:
            return
        pool = self._tasks[ti].pool
        state.bypassed.pop(ti, None)
        for other, instance in state.instances.items():
            if (
                instance.state == SCHEDULED
                and self._tasks[other].pool == pool
                and state.runs[other // self._width].state == RUNNING
            ):
                state.bypassed[other] = min(bound + 1, state.bypassed.get(other, 0) + 1)

    def _place(self, state: State, choices: Choices) -> bool:
        """The first queued task instance for which there is a worker starts."""
        of, workers = self.of, self.of.worker_slots
        for ti in state.queue:
            task = self._tasks[ti]
            if workers is not None:
                busy = sum(
                    1
                    for other, instance in state.instances.items()
                    if instance.state == RUNNING and self._tasks[other].queue == task.queue
                )
                if busy >= workers.get(task.queue, 0):
                    continue
            state.queue.remove(ti)
            instance = state.instances[ti]
            fate = None
            if instance.is_fresh:
                instance.tries += 1
                if task.faults and state.budget > 0:
                    ways = 1 + len(task.faults)
                    actor = (*self._actors[ti], instance.tries)
                    struck = choices.strikes("fault", actor, ways, of.fault_chance)
                    if struck:
                        fate = task.faults[struck - 1]
                        state.budget -= 1
            at = max(0, instance.resumes_at)
            process = Process(ti, instance.tries, at, fate, instance.child)
            insort(state.processes, process, key=lambda one: (one.ti, one.tries))
            instance.state, instance.resumes_at, instance.child = RUNNING, 0, None
            return True
        return False
