"""Tries: what happens from the moment a worker takes a task instance until its try ends.

From Airflow: ``sdk/execution_time/task_runner.py`` and ``api_fastapi/execution_api/routes/
task_instances.py`` (3.x), ``models/taskinstance.py`` (2.x), ``sdk/bases/sensor.py``, ``sdk/bases/
branch.py``, and the standard provider's sensors and operators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush

from windtunnel.engine.branches import decide
from windtunnel.engine.dependencies import Pass
from windtunnel.engine.plans import Plan, Planner
from windtunnel.engine.pokes import is_poking, poke_after, poke_too_late, poke_until
from windtunnel.engine.program import is_deferrable, micros
from windtunnel.engine.queueing import CriticalSection
from windtunnel.engine.rules import retry_delay_us
from windtunnel.engine.waits import CrossDagWaits
from windtunnel.engine.workers import Worker, Workers
from windtunnel.engine.world import (
    DEFERRED,
    FAILED,
    NONE,
    QUEUED,
    RUNNING,
    SCHEDULED,
    SKIPPED,
    SUCCESS,
    UP_FOR_RESCHEDULE,
    UP_FOR_RETRY,
    Run,
    World,
)
from windtunnel.model import (
    Deferrable,
    ExternalTaskSensor,
    LatestOnly,
    Sensor,
    TriggerDagRun,
)

END, FIRE, TIMEOUT, WAKE, SILENT, GHOST, STARTED = 0, 1, 2, 3, 4, 5, 6
"""Kinds of due events, in the order in which one instant handles them."""

NEVER = 1 << 62

Due = tuple[int, int, int, int]
"""(time, kind, number, task instance)."""


@dataclass(slots=True)
class Attempt:
    """A try that occupies a worker."""

    number: int
    """Dispatch number: ties between ends go by it."""
    plan: Plan
    started: int
    began: int
    """Start of the try: of its first stay on a worker, if it was deferred since."""
    resumed: bool
    ends: int = 0
    deadline: int | None = None
    """When execution_timeout ends it."""
    cut: bool = False
    """It ends because execution_timeout does."""
    waits: bool = False
    """It has done its own part and now waits for other work of the fleet."""
    gives_up: int | None = None
    """When its own timeout ends the wait."""
    was_cut: bool = False
    """A real callable was told that execution_timeout has passed."""
    asleep: bool = False
    """A real sensor between two pokes."""


@dataclass(frozen=True, slots=True)
class Struck:
    """What faults do to a try beside changing its plan."""

    hangs: bool = False
    loses_heartbeat: bool = False


Strike = Callable[[int, Plan], tuple[Struck | None, Plan]]


@dataclass(slots=True)
class Deferral:
    """A task instance in the triggerer."""

    number: int
    plan: Plan
    began: int
    since: int
    fires: int | None
    gives_up: int | None
    cut: bool
    """It is execution_timeout that ends it then."""


class Tries:
    """All tries in flight, and the heap of what is due."""

    def __init__(
        self,
        world: World,
        planner: Planner,
        workers: Workers,
        section: CriticalSection,
        waits: CrossDagWaits,
    ) -> None:
        self._world = world
        self._planner = planner
        self._workers = workers
        self._section = section
        self._waits = waits
        self.heap: list[Due] = []
        self.number = 0
        self.running: dict[int, Attempt] = {}
        self.deferred: dict[int, Deferral] = {}
        self._resuming: dict[int, tuple[Deferral, bool]] = {}
        """Deferred task instances that were called back, and whether into a failure."""
        self._first_poke: dict[int, int] = {}
        self._timeout_from: dict[int, int] = {}
        """From when the timeout of a reschedule sensor counts."""
        self._plain = not world.scenario.faults
        """Whether a try may be nothing but its end in the heap."""
        self._silent: dict[int, int] = {}
        """Running task instances without a heartbeat: number of the try."""
        self._ghosts: dict[int, tuple[Worker | None, int]] = {}
        """Processes that go on after their try was given up, by number of the try."""
        self._starting: dict[int, int] = {}
        """Queued task instances that a worker has taken and that don't run yet."""
        self._triggers_held = False
        self.scheduler_is_up: Callable[[], bool] = lambda: True
        every = world.cluster.task_instance_heartbeat_timeout_detection_interval_s
        self._sweep = micros(every)
        self.strike: Strike | None = None
        """What faults do to a try that begins."""
        self._poke_us: dict[int, int] = {}
        """How long the last poke of a reschedule sensor took."""
        self.began: Callable[[int], None] | None = None
        """Told of every task instance that begins to run, if somebody wants to know."""
        self.left: list[int] | None = None
        """Where to note who is neither queued nor running any more, if somebody wants to know."""

    # -- what is due --------------------------------------------------------------------------

    def next_due(self) -> int | None:
        """When the next event is due; events that no longer apply are dropped."""
        heap = self.heap
        while heap and not self._applies(heap[0]):
            heappop(heap)
        return heap[0][0] if heap else None

    def handle_due(self) -> None:
        """Handle all that is due now: ends in dispatch order, then triggers (also those that a task
        handed over just now), then their timeouts, then retries and reschedules."""
        heap, now = self.heap, self._world.now
        if not heap or heap[0][0] > now:
            return
        first = heappop(heap)
        if heap and heap[0][0] <= now:
            heappush(heap, first)
        elif self._applies(first):
            self._handle(first)
        if not heap or heap[0][0] > now:
            return
        for kind in (END, FIRE, TIMEOUT, WAKE, SILENT, GHOST, STARTED):
            for event in self._take_due(kind):
                if self._applies(event):
                    self._handle(event)

    def _take_due(self, kind: int) -> list[Due]:
        """Take the due events of one kind off the heap, in order."""
        heap, now = self.heap, self._world.now
        due: list[Due] = []
        later: list[Due] = []
        while heap and heap[0][0] <= now:
            event = heappop(heap)
            (due if event[1] == kind else later).append(event)
        for event in later:
            heappush(heap, event)
        return due

    def _applies(self, event: Due) -> bool:
        at, kind, number, ti = event
        if kind == END:
            attempt = self.running.get(ti)
            if attempt is None:
                return self._plain and self._world.state[ti] == RUNNING
            return attempt.number == number and attempt.ends == at
        if kind == FIRE:
            deferral = self.deferred.get(ti)
            return deferral is not None and deferral.number == number and deferral.fires == at
        if kind == TIMEOUT:
            deferral = self.deferred.get(ti)
            return deferral is not None and deferral.number == number
        state = self._world.state[ti]
        if kind == SILENT:
            return state == RUNNING and self._silent.get(ti) == number
        if kind == GHOST:
            return number in self._ghosts
        if kind == STARTED:
            return state == QUEUED and self._starting.get(ti) == number
        return state in (UP_FOR_RETRY, UP_FOR_RESCHEDULE) and number == self._world.due.get(ti)

    def _handle(self, event: Due) -> None:
        at, kind, number, ti = event
        if kind in (SILENT, TIMEOUT) and not self.scheduler_is_up():
            # it is the scheduler that looks for these, every so often
            self._arm(at + self._sweep, kind, number, ti)
        elif kind == SILENT:
            self._give_up_silent(ti)
            self.reap()
        elif kind == STARTED:
            del self._starting[ti]
            self.start(ti)
        elif kind == GHOST:
            worker, was = self._ghosts.pop(number)
            self._workers.end_process(worker, was)
        elif kind == END:
            self._end(ti)
            self.reap()
        elif kind == FIRE:
            if self._triggers_held:
                return  # it fires when the triggerer is back: see `hold_triggers`
            self._call_back(ti, failed=False)
        elif kind == TIMEOUT:
            self._call_back(ti, failed=True)
        else:
            world = self._world
            run = world.runs[world.ti_run[ti]]
            run.todo.append(ti)
            world.mark(run)

    def _arm(self, at: int, kind: int, number: int, ti: int) -> None:
        heappush(self.heap, (at, kind, number, ti))

    # -- the start of a try -------------------------------------------------------------------

    def take(self, ti: int) -> None:
        """A worker takes a queued task instance: it runs now, or when its process or pod is
        there."""
        delay = self._workers.start_us(ti)
        if not delay:
            self.start(ti)
            return
        self.number += 1
        self._starting[ti] = self.number
        self._arm(self._world.now + delay, STARTED, self.number, ti)

    def start(self, ti: int) -> None:
        """A queued task instance begins to run."""
        world = self._world
        world.begin(ti)
        if self.began is not None:
            self.began(ti)
        self.number += 1
        duration = self._plain_us(ti)
        if duration is not None:
            heappush(self.heap, (world.now + duration, END, self.number, ti))
            return
        back = self._resuming.pop(ti, None)
        if back is None:
            attempt = Attempt(self.number, self._planner.plan(ti), world.now, world.now, False)
        else:
            attempt = Attempt(self.number, back[0].plan, world.now, back[0].began, True)
            attempt.gives_up = world.now if back[1] else None
        struck = None
        if self.strike is not None:
            struck, attempt.plan = self.strike(ti, attempt.plan)
        self.running[ti] = attempt
        self._plan_end(ti, attempt, hangs=bool(struck and struck.hangs))
        if struck is not None and struck.loses_heartbeat:
            self._lose_heartbeat(ti)
        if attempt.plan.memory:
            for killed in self._workers.load(ti, attempt.plan.memory):
                self.fail(killed, "killed: the worker is out of memory")
                self.reap()

    def _plain_us(self, ti: int) -> int | None:
        """How long a plain try takes: one that just works and succeeds, and holds no worker slot
        that is counted. Nothing is kept of it but its end in the heap."""
        world = self._world
        run = world.runs[world.ti_run[ti]]
        if not self._plain or not run.dag.plain or not self._workers.unlimited:
            return None
        return self._planner.plain_us(ti, run)

    def _plan_end(self, ti: int, attempt: Attempt, *, hangs: bool = False) -> None:
        world = self._world
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        kind, plan = run.dag.kind[task], attempt.plan
        limit = run.dag.tasks[task].execution_timeout_s
        if limit is not None:
            spans = world.profile.execution_timeout_spans_deferral
            attempt.deadline = (attempt.began if spans else attempt.started) + micros(limit)
        ends = world.now + (plan.resume if attempt.resumed else plan.duration)
        pokes = isinstance(kind, Sensor) and kind.mode == "poke" and not kind.deferrable
        if hangs:
            ends = NEVER
        elif isinstance(kind, Sensor) and pokes and not plan.live:
            ends, attempt.gives_up = poke_until(kind, plan, world.now)
            attempt.waits = True
        self._end_at(ti, attempt, ends)

    def _end_at(self, ti: int, attempt: Attempt, at: int) -> None:
        """The try ends then, or by execution_timeout before."""
        # Airflow's alarm rings once: a callable that survives it is not cut again.
        deadline = attempt.deadline
        if deadline is None or attempt.was_cut:
            deadline = NEVER
        attempt.cut = at > deadline
        attempt.ends = max(deadline, self._world.now) if attempt.cut else at
        self._arm(attempt.ends, END, attempt.number, ti)

    # -- the end of a try ---------------------------------------------------------------------

    def _end(self, ti: int) -> None:
        world = self._world
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        attempt = self.running.get(ti)
        if attempt is None:
            world.move(ti, SUCCESS)
            self._mini_schedule(ti, run, task)
            return
        if attempt.plan.sleeping and not self._wakes(ti, attempt):
            return
        kind = run.dag.kind[task]
        if isinstance(kind, TriggerDagRun | ExternalTaskSensor) and not attempt.cut:
            if not self._end_of_poke(ti, attempt, kind):
                return
        elif attempt.cut:
            self._cut(ti, attempt, kind)
        elif self._defers(kind, attempt):
            self._defer(ti, attempt, kind)
        elif isinstance(kind, Sensor) and not attempt.resumed and not kind.deferrable:
            self._end_sensor(ti, attempt, kind)
        else:
            self._conclude(ti, attempt)
        self._mini_schedule(ti, run, task)

    def _wakes(self, ti: int, attempt: Attempt) -> bool:
        """A real callable slept and goes on; returns whether it is over now."""
        attempt.plan = self._planner.go_on(ti, timed_out=attempt.cut)
        attempt.was_cut |= attempt.cut
        attempt.cut = False
        self._plan_end(ti, attempt)
        return attempt.ends == self._world.now and not attempt.plan.sleeping

    def _free(self, ti: int) -> None:
        """The try is over: its worker slot is free."""
        attempt = self.running.pop(ti, None)
        if attempt is not None and attempt.plan.sleeping:
            self._planner.drop(ti)
        self._workers.release(ti)

    def _conclude(self, ti: int, attempt: Attempt) -> None:
        """The try ends with the outcome that its plan says."""
        plan = attempt.plan
        if attempt.resumed and attempt.gives_up is not None:
            self._fail_after_deferral(ti)
        elif plan.outcome == "success" or self._is_latest_only(ti):
            self._succeed(ti, plan)
        elif plan.outcome == "skip" or (plan.outcome == "fail_no_retry" and self._is_soft(ti)):
            self._free(ti)
            self._world.move(ti, SKIPPED)
        else:
            self.fail(ti, plan.error, retryable=plan.outcome == "fail")

    def _is_soft(self, ti: int) -> bool:
        """soft_fail turns AirflowFailException in a poke into a skip (``sensor.py: execute``)."""
        world = self._world
        kind = world.runs[world.ti_run[ti]].dag.kind[world.ti_task[ti]]
        return isinstance(kind, Sensor | ExternalTaskSensor) and kind.soft_fail

    def _cut(self, ti: int, attempt: Attempt, kind: object) -> None:
        """AirflowTaskTimeout: retried if tries are left. In the middle of a poke soft_fail makes it
        a skip, between two pokes it does not (``sensor.py: execute``)."""
        if attempt.waits:
            self._waits.before_forced_end(f"execution_timeout of {self._label(ti)}")
        self._waits.forget(ti)
        if isinstance(kind, Sensor | ExternalTaskSensor) and kind.soft_fail:
            since = self._world.now - attempt.started
            if is_poking(kind, attempt.plan, since) and not attempt.resumed:
                self._free(ti)
                self._world.move(ti, SKIPPED)
                return
        self.fail(ti, "execution_timeout")

    def _is_latest_only(self, ti: int) -> bool:
        """LatestOnlyOperator compares dates, nothing else: it has no outcome of its own."""
        world = self._world
        run = world.runs[world.ti_run[ti]]
        return isinstance(run.dag.kind[world.ti_task[ti]], LatestOnly)

    def _succeed(self, ti: int, plan: Plan) -> None:
        world = self._world
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        skipped = run.dag.skips[task] and decide(world, ti, plan)
        if run.dag.is_map_source[task] and not skipped and plan.length is not None:
            world.lengths[ti] = plan.length
        self._free(ti)
        world.move(ti, SUCCESS)

    def fail(self, ti: int, why: str | None, *, retryable: bool = True) -> None:
        """A try failed: retried if tries are left, else final, with all that follows."""
        world = self._world
        run = world.runs[world.ti_run[ti]]
        own = run.dag.tasks[world.ti_task[ti]]
        self._free(ti)
        used = world.tries[ti] - world.cleared_tries.get(ti, 0)
        if retryable and used <= own.retries:
            self._retry_later(ti, run, why)
            return
        if run.dag.dag.fail_fast:
            self._stop_the_others(run, world.ti_task[ti])
        if why:
            world.trace.reasons[len(world.trace.history)] = why
        world.move(ti, FAILED)

    def _retry_later(self, ti: int, run: Run, why: str | None) -> None:
        world = self._world
        own = run.dag.tasks[world.ti_task[ti]]
        delay = retry_delay_us(
            micros(own.retry_delay_s),
            own.retry_exponential_backoff,
            None if own.max_retry_delay_s is None else micros(own.max_retry_delay_s),
            micros(world.cluster.max_task_retry_delay_s),
            dag_id=run.dag.dag_id,
            task_id=own.task_id,
            logical_date=_printed(run),
            try_number=world.tries[ti],
        )
        if why:
            world.trace.reasons[len(world.trace.history)] = why
        if not world.profile.sensor_timeout_spans_tries:
            self._forget_pokes(ti)
        self._wait_until(ti, UP_FOR_RETRY, world.now + delay, strictly=True)

    def _wait_until(self, ti: int, state: int, due: int, *, strictly: bool) -> None:
        """Wait without holding anything; a strict comparison is met one microsecond later."""
        self._world.due[ti] = due
        self._world.move(ti, state)
        self._arm(due + strictly, WAKE, due, ti)

    def _stop_the_others(self, run: Run, failed: int) -> None:
        """fail_fast: running tasks fail, the rest is skipped; teardowns and the task's own other
        instances are spared (``models/taskinstance.py: _stop_remaining_tasks``)."""
        world = self._world
        for task in range(run.dag.size):
            if task == failed or run.dag.tasks[task].is_teardown:
                continue
            for ti in run.tis(task):
                state = world.state[ti]
                if state == RUNNING:
                    world.move(ti, FAILED)
                elif state not in (SUCCESS, FAILED):
                    world.move(ti, SKIPPED)

    def reap(self) -> None:
        """Free what tries hold whose state was changed from outside."""
        if not self._world.unhanded:
            return
        moved, self._world.unhanded = self._world.unhanded, []
        for ti, _, new in moved:
            if new == RUNNING or self._world.state[ti] in (QUEUED, RUNNING):
                continue
            self._workers.withdraw(ti)
            if self.left is not None:
                self.left.append(ti)
            if self._world.state[ti] != DEFERRED:
                self.deferred.pop(ti, None)
            if ti in self.running or self._starting.pop(ti, None) is not None:
                self._free(ti)

    # -- losses -------------------------------------------------------------------------------

    def vanish(self, ti: int, *, noticed_at_once: bool) -> None:
        """The worker under a try is gone, and the try's slot with it. Airflow notices it when the
        heartbeat is too old (``task_instance_heartbeat_timeout``), or its executor tells."""
        attempt = self.running.pop(ti, None)
        if self._starting.pop(ti, None) is not None:
            return  # its message is gone with the worker: it stays queued until it times out
        if attempt is None or self._world.state[ti] != RUNNING:
            return
        if noticed_at_once:
            self.fail(ti, "worker lost")
            self.reap()
        else:
            self._go_silent(ti, attempt.number)

    def _lose_heartbeat(self, ti: int) -> None:
        """The try is given up while its process goes on."""
        self._go_silent(ti, self.running[ti].number)

    def _go_silent(self, ti: int, number: int) -> None:
        cluster = self._world.cluster
        timeout = micros(cluster.task_instance_heartbeat_timeout_s)
        seen = ((self._world.now + timeout) // self._sweep + 1) * self._sweep
        self._silent[ti] = number
        self._arm(seen, SILENT, number, ti)

    def _give_up_silent(self, ti: int) -> None:
        """The scheduler purges a task instance without heartbeats."""
        del self._silent[ti]
        attempt = self.running.get(ti)
        if attempt is not None:
            self._ghosts[attempt.number] = (self._workers.keep(ti), ti)
            if attempt.ends < NEVER:
                self._arm(max(attempt.ends, self._world.now), GHOST, attempt.number, ti)
        self.fail(ti, "no heartbeat")

    def hold_triggers(self, *, held: bool) -> None:
        """The triggerer is down, or back: then all that should have fired does."""
        self._triggers_held = held
        if held:
            return
        for ti, deferral in self.deferred.items():
            if deferral.fires is not None and deferral.fires <= self._world.now:
                deferral.fires = self._world.now
                self._arm(self._world.now, FIRE, deferral.number, ti)

    # -- sensors ------------------------------------------------------------------------------

    def _end_sensor(self, ti: int, attempt: Attempt, kind: Sensor) -> None:
        world, plan = self._world, attempt.plan
        true = plan.true_at is not None and world.now >= plan.true_at
        if true or attempt.cut:
            self._conclude(ti, attempt)
        elif plan.live and kind.mode == "poke":
            self._poke_live(ti, attempt, kind)
        elif kind.mode == "poke" or self._is_out_of_time(ti, attempt, kind):
            self._sensor_gives_up(ti, kind)
        else:
            self._poke_again(ti, kind)

    def _poke_live(self, ti: int, attempt: Attempt, kind: Sensor) -> None:
        """A real sensor in poke mode sleeps on its worker, then its callable runs again."""
        now = self._world.now
        if attempt.asleep:
            attempt.asleep = False
            attempt.plan = self._planner.plan(ti)
            self._plan_end(ti, attempt)
        elif now - attempt.started > micros(kind.timeout_s):
            self._sensor_gives_up(ti, kind)
        else:
            attempt.asleep = True
            self._end_at(ti, attempt, now + max(1, micros(kind.poke_interval_s)))

    def _is_out_of_time(self, ti: int, attempt: Attempt, kind: Sensor | ExternalTaskSensor) -> bool:
        first = self._timeout_from.get(ti, attempt.started)
        return self._world.now - first > micros(kind.timeout_s)

    def _forget_pokes(self, ti: int) -> None:
        self._first_poke.pop(ti, None)
        self._timeout_from.pop(ti, None)

    def _poke_again(self, ti: int, kind: Sensor | ExternalTaskSensor) -> None:
        began = self.running[ti].started
        self._poke_us[ti] = self._world.now - began
        self._first_poke.setdefault(ti, began)
        late = self._world.profile.sensor_timeout_from_first_reschedule
        self._timeout_from.setdefault(ti, self._world.now if late else began)
        self._free(ti)
        due = self._world.now + micros(kind.poke_interval_s)
        self._wait_until(ti, UP_FOR_RESCHEDULE, due, strictly=False)

    def _sensor_gives_up(self, ti: int, kind: Sensor | ExternalTaskSensor) -> None:
        """AirflowSensorTimeout: final, whatever retries are left."""
        self._waits.before_forced_end(f"the timeout of {self._label(ti)}")
        if kind.soft_fail:
            self._free(ti)
            self._world.move(ti, SKIPPED)
        else:
            self.fail(ti, "sensor timeout", retryable=False)

    # -- waiting for other DAGs ---------------------------------------------------------------

    def _end_of_poke(
        self, ti: int, attempt: Attempt, kind: TriggerDagRun | ExternalTaskSensor
    ) -> bool:
        """Own work done, or a poke: look, and end, wait on, or defer. Returns whether it left."""
        if attempt.resumed:
            if attempt.gives_up is not None:
                self._waits.forget(ti)
                self._fail_after_deferral(ti)
            else:
                self._conclude_wait(ti, attempt, kind, self._waits.verdict(ti))
            return True
        if not attempt.waits:
            if attempt.plan.outcome != "success":
                self._conclude(ti, attempt)
                return True
            self._waits.begin(ti, kind)
            attempt.waits = True
            bounded = self._world.profile.execution_timeout_bounds_triggered_wait
            if isinstance(kind, TriggerDagRun) and not bounded:
                attempt.deadline = None
        verdict = self._waits.verdict(ti)
        if verdict is not None:
            self._conclude_wait(ti, attempt, kind, verdict)
            return True
        if kind.deferrable:
            self._defer(ti, attempt, kind)
            return True
        if isinstance(kind, ExternalTaskSensor):
            if attempt.gives_up is not None and self._world.now >= attempt.gives_up:
                self._sensor_gives_up(ti, kind)
                return True
            if kind.mode == "reschedule":
                if self._is_out_of_time(ti, attempt, kind):
                    self._sensor_gives_up(ti, kind)
                else:
                    self._poke_again(ti, kind)
                return True
            attempt.gives_up = self._poke_after(
                attempt, kind, attempt.started + micros(kind.timeout_s) + 1
            )
        if attempt.gives_up is not None or attempt.deadline is not None:
            self._end_at(ti, attempt, attempt.gives_up or NEVER)
        return False

    def _conclude_wait(
        self,
        ti: int,
        attempt: Attempt,
        kind: TriggerDagRun | ExternalTaskSensor,
        verdict: str | None,
    ) -> None:
        self._forget_pokes(ti)
        self._waits.forget(ti)
        if verdict == "success":
            self._succeed(ti, attempt.plan)
        elif verdict == "skipped":
            self._free(ti)
            self._world.move(ti, SKIPPED)
        elif verdict is None and isinstance(kind, ExternalTaskSensor):
            self._sensor_gives_up(ti, kind)
        elif isinstance(kind, ExternalTaskSensor) and kind.soft_fail:
            self._free(ti)
            self._world.move(ti, SKIPPED)
        else:
            self.fail(ti, verdict)

    def notice(self) -> None:
        """Runs or task instances ended: those who wait for them see it at their next poke."""
        ended, self._world.ended = self._world.ended, []
        for ti in self._waits.touched_by(ended):
            if self._waits.verdict(ti) is None:
                continue
            run = self._world.runs[self._world.ti_run[ti]]
            kind = run.dag.kind[self._world.ti_task[ti]]
            assert isinstance(kind, TriggerDagRun | ExternalTaskSensor)
            attempt = self.running.get(ti)
            deferral = self.deferred.get(ti)
            if attempt is not None and attempt.waits:
                self._end_at(ti, attempt, self._poke_after(attempt, kind, self._world.now))
            elif deferral is not None:
                interval = max(1, micros(kind.poke_interval_s))
                pokes = -(-(self._world.now - deferral.since) // interval)
                deferral.fires = deferral.since + pokes * interval
                self._arm(deferral.fires, FIRE, deferral.number, ti)

    @staticmethod
    def _poke_after(
        attempt: Attempt, kind: TriggerDagRun | ExternalTaskSensor, instant: int
    ) -> int:
        return poke_after(attempt.started, attempt.plan, kind, instant)

    # -- timeouts, for those who look on ------------------------------------------------------

    def is_called_back(self, ti: int) -> bool:
        """Whether the triggerer is done with a task instance: it only needs a worker now."""
        attempt = self.running.get(ti)
        return ti in self._resuming or (attempt is not None and attempt.resumed)

    def first_poke(self, ti: int) -> int | None:
        """When a reschedule sensor began its first poke, of those that its timeout counts."""
        return self._first_poke.get(ti)

    def gives_up(self, ti: int) -> tuple[int, str] | None:
        """When a timeout of its own ends the wait of a task instance, and which one; None if none
        does. One that must first get a slot gives up later, if it doesn't get it at once, and a
        reschedule sensor then pokes at other times: up to one poke earlier, too."""
        attempt, deferral = self.running.get(ti), self.deferred.get(ti)
        kind = self._world.runs[self._world.ti_run[ti]].dag.kind[self._world.ti_task[ti]]
        if attempt is not None and attempt.waits and getattr(kind, "mode", "poke") == "poke":
            ends = [(attempt.gives_up, "its timeout"), (attempt.deadline, "execution_timeout")]
            return min(((at, what) for at, what in ends if at is not None), default=None)
        if deferral is not None:
            what = "execution_timeout" if deferral.cut else "its timeout"
            return None if deferral.gives_up is None else (deferral.gives_up, what)
        world, first = self._world, self._timeout_from.get(ti)
        if first is None or not isinstance(kind, Sensor | ExternalTaskSensor):
            return None
        poke = self._poke_us.get(ti, 0)
        if attempt is not None:
            ends_at, poke = attempt.ends, attempt.ends - attempt.started
        elif world.state[ti] == UP_FOR_RESCHEDULE:
            ends_at = max(world.now, world.due[ti]) + poke
        else:
            ends_at = world.now + poke
        return poke_too_late(kind, ends_at, poke, first), "its timeout"

    # -- deferring ----------------------------------------------------------------------------

    def _defers(self, kind: object, attempt: Attempt) -> bool:
        return is_deferrable(kind) and not attempt.resumed

    def _defer(self, ti: int, attempt: Attempt, kind: object) -> None:
        """Hand over to the triggerer: the worker slot is free."""
        world, plan = self._world, attempt.plan
        timeout = None
        if isinstance(kind, Deferrable):
            fires = plan.fire_at
            if fires is None and plan.fire_after is not None:
                fires = world.now + plan.fire_after
            timeout = kind.timeout_s
        elif isinstance(kind, Sensor):
            fires, timeout = plan.true_at, kind.timeout_s
        else:
            fires = None
            timeout = kind.timeout_s if isinstance(kind, ExternalTaskSensor) else None
        gives_up = None if timeout is None else world.now + micros(timeout)
        fires = None if fires is None else max(fires, world.now)
        cut = False
        if attempt.deadline is not None and world.profile.execution_timeout_spans_deferral:
            cut = gives_up is None or attempt.deadline < gives_up
            gives_up = attempt.deadline if cut else gives_up
        self._free(ti)
        number, began, now = attempt.number, attempt.began, world.now
        self.deferred[ti] = Deferral(number, plan, began, now, fires, gives_up, cut)
        world.move(ti, DEFERRED)
        if fires is not None:
            self._arm(fires, FIRE, attempt.number, ti)
        if gives_up is not None:
            self._arm(gives_up + 1, TIMEOUT, attempt.number, ti)

    def _call_back(self, ti: int, *, failed: bool) -> None:
        """The trigger fired, or its timeout passed: scheduled again, with the same try number."""
        deferral = self.deferred[ti]
        if failed:
            which = "execution_timeout" if deferral.cut else "the timeout"
            self._waits.before_forced_end(f"{which} of {self._label(ti)}")
        del self.deferred[ti]
        self._resuming[ti] = (deferral, failed)
        self._world.move(ti, SCHEDULED)
        self._section.lanes.add(ti)

    def _fail_after_deferral(self, ti: int) -> None:
        world = self._world
        kind = world.runs[world.ti_run[ti]].dag.kind[world.ti_task[ti]]
        if isinstance(kind, Sensor | ExternalTaskSensor):
            final = not world.profile.sensor_timeout_spans_tries
            if kind.soft_fail:
                self._free(ti)
                world.move(ti, SKIPPED)
            else:
                self.fail(ti, "trigger timeout", retryable=not final)
        else:
            self.fail(ti, "trigger timeout")

    # -- the mini scheduler of 2.x ------------------------------------------------------------

    def _mini_schedule(self, ti: int, run: Run, task: int) -> None:
        """The worker itself schedules direct downstream tasks that became ready
        (``models/taskinstance.py: schedule_downstream_tasks``)."""
        world = self._world
        if not (world.profile.mini_scheduler and world.cluster.schedule_after_task_execution):
            return
        if run.state != 1 or world.state[ti] in (DEFERRED, RUNNING):
            return
        dag = run.dag
        below = dag.below(task)
        partial = below | {u for d in below for u in dag.upstream[d]} | {task}
        evaluation = Pass(world, run)
        evaluation.evaluate(partial)
        direct = set(dag.downstream[task])
        for ready in evaluation.ready:
            own = world.ti_task[ready]
            if own in direct and not dag.is_empty[own]:
                self.schedule(ready)
            else:
                run.todo.append(ready)
        world.mark(run)

    def schedule(self, ti: int) -> None:
        """A ready task instance becomes scheduled; trivial ones succeed on the spot
        (``models/dagrun.py: schedule_tis``)."""
        world = self._world
        state = world.state[ti]
        if state not in (NONE, UP_FOR_RETRY, UP_FOR_RESCHEDULE):
            return
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        if state != UP_FOR_RESCHEDULE:
            world.tries[ti] += 1
        world.due.pop(ti, None)
        if run.dag.is_empty[task]:
            if run.dag.is_map_source[task]:
                world.lengths.pop(ti, None)
            world.move(ti, SUCCESS)
            return
        world.move(ti, SCHEDULED)
        self._section.lanes.add(ti)

    def _label(self, ti: int) -> str:
        dag_id, _, task_id, index = self._world.name_of(ti)
        return f"{dag_id}.{task_id}" + (f"[{index}]" if index >= 0 else "")


def _printed(run: Run) -> str:
    """The logical date as Airflow prints it into its retry jitter."""
    return "None" if run.logical is None else str(run.logical)
