"""Schedulers that stand still or die, and who takes over what they had queued.

From Airflow: ``jobs/scheduler_job_runner.py: adopt_or_reset_orphaned_tasks``. A scheduler that was
silent for too long is marked as dead, and stays so, even if it goes on: whatever it queues is an
orphan at every later look.
"""

from __future__ import annotations

from collections.abc import Iterable

from windtunnel.engine.faults.timeline import Timeline, Undo
from windtunnel.engine.parts import Parts
from windtunnel.engine.program import micros
from windtunnel.engine.scheduler.loops import Loops
from windtunnel.engine.world import QUEUED, RESTARTING, RUNNING
from windtunnel.model import ExecutorSlotsLeaked, SchedulerLost, SchedulerPaused
from windtunnel.trace.states import RunState

ADOPTABLE = (QUEUED, RUNNING, RESTARTING)
ORPHANED = "orphan of a scheduler that counts as dead"

OfSchedulers = SchedulerPaused | SchedulerLost | ExecutorSlotsLeaked


class Job:
    """One life of a scheduler."""

    __slots__ = ("is_dead", "is_over", "number", "silent_since")

    def __init__(self, number: int) -> None:
        self.number = number
        """Of the scheduler, from 0."""
        self.silent_since: int | None = None
        self.is_dead = False
        """Somebody has marked it so."""
        self.is_over = False
        """Its process is gone; whoever goes on in its place has a job of its own."""


