"""Attempts: the tries that occupy a worker, and the ways in which one of them ends.

From Airflow: ``sdk/execution_time/task_runner.py`` and ``api_fastapi/execution_api/routes/
task_instances.py`` (3.x), ``models/taskinstance.py`` (2.x).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

from windtunnel.engine.agenda import END, NEVER, WAKE, Agenda
from windtunnel.engine.executors.executor import Executor
from windtunnel.engine.luck import draw
from windtunnel.engine.program import micros
from windtunnel.engine.resources.course import Course, How
from windtunnel.engine.scheduler.rules import retry_delay_us, spread
from windtunnel.engine.tries.branches import decide
from windtunnel.engine.tries.plans import Plan, Planner
from windtunnel.engine.tries.pokes import FirstPokes, Jitter, poke_until
from windtunnel.engine.world import (
    FAILED,
    RUNNING,
    SKIPPED,
    SUCCESS,
    UP_FOR_RETRY,
    Run,
    World,
)
from windtunnel.model import ExternalTaskSensor, LatestOnly, Sensor


@dataclass(frozen=True, slots=True)
class Doom:
    """An end that comes to a try from outside, before it has done its work."""

    at: int
    outcome: str
    """``fail``, ``fail_no_retry``, ``skip``, or ``lost``: nobody hears of it."""
    why: str | None


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
    pokes: int = 0
    """How often a real sensor has looked."""
    doom: Doom | None = None
    doomed: bool = False
    """It ends because of that."""
    is_late: bool = False
    """It is over, and heard of later."""
    unheard: str | None = None
    """Its report is lost; how that is noticed: ``heartbeat`` or ``at once``."""


class Attempts:
    """All tries on workers."""

    def __init__(self, world: World, planner: Planner, workers: Executor, agenda: Agenda) -> None:
        self._world = world
        self._planner = planner
        self._workers = workers
        self._agenda = agenda
        self.running: dict[int, Attempt] = {}
        self.updates: Callable[[int], None] | None = None
        """Told of each success that updates an asset, if anybody waits for assets."""
        self.pokes = FirstPokes()
        self.unheard: Callable[[int, str], None] | None = None
        """Told of tries that are over and whose report is lost."""
        self.winds_up: Callable[[int, int], None] | None = None
        """Told of each try that is over while its process goes on for so many microseconds."""
        self.leave: Callable[[Course, How], None]
        """Told of each try with a course that leaves its worker; set by those who keep them."""

    # -- when a try ends ----------------------------------------------------------------------

    def plan_end(self, ti: int, attempt: Attempt, *, hangs: bool = False) -> None:
        """Find out when the try ends of itself, and when execution_timeout ends it."""
        world = self._world
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        kind, plan = run.dag.kind[task], attempt.plan
        limit = run.dag.tasks[task].execution_timeout_s
        if limit is not None:
            self._find_deadline(attempt, limit)
        ends = world.now + (plan.resume if attempt.resumed else plan.duration)
        pokes = isinstance(kind, Sensor) and kind.mode == "poke" and not kind.deferrable
        if hangs:
            ends = NEVER
        elif isinstance(kind, Sensor) and pokes and not plan.live:
            ends, attempt.gives_up = poke_until(kind, plan, world.now, self.jitter(ti))
            attempt.waits = True
        self.end_at(ti, attempt, ends)

    def leave_open(self, ti: int, attempt: Attempt) -> None:
        """Nobody knows yet when the try ends; execution_timeout may end it."""
        run = self._world.runs[self._world.ti_run[ti]]
        limit = run.dag.tasks[self._world.ti_task[ti]].execution_timeout_s
        if limit is not None:
            self._find_deadline(attempt, limit)
        attempt.ends = NEVER
        if attempt.deadline is not None or attempt.doom is not None:
            self.end_at(ti, attempt, NEVER)

    def _find_deadline(self, attempt: Attempt, limit_s: float) -> None:
        spans = self._world.profile.execution_timeout_spans_deferral
        attempt.deadline = (attempt.began if spans else attempt.started) + micros(limit_s)

    def end_at(self, ti: int, attempt: Attempt, at: int) -> None:
        """The try ends then, or by execution_timeout before."""
        # Airflow's alarm rings once: a callable that survives it is not cut again.
        deadline = attempt.deadline
        if deadline is None or attempt.was_cut:
            deadline = NEVER
        attempt.cut = at > deadline
        attempt.ends = max(deadline, self._world.now) if attempt.cut else at
        attempt.doomed = attempt.doom is not None and attempt.doom.at <= attempt.ends
        if attempt.doomed and attempt.doom is not None:
            attempt.cut, attempt.ends = False, max(attempt.doom.at, self._world.now)
        self._agenda.arm(attempt.ends, END, attempt.number, ti)

    def doom(self, ti: int, attempt: Attempt, doom: Doom) -> None:
        """The try ends then, unless it ends before."""
        waits = attempt.ends < self._world.now  # for others, without a planned end
        if doom.at < attempt.ends or waits:
            attempt.doom, attempt.doomed, attempt.cut = doom, True, False
            attempt.ends = doom.at
            self._agenda.arm(doom.at, END, attempt.number, ti)
        elif attempt.doom is None:
            attempt.doom = doom

    def put_off(self, ti: int, attempt: Attempt, at: int) -> None:
        """The try is over; it is heard of then."""
        attempt.ends = at
        self._agenda.arm(at, END, attempt.number, ti)

    # -- how it ends --------------------------------------------------------------------------

    def free(self, ti: int, how: How = "ended") -> None:
        """The try is over: its worker slot is free."""
        attempt = self.running.pop(ti, None)
        if attempt is not None:
            if attempt.plan.sleeping:
                self._planner.drop(ti)
            if attempt.plan.course is not None:
                self.leave(attempt.plan.course, how)
            if how != "lost":
                self._wind_up(ti)
        self._workers.release(ti)

    def _wind_up(self, ti: int) -> None:
        """Its process needs a while to go, and keeps the slot meanwhile."""
        given = self._workers.end_s(ti)
        if given and self.winds_up is not None:
            about = (*self._world.name_of(ti), self._world.tries[ti])
            self.winds_up(ti, self._world.luck.length_us(given, "end", about))

    def meet(self, ti: int, doom: Doom) -> None:
        """The try ends before it has done its work."""
        if doom.outcome == "skip" or (doom.outcome == "fail_no_retry" and self._is_soft(ti)):
            self.skip(ti)
        else:
            self.fail(ti, doom.why, retryable=doom.outcome == "fail")

    def conclude(self, ti: int, attempt: Attempt) -> None:
        """The try ends with the outcome that its plan says."""
        plan = attempt.plan
        if attempt.resumed and attempt.gives_up is not None:
            self.fail_after_deferral(ti)
        elif plan.outcome == "success" or isinstance(self._kind(ti), LatestOnly):
            # LatestOnlyOperator compares dates, nothing else: it has no outcome of its own.
            self.succeed(ti, plan)
        elif plan.outcome == "skip" or (plan.outcome == "fail_no_retry" and self._is_soft(ti)):
            self.skip(ti)
        else:
            self.fail(ti, plan.error, retryable=plan.outcome == "fail")

    def succeed(self, ti: int, plan: Plan) -> None:
        """The try succeeds, with what its task decides for those downstream."""
        if self._is_unheard(ti):
            return
        world = self._world
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        skipped = run.dag.skips[task] and decide(world, ti, plan)
        if run.dag.is_map_source[task] and not skipped and plan.length is not None:
            world.lengths[ti] = plan.length
        self.free(ti)
        world.move(ti, SUCCESS)
        if self.updates is not None and run.dag.updates[task]:
            self.updates(ti)

    def skip(self, ti: int) -> None:
        """The try ends with a skip."""
        if self._is_unheard(ti):
            return
        self.free(ti)
        self._world.move(ti, SKIPPED)

    def fail(self, ti: int, why: str | None, *, retryable: bool = True) -> None:
        """A try failed: retried if tries are left, else final, with all that follows."""
        if self._is_unheard(ti):
            return
        world = self._world
        run = world.runs[world.ti_run[ti]]
        own = run.dag.tasks[world.ti_task[ti]]
        self.free(ti, "failed")
        used = world.tries[ti] - world.cleared_tries.get(ti, 0)
        if retryable and used <= own.retries:
            self.retry_later(ti, why)
            return
        if run.dag.dag.fail_fast:
            _stop_the_others(world, run, world.ti_task[ti])
        if why:
            world.trace.reasons[len(world.trace.history)] = why
        world.move(ti, FAILED)

    def fail_after_deferral(self, ti: int) -> None:
        """A task instance was called back from the triggerer because its timeout had passed."""
        kind = self._kind(ti)
        if isinstance(kind, Sensor | ExternalTaskSensor):
            if kind.soft_fail:
                self.skip(ti)
            else:
                spans = self._world.profile.sensor_timeout_spans_tries
                self.fail(ti, "trigger timeout", retryable=spans)
        else:
            self.fail(ti, "trigger timeout")

    def wait_until(self, ti: int, state: int, due: int, *, strictly: bool) -> None:
        """Wait without holding anything; a strict comparison is met one microsecond later."""
        self._world.due[ti] = due
        self._world.move(ti, state)
        self._agenda.arm(due + strictly, WAKE, due, ti)

    def retry_later(self, ti: int, why: str | None) -> None:
        """The task instance waits for its next try."""
        world = self._world
        run = world.runs[world.ti_run[ti]]
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
            self.pokes.forget(ti)
        self.wait_until(ti, UP_FOR_RETRY, world.now + delay, strictly=True)

    def _is_unheard(self, ti: int) -> bool:
        """Whether the report of a try that is over is lost; its process is gone."""
        attempt = self.running.get(ti)
        if attempt is None or attempt.unheard is None or self.unheard is None:
            return False
        noticed, attempt.unheard = attempt.unheard, None
        self.unheard(ti, noticed)
        return True

    # -- questions ----------------------------------------------------------------------------

    def label(self, ti: int) -> str:
        """``dag_id.task_id[map_index]``, for people."""
        dag_id, _, task_id, index = self._world.name_of(ti)
        return f"{dag_id}.{task_id}" + (f"[{index}]" if index >= 0 else "")

    def jitter(self, ti: int) -> Jitter:
        """What spreads the pokes of a sensor in poke mode. Airflow takes it from the clock of the
        worker's machine, so it is luck."""
        world, number = self._world, self._world.tries[ti]
        seed = world.luck.seed
        return lambda count: draw(seed, "poke", *world.name_of(ti), number, count)

    def dated_jitter(self, ti: int, started: int) -> Jitter:
        """What spreads the pokes of a sensor that reschedules: it follows from when the first one
        was."""
        world = self._world

        def jitter(count: int) -> int:
            dag_id, _, task_id, _ = world.name_of(ti)
            date = world.datetime_at(started).astimezone(UTC)
            return spread(f"{dag_id}#{task_id}#{date}#{count}")

        return jitter

    def _kind(self, ti: int) -> object:
        world = self._world
        return world.runs[world.ti_run[ti]].dag.kind[world.ti_task[ti]]

    def _is_soft(self, ti: int) -> bool:
        """soft_fail turns AirflowFailException in a poke into a skip (``sensor.py: execute``)."""
        kind = self._kind(ti)
        return isinstance(kind, Sensor | ExternalTaskSensor) and kind.soft_fail


def _stop_the_others(world: World, run: Run, failed: int) -> None:
    """fail_fast: running tasks fail, the rest is skipped; teardowns and the task's own other
    instances are spared (``models/taskinstance.py: _stop_remaining_tasks``)."""
    for task in range(run.dag.size):
        if task == failed or run.dag.tasks[task].is_teardown:
            continue
        for ti in run.tis(task):
            state = world.state[ti]
            if state == RUNNING:
                world.move(ti, FAILED)
            elif state not in (SUCCESS, FAILED):
                world.move(ti, SKIPPED)


def _printed(run: Run) -> str:
    """The logical date as Airflow prints it into its retry jitter."""
    return "None" if run.logical is None else str(run.logical)
