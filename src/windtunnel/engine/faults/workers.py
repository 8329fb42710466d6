"""Faults of workers: which machines they strike, and what becomes of what runs there."""

from __future__ import annotations

from windtunnel.engine.executors.executor import Machine
from windtunnel.engine.faults.timeline import Timeline, Undo
from windtunnel.engine.parts import Parts
from windtunnel.engine.program import micros
from windtunnel.engine.tries.attempts import Doom
from windtunnel.engine.world import RUNNING
from windtunnel.model import DiskFull, OfWorkers, SpotLoss, WorkerLost, WorkersDrained

NO_SPACE = "no space left on device"


class OfMachines:
    """All faults of workers."""

    def __init__(self, parts: Parts, timeline: Timeline) -> None:
        self._parts = parts
        self._workers = parts.workers
        self._timeline = timeline
        self._full: list[Machine] = []
        """Workers with a full disk, once for each fault that says so."""

    def begin(self, number: int, fault: OfWorkers) -> Undo | None:
        """The fault begins."""
        there = self._workers.able(fault.group)
        chosen = there[: fault.number(len(there))]
        self._parts.world.trace.struck[number] += len(chosen)
        if isinstance(fault, WorkerLost):
            return self._lose(chosen, fault)
        if isinstance(fault, SpotLoss):
            return self._take_back(chosen, fault)
        if isinstance(fault, WorkersDrained):
            self._workers.drain(chosen)
            return lambda: self._workers.undrain(chosen)
        assert isinstance(fault, DiskFull)
        return self._fill_disks(chosen)

    def doom(self, ti: int) -> Doom | None:
        """How a try ends that begins now on a worker with a full disk."""
        worker = self._workers.machine_of(ti) if self._full else None
        if not any(worker is full for full in self._full):
            return None
        return Doom(self._parts.world.now, "fail", NO_SPACE)

    def _lose(self, chosen: list[Machine], fault: WorkerLost | SpotLoss) -> Undo:
        written = isinstance(fault, WorkerLost) and fault.results_written
        for worker in chosen:
            for ti in sorted(worker.running) if written else ():
                if ti >= 0:
                    self._parts.tries.succeed(ti)
        for gone in self._workers.lose(chosen):
            for ti in gone:
                self._parts.tries.vanish(ti, noticed_at_once=fault.noticed == "at once")
        return lambda: self._workers.replace(chosen)

    def _take_back(self, chosen: list[Machine], fault: SpotLoss) -> Undo:
        self._workers.drain(chosen)
        taken: list[Machine] = []

        def die() -> None:
            taken.extend(worker for worker in chosen if worker.alive)
            self._lose(taken, fault)

        def come_back() -> None:
            # one that died of something else meanwhile is not of this fault
            own = [worker for worker in chosen if worker.alive or worker in taken]
            self._workers.replace(own)

        self._timeline.arm(self._parts.world.now + micros(fault.notice_s), die)
        return come_back

    def _fill_disks(self, chosen: list[Machine]) -> Undo:
        self._full.extend(chosen)
        for worker in chosen:
            for ti in sorted(worker.running):
                if ti < 0:
                    self._parts.losses.end_stray(ti)
                elif self._parts.world.state[ti] == RUNNING:
                    self._parts.attempts.fail(ti, NO_SPACE)
        self._parts.tries.reap()
        return lambda: self._empty_disks(chosen)

    def _empty_disks(self, chosen: list[Machine]) -> None:
        for worker in chosen:
            self._full.remove(worker)
