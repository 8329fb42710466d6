"""Loops: when each scheduler looks, which dag runs it examines, and what its executor still holds.

From Airflow: ``jobs/scheduler_job_runner.py: _run_scheduler_loop`` (the next loop follows at once
if this one queued anything, else after ``scheduler_idle_sleep_time``; the executor's heartbeat ends
a loop) and ``models/dagrun.py: get_running_dag_runs_to_examine`` (those never examined first, then
the least recently examined, at most ``max_dagruns_per_loop_to_schedule``).

Loops in which nothing can happen are not simulated: a scheduler with nothing to do is asleep, and
when something comes up it wakes at the instant at which its loops would have seen it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import gcd

from windtunnel.engine.program import micros
from windtunnel.engine.world import Run, World
from windtunnel.model import SchedulerLoop
from windtunnel.trace.states import RunState


class Scheduler:
    """One scheduler process with its own executor."""

    __slots__ = ("begins", "ended", "held", "leaked", "number", "planned", "slept_us", "stands")

    def __init__(self, number: int, begins: int) -> None:
        self.number = number
        self.begins = begins
        """When its next loop begins, or would have begun first if it is asleep."""
        self.planned = True
        """Whether that loop is simulated; else the scheduler is asleep."""
        self.slept_us = 0
        """How long it slept before that loop: its executor's heartbeat lies before."""
        self.stands = False
        """It does nothing: it was paused, or is dead."""
        self.held: set[int] = set()
        """Task instances that its executor counts."""
        self.leaked = 0
        """Slots that its executor counts for nothing."""
        self.ended: list[tuple[int, int]] = []
        """(when, task instance): tries that ended and that the executor does not know of yet."""

    def collect(self, heartbeat: int) -> None:
        """The executor learns at its heartbeat what has ended by then."""
        while self.ended and self.ended[0][0] <= heartbeat:
            self.held.discard(self.ended.pop(0)[1])


