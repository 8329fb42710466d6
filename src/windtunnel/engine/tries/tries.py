"""Tries: what happens from the moment a worker takes a task instance until its try ends.

How a try ends is said in ``attempts``, what a poke leads to in ``sensors``, what follows from a
deferral in ``triggerer``, and from a worker that is gone in ``losses``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappush

from windtunnel.engine.agenda import END, NEVER, STARTED, WAKE, Agenda, Due
from windtunnel.engine.executors.executor import Executor
from windtunnel.engine.program import is_deferrable
from windtunnel.engine.resources.courses import Courses
from windtunnel.engine.scheduler.readiness import Readiness
from windtunnel.engine.tries.attempts import Attempt, Attempts, Doom
from windtunnel.engine.tries.losses import LOST, Losses
from windtunnel.engine.tries.plans import Plan, Planner
from windtunnel.engine.tries.pokes import is_poking
from windtunnel.engine.tries.reports import Reports
from windtunnel.engine.tries.sensors import Sensors
from windtunnel.engine.tries.triggerer import Triggerer
from windtunnel.engine.tries.waits import CrossDagWaits
from windtunnel.engine.world import (
    DEFERRED,
    QUEUED,
    RESTARTING,
    RUNNING,
    SUCCESS,
    UP_FOR_RESCHEDULE,
    UP_FOR_RETRY,
    World,
)
from windtunnel.model import ExternalTaskSensor, Sensor, TriggerDagRun

STILL_HELD = (QUEUED, RUNNING, RESTARTING)


@dataclass(frozen=True, slots=True)
class Struck:
    """What faults do to a try beside changing its plan."""

    hangs: bool = False
    loses_heartbeat: bool = False
    looks_dead: bool = False
    """Its heartbeat looks too old, though it is not."""
    loses_result: str | None = None
    """How it is noticed: ``heartbeat`` or ``at once``."""
    doom: Doom | None = None


Strike = Callable[[int, Plan], tuple[Struck | None, Plan]]


class Tries:
    """Begins and ends tries."""

    def __init__(
        self,
        *,
        world: World,
        agenda: Agenda,
        planner: Planner,
        workers: Executor,
        waits: CrossDagWaits,
        attempts: Attempts,
        courses: Courses,
        triggerer: Triggerer,
        sensors: Sensors,
        losses: Losses,
        readiness: Readiness,
    ) -> None:
        self._world = world
        self._agenda = agenda
        self._planner = planner
        self._workers = workers
        self._waits = waits
        self._attempts = attempts
        self._courses = courses
        self._triggerer = triggerer
        self._sensors = sensors
        self._losses = losses
        self._readiness = readiness
        self._running = attempts.running
        scenario = world.scenario
        struck = scenario.faults or scenario.faults_up_to
        self._plain = not struck and workers.unlimited
        """Whether a try may be nothing but its end in the heap: nothing can strike it."""
        self._starting: dict[int, int] = {}
        """Queued task instances that a worker has taken and that don't run yet."""
        self.strike: Strike | None = None
        """What faults do to a try that begins."""
        self.reports: Reports | None = None
        """How tries reach those who keep their states, if anything is wrong with that."""
        self.began: Callable[[int], None] | None = None
        """Told of every task instance that begins to run, if somebody wants to know."""
        self.left: list[int] | None = None
        """Where to note who is neither queued nor running any more, if somebody wants to know."""
        agenda.afterwards = self.reap
        agenda.own(END, self._may_end, self._end)
        agenda.own(WAKE, self._may_wake, self._wake)
        agenda.own(STARTED, self._may_start, self._start_taken)

    # -- the start of a try -------------------------------------------------------------------

    def take(self, ti: int) -> None:
        """A worker takes a queued task instance: it runs now, or when its process or pod is
        there."""
        delay = self._workers.start_us(ti)
        if not delay:
            self.start(ti)
            return
        self._starting[ti] = self._agenda.next_number()
        self._agenda.arm(self._world.now + delay, STARTED, self._starting[ti], ti)

    def start(self, ti: int) -> None:
        """A queued task instance begins to run."""
        if self.reports is not None and self._is_put_off(ti, self.reports):
            return
        world = self._world
        world.begin(ti)
        if self.began is not None:
            self.began(ti)
        agenda = self._agenda
        agenda.number += 1
        duration = self._plain_us(ti)
        if duration is not None:
            heappush(agenda.heap, (world.now + duration, END, agenda.number, ti))
            return
        back = self._triggerer.resuming.pop(ti, None)
        if back is None:
            attempt = Attempt(agenda.number, self._planner.plan(ti), world.now, world.now, False)
        else:
            attempt = Attempt(agenda.number, back[0].plan, world.now, back[0].began, True)
            attempt.gives_up = world.now if back[1] else None
        struck = None
        if self.strike is not None:
            struck, altered = self.strike(ti, attempt.plan)
            if back is None:  # else it was altered when the try began
                attempt.plan = altered
        if struck is not None:
            attempt.doom, attempt.unheard = struck.doom, struck.loses_result
        self._running[ti] = attempt
        hangs = bool(struck and struck.hangs)
        if attempt.plan.course is None:
            self._attempts.plan_end(ti, attempt, hangs=hangs)
        else:
            self._courses.begin(ti, attempt, hangs=hangs)
        if struck is not None and struck.loses_heartbeat:
            self._losses.lose_heartbeat(ti)
        if struck is not None and struck.looks_dead:
            self._losses.suspect(ti)
        if attempt.plan.memory:
            self._load(ti, attempt.plan.memory)

    def _is_put_off(self, ti: int, reports: Reports) -> bool:
        """Whether a try can't say that it begins."""
        wait = reports.holds_start(ti)
        if wait is not None and wait < NEVER:
            self._starting[ti] = self._agenda.next_number()
            self._agenda.arm(self._world.now + wait, STARTED, self._starting[ti], ti)
        return wait is not None

    def _plain_us(self, ti: int) -> int | None:
        """How long a plain try takes: one that just works and succeeds, and holds no worker slot
        that is counted. Nothing is kept of it but its end in the heap."""
        world = self._world
        run = world.runs[world.ti_run[ti]]
        if not self._plain or not run.dag.plain:
            return None
        return self._planner.plain_us(ti, run)

    def _load(self, ti: int, memory: float) -> None:
        killed_for_it = self._workers.load(ti, memory)
        machine = self._workers.machine_of(ti)
        if killed_for_it and machine is not None and self._workers.dies_whole(ti):
            for gone in self._workers.lose([machine]):
                for lost in gone:
                    self.vanish(lost, noticed_at_once=False)
            self._workers.replace([machine])
            return
        for killed in killed_for_it:
            if killed < 0:
                self._losses.end_stray(killed)
                continue
            self._attempts.free(killed, "lost")
            self._attempts.fail(killed, "killed: the worker is out of memory")
            self.reap()

    def _may_start(self, event: Due) -> bool:
        return self._world.state[event[3]] == QUEUED and self._starting.get(event[3]) == event[2]

    def _start_taken(self, event: Due) -> None:
        del self._starting[event[3]]
        self.start(event[3])

    # -- the end of a try ---------------------------------------------------------------------

    def _may_end(self, event: Due) -> bool:
        attempt = self._running.get(event[3])
        if attempt is None:
            return self._plain and self._world.state[event[3]] == RUNNING
        return attempt.number == event[2] and attempt.ends == event[0]

    def _end(self, event: Due) -> None:
        ti = event[3]
        world = self._world
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        attempt = self._running.get(ti)
        if attempt is None:
            world.move(ti, SUCCESS)
        elif self.reports is not None and self.reports.holds_end(ti, attempt):
            if ti not in self._running:
                self._waits.forget(ti)
            return
        elif not self._end_attempt(ti, attempt, run.dag.kind[task]):
            return
        self._readiness.schedule_downstream(ti, run, task)

    def _end_attempt(self, ti: int, attempt: Attempt, kind: object) -> bool:
        """Returns whether the try has left its worker."""
        if attempt.doomed and attempt.doom is not None:
            self._waits.forget(ti)
            if attempt.doom.outcome == "lost":
                self._losses.vanish(ti, noticed_at_once=False)
                return False
            self._attempts.meet(ti, attempt.doom)
            return True
        if attempt.plan.sleeping and not self._wakes(ti, attempt):
            return False
        course = attempt.plan.course
        if course is not None and course.failure is not None and not attempt.cut:
            self._attempts.fail(ti, course.failure)
            return True
        if isinstance(kind, TriggerDagRun | ExternalTaskSensor) and not attempt.cut:
            return self._sensors.look_at_other_dag(ti, attempt, kind)
        if attempt.cut:
            self._cut(ti, attempt, kind)
        elif is_deferrable(kind) and not attempt.resumed:
            self._triggerer.defer(ti, attempt, kind)
        elif isinstance(kind, Sensor) and not attempt.resumed and not kind.deferrable:
            self._sensors.end_poke(ti, attempt, kind)
        else:
            self._attempts.conclude(ti, attempt)
        return True

    def _wakes(self, ti: int, attempt: Attempt) -> bool:
        """A real callable slept and goes on; returns whether it is over now."""
        attempt.plan = self._planner.go_on(ti, timed_out=attempt.cut)
        attempt.was_cut |= attempt.cut
        attempt.cut = False
        self._attempts.plan_end(ti, attempt)
        return attempt.ends == self._world.now and not attempt.plan.sleeping

    def _cut(self, ti: int, attempt: Attempt, kind: object) -> None:
        """AirflowTaskTimeout: retried if tries are left. In the middle of a poke soft_fail makes it
        a skip, between two pokes it does not (``sensor.py: execute``)."""
        course = attempt.plan.course
        if attempt.waits or (course is not None and course.waits_for):
            label = self._attempts.label(ti)
            self._waits.before_forced_end(f"execution_timeout of {label}")
        self._waits.forget(ti)
        if isinstance(kind, Sensor | ExternalTaskSensor) and kind.soft_fail:
            since = self._world.now - attempt.started
            if (
                is_poking(kind, attempt.plan, since, self._attempts.jitter(ti))
                and not attempt.resumed
            ):
                self._attempts.skip(ti)
                return
        self._attempts.fail(ti, "execution_timeout")

    # -- retries and reschedules --------------------------------------------------------------

    def _may_wake(self, event: Due) -> bool:
        waits = self._world.state[event[3]] in (UP_FOR_RETRY, UP_FOR_RESCHEDULE)
        return waits and event[2] == self._world.due.get(event[3])

    def _wake(self, event: Due) -> None:
        run = self._world.runs[self._world.ti_run[event[3]]]
        run.todo.append(event[3])
        self._world.mark(run)

    # -- what others do to tries --------------------------------------------------------------

    def succeed(self, ti: int) -> None:
        """A running try reports success now, whatever it has still to do."""
        attempt = self._running.get(ti)
        if attempt is not None:
            self._waits.forget(ti)
            self._attempts.succeed(ti, attempt.plan)
            self.reap()

    def vanish(self, ti: int, *, noticed_at_once: bool) -> None:
        """The worker that had taken a task instance is gone, or had a process that went on under a
        name of its own. If the task instance had not begun to run, its message is gone, too: it
        stays queued until it times out, unless the executor tells."""
        if ti < 0:
            self._losses.end_stray(ti)
        elif self._starting.pop(ti, None) is None:
            self._losses.vanish(ti, noticed_at_once=noticed_at_once)
        elif noticed_at_once:
            self._attempts.fail(ti, LOST)
        self.reap()

    def heed(self, reports: list[tuple[int, str]]) -> None:
        """The executor says of task instances that they have failed. Those that are queued have;
        in 3.x also those that run (``jobs/scheduler_job_runner.py: process_executor_events``)."""
        world = self._world
        for ti, why in reports:
            if world.state[ti] == QUEUED or (
                world.state[ti] == RUNNING and world.profile.executor_report_ends_running
            ):
                if world.state[ti] == RUNNING:
                    label = self._attempts.label(ti)
                    self._waits.before_forced_end(f"the executor's report of {label} ({why})")
                self._attempts.fail(ti, why)
                self.reap()

    def reap(self, why: str = "its state was changed while it ran") -> None:
        """Free what tries hold whose state was changed from outside. Their processes hear of it
        with their next heartbeat, which matters to those that use what others use, too."""
        if not self._world.unhanded:
            return
        moved, self._world.unhanded = self._world.unhanded, []
        waiting = self._triggerer.deferred or self._triggerer.resuming
        for ti, _, new in moved:
            if new == RUNNING or self._world.state[ti] in STILL_HELD:
                continue
            self._workers.withdraw(ti)
            if self.left is not None:
                self.left.append(ti)
            if self._losses.silent:
                self._losses.forget(ti)
            if waiting and self._world.state[ti] != DEFERRED:
                self._triggerer.forget(ti)
            attempt = self._running.get(ti)
            if attempt is not None and attempt.plan.course is not None:
                self._losses.linger(ti, why)
            elif attempt is not None or self._starting.pop(ti, None) is not None:
                self._attempts.free(ti, "stopped")
