"""Machines: workers with slots and memory, in groups; what they run, lose and take no more."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from heapq import heappop, heappush
from typing import Any

from windtunnel.engine.executors.executor import Executor, Machine
from windtunnel.engine.world import World
from windtunnel.model import Distribution, Task, WorkerGroup


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
        "reserved",
        "running",
        "used",
    )

    def __init__(self, number: int, group: int, values: WorkerGroup, idle_since: int) -> None:
        self.number = number
        self.group = group
        self.free = values.slots
        self.running: set[int] = set()
        self.reserved: deque[Any] = deque()
        """What it has taken from the queue and can't run yet, the oldest first."""
        self.alive = True
        self.drained = False
        """It takes no new task instances."""
        self.memory = values.memory_mb
        """MB; None: never short."""
        self.idle_since = idle_since
        """Microseconds; of no meaning while it runs anything."""
        self.used: dict[int, float] = {}
        """MB of each try that said how much it needs, in order of their start."""


class Machines(Executor):
    """An executor whose tasks run on workers."""

    def __init__(self, world: World, groups: Sequence[WorkerGroup]) -> None:
        super().__init__(world)
        self.groups = groups
        self._workers: list[Worker] = []
        self._by_group: list[list[Worker]] = []
        self._freest: list[list[tuple[int, int]]] = []
        """By group: a heap of (-free slots, worker); entries that are not true any more are
        stale."""
        self._worker_of: dict[int, Worker] = {}
        for group, values in enumerate(groups):
            self._by_group.append([])
            self._freest.append([])
            for _ in range(values.count):
                self.add(group)

    def release(self, ti: int) -> None:
        """A try is over: its slot is free."""
        worker = self._worker_of.pop(ti, None)
        if worker is not None:
            self._give_back(worker, ti)

    def start_us(self, ti: int) -> int:
        """How long the worker of a task instance needs to start it."""
        worker = self._worker_of.get(ti)
        if worker is None:
            return 0
        return round(self.groups[worker.group].start_s * 1_000_000)

    def end_s(self, ti: int) -> float | Distribution:
        """How long the process of a task instance needs to go."""
        worker = self._worker_of.get(ti)
        return 0.0 if worker is None else self.groups[worker.group].end_s

    def load(self, ti: int, memory: float) -> list[int]:
        """A try takes memory on its worker; returns what the kernel kills for it."""
        worker = self._worker_of.get(ti)
        if worker is None or worker.memory is None:
            return []
        worker.used[ti] = memory
        return too_much(worker.used, worker.memory)

    def dies_whole(self, ti: int) -> bool:
        """As its group says."""
        worker = self._worker_of.get(ti)
        if worker is None:
            return False
        return self.groups[worker.group].when_out_of_memory == "worker lost"

    def processors(self, ti: int) -> tuple[str, int] | None:
        """Those of its worker."""
        worker = self._worker_of.get(ti)
        if worker is None:
            return None
        group = self.groups[worker.group]
        name = f"processors of {group.name} {worker.number}"
        return None if group.cpus is None else (name, round(group.cpus * 1000))

    def keep(self, ti: int, name: int) -> Callable[[], None] | None:
        """The process keeps its slot."""
        worker = self._worker_of.pop(ti, None)
        if worker is None:
            return None
        worker.running.discard(ti)
        worker.running.add(name)
        worker.used = renamed(worker.used, ti, name)
        return partial(self._end_process, worker, name)

    def _end_process(self, worker: Worker, name: int) -> None:
        if worker.alive:
            self._give_back(worker, name)

    # -- for those who look on ----------------------------------------------------------------

    def count(self, group: int) -> int:
        """Workers of a group that are there."""
        return sum(1 for worker in self._by_group[group] if worker.alive)

    def running(self, group: int) -> int:
        """Task instances that run on a group."""
        return sum(len(worker.running) for worker in self._by_group[group] if worker.alive)

    @abstractmethod
    def waiting_for(self, group: int) -> int:
        """Task instances that wait for a group."""

    def never(self, task: Task) -> str:
        """No worker listens to the task's queue."""
        served = any(task.queue in group.queues for group in self.groups)
        return "" if served else f"no worker serves queue {task.queue}"

    def place_for(self, task: Task) -> str | None:
        """The slots of the workers that serve its queue."""
        return task.queue

    def places_of(self, ti: int) -> tuple[str, ...]:
        """Queues that the worker of a running task instance serves."""
        worker = self._worker_of.get(ti)
        return () if worker is None else self.groups[worker.group].queues

    def slots(self, place: str) -> tuple[int, int]:
        """(free, all) slots of the workers that serve a queue and take task instances."""
        free = total = 0
        for number, group in enumerate(self.groups):
            if place not in group.queues:
                continue
            for worker in self._by_group[number]:
                if worker.alive:
                    free += 0 if worker.drained else worker.free
                    total += len(worker.running) + (0 if worker.drained else worker.free)
        return free, total

    # -- what happens to workers --------------------------------------------------------------

    def able(self, group: str | None) -> list[Machine]:
        """Workers that take task instances, those with the most to lose first."""
        there = [
            worker
            for worker in self._workers
            if worker.alive
            and not worker.drained
            and (group is None or self.groups[worker.group].name == group)
        ]
        return [*sorted(there, key=lambda worker: (-len(worker.running), worker.number))]

    def lose(self, machines: Sequence[Machine]) -> list[list[int]]:
        """Workers die."""
        return [self._die(worker) for worker in self._own(machines)]

    def replace(self, machines: Sequence[Machine]) -> None:
        """New workers of the same groups; an elastic one that has as many as it may has seen to it
        by itself."""
        for worker in self._own(machines):
            elastic = self.groups[worker.group].elastic
            if elastic is None or self.count(worker.group) < elastic.most:
                self.add(worker.group)

    def owns(self, machine: Machine) -> bool:
        """Whether it is one of these workers."""
        return machine.number < len(self._workers) and self._workers[machine.number] is machine

    def _own(self, machines: Sequence[Machine]) -> list[Worker]:
        return [self._workers[machine.number] for machine in machines]

    def machine_of(self, ti: int) -> Machine | None:
        """Its worker."""
        return self._worker_of.get(ti)

    def _die(self, worker: Worker) -> list[int]:
        """Returns what ran on it, also under names of their own."""
        worker.alive = False
        gone = sorted(worker.running)
        for ti in gone:
            self._worker_of.pop(ti, None)
        worker.running.clear()
        worker.used.clear()
        return gone

    def dismiss(self, group: int, count: int, *, idle_since: int) -> None:
        """So many workers go that have had nothing to do since then, the newest first."""
        for worker in reversed(self._by_group[group]):
            if count and worker.alive and not worker.running and worker.idle_since <= idle_since:
                worker.alive = False
                count -= 1
        self._by_group[group] = [worker for worker in self._by_group[group] if worker.alive]

    def drain(self, machines: Sequence[Machine]) -> None:
        """Workers take nothing new."""
        for worker in self._own(machines):
            worker.drained = True

    def undrain(self, machines: Sequence[Machine]) -> None:
        """They take task instances again."""
        for worker in self._own(machines):
            worker.drained = False
            self._note(worker)

    # -- keeping account ----------------------------------------------------------------------

    def add(self, group: int) -> None:
        """One more worker of a group is there."""
        worker = Worker(len(self._workers), group, self.groups[group], self._world.now)
        self._workers.append(worker)
        self._by_group[group].append(worker)
        self._note(worker)

    def _occupy(self, worker: Worker, ti: int) -> None:
        worker.free -= 1
        worker.running.add(ti)
        self._note(worker)
        self._worker_of[ti] = worker

    def _give_back(self, worker: Worker, ti: int) -> None:
        worker.free += 1
        worker.running.discard(ti)
        worker.used.pop(ti, None)
        if not worker.running:
            worker.idle_since = self._world.now
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


def renamed(used: dict[int, float], ti: int, name: int) -> dict[int, float]:
    """The same, in the same order, with another name for one."""
    if ti not in used:
        return used
    return {name if one == ti else one: memory for one, memory in used.items()}


def too_much(used: dict[int, float], memory: float) -> list[int]:
    """Which tries the kernel kills where they need more than there is: the largest, of equal ones
    the newest, until the rest has room."""
    rest = dict(used)
    killed = []
    while rest and sum(rest.values()) > memory:
        largest = max(reversed(rest), key=rest.__getitem__)
        del rest[largest]
        killed.append(largest)
    return killed
