"""Clocks that lie: what the schedulers do when theirs is ahead of, or behind, all others.

A scheduler compares with its own clock when runs and retries are due, when runs and triggers have
timed out, and how old a heartbeat is (``jobs/scheduler_job_runner.py``).
"""

from __future__ import annotations

from heapq import heappush

from windtunnel.engine.agenda import TIMEOUT, WAKE
from windtunnel.engine.faults.timeline import Undo
from windtunnel.engine.parts import Parts
from windtunnel.engine.program import micros
from windtunnel.engine.world import RUNNING, UP_FOR_RESCHEDULE, UP_FOR_RETRY
from windtunnel.model import ClockJump
from windtunnel.trace.states import RunState


class Clocks:
    """The schedulers' clock."""

    def __init__(self, parts: Parts, timers: list[tuple[int, int]]) -> None:
        self._parts = parts
        self._world = parts.world
        self._timers = timers
        """(time, run): instants at which a run must be looked at again."""
        self._oldest = micros(parts.world.cluster.task_instance_heartbeat_timeout_s)

    @property
    def makes_heartbeats_old(self) -> bool:
        """Whether the heartbeat of a healthy try looks too old."""
        return self._world.ahead_us > self._oldest

    def begin(self, number: int, fault: ClockJump) -> Undo:
        """The clock jumps; after a while it jumps back."""
        self._world.trace.struck[number] += 1
        us = round(fault.by_s * 1_000_000)
        self._jump(us)
        return lambda: self._jump(-us)

    def _jump(self, us: int) -> None:
        world = self._world
        world.ahead_us += us
        for run in world.runs:
            if run.state == RunState.RUNNING:
                run.started_us -= us
                if run.dag.timeout_us is not None:
                    self._look_at(run.started_us + run.dag.timeout_us + 1, run.index)
                self._look_at(run.logical_us - world.ahead_us, run.index)
        self._move_retries(us)
        self._move_timeouts(us)
        for dag in world.program.dags:
            self._parts.start.unpaused(dag.number)
        if not self.makes_heartbeats_old:
            self._parts.losses.trust()
        else:
            for ti, state in enumerate(world.state):
                if state == RUNNING:
                    self._parts.losses.suspect(ti)

    def _look_at(self, at: int, run: int) -> None:
        if at >= self._world.now:
            heappush(self._timers, (at, run))
        else:
            self._world.mark(self._world.runs[run])

    def _move_retries(self, us: int) -> None:
        world = self._world
        for ti, due in list(world.due.items()):
            if world.state[ti] in (UP_FOR_RETRY, UP_FOR_RESCHEDULE):
                world.due[ti] = due - us
                at = max(world.now, due - us + 1)
                self._parts.agenda.arm(at, WAKE, due - us, ti)

    def _move_timeouts(self, us: int) -> None:
        now = self._world.now
        for ti, deferral in self._parts.triggerer.deferred.items():
            if deferral.gives_up is not None:
                deferral.gives_up -= us
                at = max(now, deferral.gives_up + 1)
                self._parts.agenda.arm(at, TIMEOUT, deferral.number, ti)