class Loops:
    """The loops of all schedulers."""

    def __init__(self, world: World, loop: SchedulerLoop, left: list[int]) -> None:
        self._world = world
        self._loop = loop
        self._left = left
        """Task instances that are neither queued nor running any more; filled by others."""
        self._sleep = micros(loop.idle_sleep_s)
        self.slowness = 1.0
        """How many times as long as usual a loop takes."""
        count = world.cluster.schedulers
        self.schedulers = [Scheduler(i, self._sleep * i // count) for i in range(count)]
        self._running: deque[int] = deque()
        """Running dag runs, the least recently examined first."""
        self._backfilling: list[int] = []
        """Those of backfills, which come behind all others (3.x)."""
        self._examined: dict[int, int] = {}
        """When each was last examined, in microseconds."""
        self._seen = 0
        """Length of the history when the last loop had ended."""

    # -- when ---------------------------------------------------------------------------------

    def next_due(self) -> int | None:
        """When the next loop begins; None if all schedulers are asleep."""
        return min((s.begins for s in self.schedulers if s.planned and not s.stands), default=None)

    def due(self) -> Scheduler | None:
        """A scheduler whose loop begins now."""
        now = self._world.now
        for scheduler in self.schedulers:
            if scheduler.planned and scheduler.begins <= now and not scheduler.stands:
                scheduler.begins = now  # later than planned only after the scheduler was down
                return scheduler
        return None

    def stop(self, number: int) -> None:
        """A scheduler stands still."""
        self.schedulers[number].stands = True

    def go_on(self, number: int) -> None:
        """It goes on, with a loop at once."""
        scheduler = self.schedulers[number]
        scheduler.stands, scheduler.planned = False, True
        scheduler.begins = max(scheduler.begins, self._world.now)

    def forget(self, number: int) -> None:
        """The memory of its executor is gone."""
        self.schedulers[number].held.clear()
        self.schedulers[number].ended.clear()
        self.schedulers[number].leaked = 0

    def leak(self, number: int, slots: int) -> None:
        """Its executor counts so many more slots for nothing."""
        self.schedulers[number].leaked += slots

    def adopt(self, number: int, ti: int) -> None:
        """Its executor counts a task instance that another one had."""
        self.schedulers[number].held.add(ti)

    def note_ends(self) -> None:
        """Tries ended: their executors don't know it yet."""
        for ti in self._left:
            for scheduler in self.schedulers:
                if ti in scheduler.held:
                    scheduler.ended.append((self._world.now, ti))
        self._left.clear()

    def wake(self, has_work: bool) -> None:
        """Something may have come up: those who sleep wake when their loops would have seen it."""
        for scheduler in self.schedulers:
            if scheduler.stands:
                continue
            if not scheduler.planned and (has_work or self._may_queue(scheduler)):
                self._wake(scheduler)

    def _may_queue(self, scheduler: Scheduler) -> bool:
        """Whether what is scheduled could be queued now, and could not before."""
        world = self._world
        news = len(world.trace.history) != self._seen or bool(scheduler.ended)
        return world.waiting > 0 and (news or bool(world.freed_pools or world.freed_runs))

    def _wake(self, scheduler: Scheduler) -> None:
        scheduler.planned = True
        late = self._world.now - scheduler.begins
        period = self._duration(self._to_examine(), 0) + self._sleep
        if late <= 0 or not period:
            scheduler.begins = max(scheduler.begins, self._world.now)
            return
        skipped = -(-late // period)
        scheduler.begins += skipped * period
        scheduler.slept_us = self._sleep
        self._skip(skipped)

    def ended(self, scheduler: Scheduler, queued: int, examined: int, *, more: bool) -> None:
        """A loop is over; ``more``: there is work for the next one."""
        scheduler.slept_us = 0 if queued else self._sleep
        scheduler.begins += self._duration(examined, queued) + scheduler.slept_us
        self._seen = len(self._world.trace.history)
        rest = bool(queued) and self._world.waiting > 0
        scheduler.planned = more or rest or self._may_queue(scheduler)

    def handed_over(self, scheduler: Scheduler, queued: int, examined: int) -> int:
        """When workers begin what a loop queued that begins now."""
        heartbeat = scheduler.begins + self._duration(examined, queued)
        return heartbeat + micros(self._loop.hand_over_s)

    def _duration(self, examined: int, queued: int) -> int:
        loop = self._loop
        return round(
            self.slowness
            * micros(loop.duration_s + loop.per_run_s * examined + loop.per_task_s * queued)
        )

    # -- which dag runs -----------------------------------------------------------------------

    def started(self, runs: list[Run]) -> None:
        """Runs just started: they are examined before all others."""
        apart = self._world.profile.backfills_in_scheduler
        behind = [run for run in runs if run.ordinal and apart]
        self._backfilling += [run.index for run in behind]
        ahead = [run for run in runs if run not in behind] if behind else runs
        self._running.extendleft(run.index for run in reversed(self._in_order(ahead)))

    def examine(self) -> list[Run]:
        """The running dag runs of this loop, in order; they count as examined."""
        world = self._world
        most = world.cluster.max_dagruns_per_loop_to_schedule
        chosen: list[Run] = []
        while self._running and len(chosen) < most:
            run = world.runs[self._running.popleft()]
            if run.state == RunState.RUNNING:
                chosen.append(run)
            else:
                self._examined.pop(run.index, None)
        self._running.extend(run.index for run in chosen)
        if self._backfilling:
            chosen += self._examine_backfills(most - len(chosen))
        chosen = self._in_order(chosen)
        for run in chosen:
            self._examined[run.index] = world.now
        return chosen

    def _examine_backfills(self, room: int) -> list[Run]:
        """Strictly by their ordinals: high ones wait until there is room for them."""
        world = self._world
        running = [world.runs[i] for i in self._backfilling]
        running = [run for run in running if run.state == RunState.RUNNING]
        self._backfilling = [run.index for run in running]
        return self._in_order(running)[: max(0, room)]

    def _in_order(self, runs: Iterable[Run]) -> list[Run]:
        by_date = self._world.profile.start_order == "logical_date"

        def turn(run: Run) -> tuple[int, int, int, int]:
            date = run.logical_us if by_date else run.run_after_us
            ordinal = 0 if by_date else run.ordinal
            return (ordinal, self._examined.get(run.index, -1), date, run.index)

        return sorted(runs, key=turn)

    def _to_examine(self) -> int:
        most = self._world.cluster.max_dagruns_per_loop_to_schedule
        return min(most, sum(self._world.running_runs))

    def _skip(self, loops: int) -> None:
        """Loops that were not simulated would have examined runs, too."""
        count = len(self._running)
        most = self._world.cluster.max_dagruns_per_loop_to_schedule
        if count > most:
            self._running.rotate(-(loops % (count // gcd(count, most))) * most % count)
