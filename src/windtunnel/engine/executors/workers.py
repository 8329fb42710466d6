"""Workers: queued task instances wait for a slot in their queue, oldest first; the executor's side.

A group takes the oldest task instance of any queue that it serves, and gives it to its worker with
the most free slots. Without worker groups everything that is queued starts at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush

from windtunnel.model import Cluster


class Worker:
    """One machine of a group."""

    __slots__ = (
        "alive",
        "drained",
        "free",
        "group",
        "idle_since",
        "memory",
        "number",
        "running",
        "used",
    )

    def __init__(
        self, number: int, group: int, slots: int, memory: float | None, idle_since: int
    ) -> None:
        self.number = number
        self.group = group
        self.free = slots
        self.running: set[int] = set()
        self.alive = True
        self.drained = False
        """It takes no new task instances."""
        self.memory = memory
        """MB; None: never short."""
        self.idle_since = idle_since
        """Microseconds; of no meaning while it runs anything."""
        self.used: dict[int, float] = {}
        """MB of each try that said how much it needs, in order of their start."""


class Workers:
    """Who runs what. Task instances are numbers."""

    def __init__(self, cluster: Cluster, now: Callable[[], int] = lambda: 0) -> None:
        self._groups = cluster.workers
        self._now = now
        self._workers: list[Worker] = []
        self._by_group: list[list[Worker]] = []
        self._freest: list[list[tuple[int, int]]] = []
        """By group: a heap of (-free slots, worker); entries that are not true any more are
        stale."""
        self._queues: dict[str, deque[tuple[int, int]]] = {}
        self._waiting: dict[int, int] = {}
        self._queue_of: dict[int, str] = {}
        self._depth: dict[str, int] = {}
        """Task instances that wait in each queue."""
        self._worker_of: dict[int, Worker] = {}
        self._number = 0
        for group, values in enumerate(self._groups or ()):
            self._by_group.append([])
            self._freest.append([])
            for _ in range(values.count):
                self._add(group)

    @property
    def unlimited(self) -> bool:
        """Whether a queued task starts at once."""
        return self._groups is None

    @property
    def any_waiting(self) -> bool:
        """Whether a queued task instance waits for a slot."""
        return bool(self._waiting)

    def submit(self, ti: int, queue: str) -> None:
        """The executor hands a queued task instance over; it was not waiting here."""
        self._number += 1
        self._waiting[ti] = self._number
        if self._groups is not None:
            self._queues.setdefault(queue, deque()).append((self._number, ti))
            self._queue_of[ti] = queue
            self._depth[queue] = self._depth.get(queue, 0) + 1

    def withdraw(self, ti: int) -> None:
        """A task instance that waits here shall not start any more."""
        if self._waiting.pop(ti, None) is not None:
            self._leave_queue(ti)

    def release(self, ti: int) -> None:
        """A try is over: its slot is free."""
        worker = self._worker_of.pop(ti, None)
        if worker is not None:
            self._give_back(worker, ti)

    def load(self, ti: int, memory: float) -> list[int]:
        """A try takes memory on its worker. Returns the tries that the kernel kills for it: the
        largest, of equal ones the newest, until the rest has room."""
        worker = self._worker_of.get(ti)
        if worker is None or worker.memory is None:
            return []
        worker.used[ti] = memory
        rest = dict(worker.used)
        killed = []
        while rest and sum(rest.values()) > worker.memory:
            largest = max(reversed(rest), key=rest.__getitem__)
            del rest[largest]
            killed.append(largest)
        return killed

    def keep(self, ti: int) -> Worker | None:
        """A try is over for the scheduler, but its process goes on and keeps the slot."""
        return self._worker_of.pop(ti, None)

    def end_process(self, worker: Worker | None, ti: int) -> None:
        """Such a process ends."""
        if worker is not None and worker.alive:
            self._give_back(worker, ti)

    def fill(self) -> list[int]:
        """Take waiting task instances while slots are free; return those that start now, in
        order."""
        if self._groups is None:
            started = list(self._waiting)
            self._waiting.clear()
            return started
        started = []
        for number, group in enumerate(self._groups):
            while (worker := self._free_worker(number)) is not None:
                ti = self._oldest(group.queues)
                if ti is None:
                    break
                worker.free -= 1
                worker.running.add(ti)
                self._note(worker)
                self._worker_of[ti] = worker
                started.append(ti)
        return started

    # -- questions ----------------------------------------------------------------------------

    def start_us(self, ti: int) -> int:
        """Microseconds from when a worker takes a task instance until it runs."""
        worker = self._worker_of.get(ti)
        if worker is None or self._groups is None:
            return 0
        return round(self._groups[worker.group].start_s * 1_000_000)

    def count(self, group: int) -> int:
        """Workers of a group that are there."""
        return sum(1 for worker in self._by_group[group] if worker.alive)

    def slots_each(self, group: int) -> int:
        """Slots of one worker of a group."""
        assert self._groups is not None
        return self._groups[group].slots

    def waiting_for(self, group: int) -> int:
        """Task instances that wait in the queues of a group."""
        assert self._groups is not None
        return sum(self._depth.get(queue, 0) for queue in self._groups[group].queues)

    def demand(self, group: int) -> int:
        """Task instances that wait in the queues of a group or run on it."""
        running = sum(len(worker.running) for worker in self._by_group[group] if worker.alive)
        return self.waiting_for(group) + running

    def queues_of(self, ti: int) -> tuple[str, ...]:
        """Queues that the worker of a running task instance serves."""
        worker = self._worker_of.get(ti)
        return () if worker is None or self._groups is None else self._groups[worker.group].queues

    def serves(self, queue: str) -> bool:
        """Whether any worker listens to this queue."""
        return self._groups is None or any(queue in g.queues for g in self._groups)

    def slots(self, queue: str) -> tuple[int, int]:
        """(free, all) slots of the workers that serve a queue and take task instances."""
        free = total = 0
        for number, group in enumerate(self._groups or ()):
            if queue not in group.queues:
                continue
            for worker in self._by_group[number]:
                if worker.alive:
                    free += 0 if worker.drained else worker.free
                    total += len(worker.running) + (0 if worker.drained else worker.free)
        return free, total

    # -- what happens to workers --------------------------------------------------------------

    def lose(self, count: int, group: str | None) -> list[tuple[int, list[int]]]:
        """Workers die, those with the most to lose first; (group, task instances) of each."""
        lost = []
        for worker in self._busiest(count, group):
            worker.alive = False
            gone = sorted(worker.running)
            for ti in gone:
                self._worker_of.pop(ti, None)
            worker.running.clear()
            worker.used.clear()
            lost.append((worker.group, gone))
        return lost

    def replace(self, groups: list[int]) -> None:
        """New workers come in the place of lost ones."""
        for group in groups:
            self._add(group)

    def dismiss(self, group: int, count: int, *, idle_since: int) -> None:
        """So many workers go that have had nothing to do since then, the newest first."""
        for worker in reversed(self._by_group[group]):
            if count and worker.alive and not worker.running and worker.idle_since <= idle_since:
                worker.alive = False
                count -= 1
        self._by_group[group] = [worker for worker in self._by_group[group] if worker.alive]

    def drain(self, count: int, group: str | None) -> list[Worker]:
        """Workers take nothing new from now on."""
        drained = self._busiest(count, group)
        for worker in drained:
            worker.drained = True
        return drained

    def undrain(self, workers: list[Worker]) -> None:
        """They take task instances again."""
        for worker in workers:
            worker.drained = False
            self._note(worker)

    def _busiest(self, count: int, group: str | None) -> list[Worker]:
        eligible = [
            worker
            for worker in self._workers
            if worker.alive
            and not worker.drained
            and (group is None or self._name(worker) == group)
        ]
        eligible.sort(key=lambda worker: (-len(worker.running), worker.number))
        return eligible[:count]

    def _name(self, worker: Worker) -> str:
        assert self._groups is not None
        return self._groups[worker.group].name

    # -- keeping account ----------------------------------------------------------------------

    def _add(self, group: int) -> None:
        assert self._groups is not None
        values = self._groups[group]
        number = len(self._workers)
        worker = Worker(number, group, values.slots, values.memory_mb, self._now())
        self._workers.append(worker)
        self._by_group[group].append(worker)
        self._note(worker)

    def _give_back(self, worker: Worker, ti: int) -> None:
        worker.free += 1
        worker.running.discard(ti)
        worker.used.pop(ti, None)
        if not worker.running:
            worker.idle_since = self._now()
        self._note(worker)

    def _note(self, worker: Worker) -> None:
        if worker.free and worker.alive and not worker.drained:
            heappush(self._freest[worker.group], (-worker.free, worker.number))

    def _free_worker(self, group: int) -> Worker | None:
        """The worker of a group with the most free slots."""
        heap = self._freest[group]
        while heap:
            free, number = heap[0]
            worker = self._workers[number]
            if worker.free == -free and worker.free and worker.alive and not worker.drained:
                return worker
            heappop(heap)
        return None

    def _oldest(self, queues: tuple[str, ...]) -> int | None:
        best: deque[tuple[int, int]] | None = None
        for name in queues:
            queue = self._queues.get(name)
            while queue and self._waiting.get(queue[0][1]) != queue[0][0]:
                queue.popleft()
            if queue and (best is None or queue[0] < best[0]):
                best = queue
        if best is None:
            return None
        ti = best.popleft()[1]
        del self._waiting[ti]
        self._leave_queue(ti)
        return ti

    def _leave_queue(self, ti: int) -> None:
        queue = self._queue_of.pop(ti, None)
        if queue is not None:
            self._depth[queue] -= 1
