"""Elastic worker groups: workers come when tasks queue up, and go when they have nothing to do.

As KEDA does it for Airflow's workers: every so often, tasks queued and running in a group's queues
divided by the slots of one worker is how many there should be. New ones need a while to come.
"""

from __future__ import annotations

from heapq import heappop, heappush

from windtunnel.engine.executors.machines import Machines
from windtunnel.engine.program import micros
from windtunnel.engine.world import World
from windtunnel.model import Elastic


class Scaling:
    """Scales the groups of one simulation."""

    def __init__(self, world: World, workers: Machines) -> None:
        self._world = world
        self._workers = workers
        groups = workers.groups
        self._groups: dict[int, Elastic] = {
            number: group.elastic
            for number, group in enumerate(groups)
            if group.elastic is not None
        }
        self._slots = {number: groups[number].slots for number in self._groups}
        self._least = {number: groups[number].count for number in self._groups}
        self._coming: list[tuple[int, int]] = []
        """A heap of (when, group): workers that are ordered."""

    def next_due(self) -> int | None:
        """When a worker comes, or a group is looked at, whichever is first; None while there is
        nothing to scale."""
        now = self._world.now
        due = self._coming[0][0] if self._coming else None
        for group, elastic in self._groups.items():
            if self._is_at_rest(group):
                continue
            poll = micros(elastic.poll_s)
            look = (now // poll + 1) * poll
            due = look if due is None else min(due, look)
        return due

    def handle_due(self) -> None:
        """Workers that were ordered come; groups whose time it is are looked at."""
        now = self._world.now
        while self._coming and self._coming[0][0] <= now:
            self._workers.add(heappop(self._coming)[1])
        for group, elastic in self._groups.items():
            if not now % micros(elastic.poll_s) and not self._is_at_rest(group):
                self._scale(group, elastic)

    def _is_at_rest(self, group: int) -> bool:
        """As many workers as there should be at least, and nothing queued."""
        return (
            not self._workers.waiting_for(group)
            and self._workers.count(group) <= self._least[group]
        )

    def _scale(self, group: int, elastic: Elastic) -> None:
        workers, now = self._workers, self._world.now
        slots = self._slots[group]
        wanted = -(-(workers.waiting_for(group) + workers.running(group)) // slots)
        wanted = max(self._least[group], min(wanted, elastic.most))
        there = workers.count(group) + sum(1 for _, g in self._coming if g == group)
        for _ in range(wanted - there):
            heappush(self._coming, (now + micros(elastic.start_s), group))
        if wanted < there:
            workers.dismiss(group, there - wanted, idle_since=now - micros(elastic.idle_s))