class Schedulers:
    """Who works, and who queued what."""

    def __init__(self, parts: Parts, timeline: Timeline, loops: Loops | None) -> None:
        self._parts = parts
        self._world = parts.world
        self._timeline = timeline
        self._loops = loops
        cluster = parts.world.cluster
        self._every = micros(cluster.orphaned_tasks_check_interval_s)
        self._threshold = micros(cluster.scheduler_health_check_threshold_s)
        self._jobs = [Job(number) for number in range(cluster.schedulers)]
        """The present life of each, or the last one."""
        self._stopped = [0] * cluster.schedulers
        """How many faults keep each from working."""
        self._leaked = [0] * cluster.schedulers
        self._queued_by: dict[int, Job] = {}
        self._looks_at: int | None = None
        """When somebody looks for orphans next, if there may be any."""

    # -- questions ----------------------------------------------------------------------------

    @property
    def any_works(self) -> bool:
        """Whether one of them works."""
        return not all(self._stopped)

    def works(self, number: int) -> bool:
        """Whether this one does."""
        return not self._stopped[number]

    def watches(self, ti: int) -> bool:
        """Whether the scheduler that queued a task instance works: only that one looks whether it
        is stuck, or its heartbeats have stopped."""
        job = self._queued_by.get(ti)
        return job is None or (job is self._jobs[job.number] and self.works(job.number))

    def missing_slots(self) -> int:
        """Of all that ``parallelism`` allows, what those who don't work have not given away."""
        stopped = [n for n in range(len(self._jobs)) if not self.works(n)]
        most = self._world.cluster.parallelism
        return sum(max(0, most - self._held(number)) for number in stopped)

    def _held(self, number: int) -> int:
        job, state = self._jobs[number], self._world.state
        return sum(
            by is job and state[ti] in (QUEUED, RUNNING) for ti, by in self._queued_by.items()
        )

    def queued(self, tis: Iterable[int], number: int | None) -> None:
        """A scheduler has queued these; None: any of those that work, in turn."""
        state, known = self._world.state, self._queued_by
        self._queued_by = {ti: job for ti, job in known.items() if state[ti] in ADOPTABLE}
        for ti in tis:
            self._queued_by[ti] = self._jobs[self._least_busy() if number is None else number]
            if self._queued_by[ti].is_dead:
                self._look_later()

    def _least_busy(self) -> int:
        working = [n for n in range(len(self._jobs)) if self.works(n)]
        return min(working, key=lambda n: (self._held(n), n), default=0)

    # -- what happens to them -----------------------------------------------------------------

    def begin(self, number: int, fault: OfSchedulers) -> Undo | None:
        """The fault begins."""
        scheduler = fault.scheduler - 1
        if scheduler >= len(self._jobs):
            return None
        self._world.trace.struck[number] += 1
        if isinstance(fault, ExecutorSlotsLeaked):
            self._parts.workers.leak(fault.slots)
            self._leaked[scheduler] += fault.slots
            if self._loops is not None:
                self._loops.leak(scheduler, fault.slots)
            return None
        self._stop(scheduler)
        if isinstance(fault, SchedulerLost):
            self._die(scheduler)
        return lambda: self._go_on(scheduler)

    def _stop(self, number: int) -> None:
        self._stopped[number] += 1
        job = self._jobs[number]
        if job.silent_since is None:
            job.silent_since = self._world.now
        if self._loops is not None:
            self._loops.stop(number)
        self._look_later()

    def _go_on(self, number: int) -> None:
        """It works again. In place of one that has died a new one begins, with a look for
        orphans."""
        self._stopped[number] -= 1
        if not self.works(number):
            return
        begins_anew = self._jobs[number].is_over
        if begins_anew:
            self._jobs[number] = Job(number)
        self._jobs[number].silent_since = None
        if self._loops is not None:
            self._loops.go_on(number)
        if begins_anew:
            self._look()

    def _die(self, number: int) -> None:
        """Its executor's memory is gone, and all that ran beside it."""
        job = self._jobs[number]
        if job.is_over:
            return
        job.is_over = True
        self._parts.workers.leak(-self._leaked[number])
        self._leaked[number] = 0
        if self._loops is not None:
            self._loops.forget(number)
        own = [ti for ti in self._of(job) if self._world.state[ti] in (QUEUED, RUNNING)]
        for ti in self._parts.workers.adopt(own):
            self._parts.losses.die(ti)
            self._parts.workers.lose_message(ti)

    def _of(self, job: Job) -> list[int]:
        return sorted(ti for ti, by in self._queued_by.items() if by is job)

    # -- orphans ------------------------------------------------------------------------------

    def _look_later(self) -> None:
        """Somebody looks for orphans at the next round number of intervals."""
        if self._looks_at is None:
            self._looks_at = (self._world.now // self._every + 1) * self._every
            self._timeline.arm(self._looks_at, self._look_by_the_clock)

    def _look_by_the_clock(self) -> None:
        self._looks_at = None
        self._look()
        if self._may_have_orphans():
            self._look_later()

    def _may_have_orphans(self) -> bool:
        return any(
            self._world.state[ti] in ADOPTABLE and (job.is_dead or not self._is_heard(job))
            for ti, job in self._queued_by.items()
        )

    def _is_heard(self, job: Job) -> bool:
        return job is self._jobs[job.number] and job.silent_since is None

    def _look(self) -> None:
        working = [n for n in range(len(self._jobs)) if self.works(n)]
        if not self._parts.agenda.scheduler_is_up():
            return
        jobs = {id(job): job for job in (*self._jobs, *self._queued_by.values())}
        for job in jobs.values():
            silent = job.silent_since
            if silent is not None and self._world.now - silent > self._threshold:
                job.is_dead = True
        adopter = min(working, key=lambda n: (self._jobs[n].is_dead, n))
        self._take_over(self._orphans(), adopter)

    def _orphans(self) -> list[int]:
        world = self._world
        return [
            ti
            for ti in sorted(self._queued_by)
            if self._queued_by[ti].is_dead
            and world.state[ti] in ADOPTABLE
            and world.runs[world.ti_run[ti]].state == RunState.RUNNING
        ]

    def _take_over(self, orphans: list[int], adopter: int) -> None:
        """Those that its executor can adopt are its own now; the others lose their state."""
        refused = set(self._parts.workers.adopt(orphans))
        for ti in orphans:
            if ti in refused:
                del self._queued_by[ti]
                self._reset(ti)
                continue
            self._queued_by[ti] = self._jobs[adopter]
            if self._loops is not None:
                self._loops.adopt(adopter, ti)
        self._parts.tries.reap()

    def _reset(self, ti: int) -> None:
        """It will be tried again, with the next try number; a process that still runs hears of it
        with its next heartbeat."""
        world = self._world
        self._parts.losses.linger(ti, ORPHANED)
        if world.profile.orphan_begins_anew:
            self._parts.triggerer.resuming.pop(ti, None)
        world.trace.reasons[len(world.trace.history)] = ORPHANED
        world.reset(ti)
