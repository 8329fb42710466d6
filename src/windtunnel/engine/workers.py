"""Workers: the task slots of the cluster, and the queue in front of them.

The broker is first in, first out for each queue (``[celery]`` executor); a worker takes the oldest
task of the queues it serves. Without worker groups every queued task starts at once.
"""

from __future__ import annotations

from collections import deque

from windtunnel.model import Cluster


class Workers:
    """Who runs what. Task instances are numbers; a group's workers are counted together."""

    def __init__(self, cluster: Cluster) -> None:
        self._groups = cluster.workers
        self._free = [g.count * g.slots for g in self._groups or ()]
        self._queues: dict[str, deque[tuple[int, int]]] = {}
        self._waiting: dict[int, int] = {}
        self._group_of: dict[int, int] = {}
        self._number = 0

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

    def withdraw(self, ti: int) -> None:
        """A task instance that waits here shall not start any more."""
        self._waiting.pop(ti, None)

    def release(self, ti: int) -> None:
        """A try is over: its slot is free."""
        group = self._group_of.pop(ti, None)
        if group is not None:
            self._free[group] += 1

    def fill(self) -> list[int]:
        """Take waiting task instances while slots are free; return those that start now, in
        order."""
        if self._groups is None:
            started = list(self._waiting)
            self._waiting.clear()
            return started
        started = []
        for number, group in enumerate(self._groups):
            while self._free[number]:
                ti = self._oldest(group.queues)
                if ti is None:
                    break
                self._free[number] -= 1
                self._group_of[ti] = number
                started.append(ti)
        return started

    def queues_of(self, ti: int) -> tuple[str, ...]:
        """Queues that the worker of a running task instance serves."""
        group = self._group_of.get(ti)
        return () if group is None or self._groups is None else self._groups[group].queues

    def serves(self, queue: str) -> bool:
        """Whether any worker listens to this queue."""
        return self._groups is None or any(queue in g.queues for g in self._groups)

    def slots(self, queue: str) -> tuple[int, int]:
        """(free, all) slots of the workers that serve a queue."""
        groups = [(self._free[i], g) for i, g in enumerate(self._groups or ()) if queue in g.queues]
        return sum(free for free, _ in groups), sum(g.count * g.slots for _, g in groups)

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
        return ti
