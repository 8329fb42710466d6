"""Sharing: work that goes the slower the more there is at once: of processors, of a warehouse.

Whatever is shared has a size; all that use it want something. Where they want more than there is,
each gets its part of it in proportion, and its work goes at size / wanted of its speed: nothing is
lost, and nothing lies idle. Work that needs several such things goes as fast as the scarcest lets
it. Shares are fractions of integers, so that ends are exact to the microsecond.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import heappop, heappush

from windtunnel.engine.agenda import SHARED, Agenda, Due
from windtunnel.engine.resources.course import Course
from windtunnel.engine.world import World

SCALE = 1 << 32
"""Parts of a microsecond in which work is counted."""
SLACK = 1 << 12
"""So many of them are rounding, and no work: a millionth of a microsecond."""


class _Lane:
    """Work that uses the same shared things, and so goes at the same speed."""

    __slots__ = ("armed", "at", "gone", "key", "number", "speed", "tasks")

    def __init__(self, number: int, key: tuple[str, ...], now: int) -> None:
        self.number = number
        self.key = key
        self.at = now
        self.gone = 0
        """How much work each user would have done that was always there, in parts."""
        self.speed = (1, 1)
        self.tasks: list[tuple[int, int, Course]] = []
        """(work gone when it is done, number, who), a heap."""
        self.armed = -1

    def advance(self, now: int) -> None:
        over, under = self.speed
        self.gone += (now - self.at) * SCALE * over // under
        self.at = now

    def due(self) -> int:
        """When the next one is done, at this speed."""
        over, under = self.speed
        left = max(0, self.tasks[0][0] - SLACK - self.gone)
        return self.at + -(-left * under // (SCALE * over))


class Sharing:
    """All that is shared in proportion."""

    def __init__(self, world: World, agenda: Agenda, done: Callable[[Course], None]) -> None:
        self._world = world
        self._agenda = agenda
        self._done = done
        """Told whose work is done."""
        self._size: dict[str, int] = {}
        self._wanted: dict[str, int] = {}
        self._lanes: list[_Lane] = []
        self._lane_for: dict[tuple[str, ...], _Lane] = {}
        self._lanes_with: dict[str, list[_Lane]] = {}
        self._working: dict[Course, tuple[Mapping[str, int], int]] = {}
        """(what it wants, its mark in its lane)."""
        agenda.own(SHARED, self._applies, self._handle)

    def begin(
        self, course: Course, us: int, wants: Mapping[str, int], sizes: Mapping[str, int]
    ) -> None:
        """Somebody begins to work for so long, and wants so much of each shared thing."""
        now = self._world.now
        self._size.update(sizes)
        lane = self._find_lane(tuple(sorted(wants)))
        lane.advance(now)
        mark = self._agenda.next_number()
        self._working[course] = (wants, mark)
        heappush(lane.tasks, (lane.gone + us * SCALE, mark, course))
        self._change(wants, 1)

    def drop(self, course: Course) -> None:
        """Somebody works no more."""
        found = self._working.pop(course, None)
        if found is not None:
            self._change(found[0], -1)

    def wanted(self, name: str) -> int:
        """How much of a shared thing is wanted now."""
        return self._wanted.get(name, 0)

    def _find_lane(self, key: tuple[str, ...]) -> _Lane:
        lane = self._lane_for.get(key)
        if lane is None:
            lane = self._lane_for[key] = _Lane(len(self._lanes), key, self._world.now)
            self._lanes.append(lane)
            for name in key:
                self._lanes_with.setdefault(name, []).append(lane)
        return lane

    def _change(self, wants: Mapping[str, int], sign: int) -> None:
        for name, much in wants.items():
            self._wanted[name] = self._wanted.get(name, 0) + sign * much
        touched = {lane.number: lane for name in wants for lane in self._lanes_with[name]}
        for lane in touched.values():
            lane.advance(self._world.now)
            lane.speed = self._speed(lane.key)
            self._arm(lane)

    def _speed(self, key: tuple[str, ...]) -> tuple[int, int]:
        slowest = (1, 1)
        for name in key:
            size, wanted = self._size[name], self._wanted[name]
            if size * slowest[1] < slowest[0] * wanted:
                slowest = (size, wanted)
        return slowest

    def _arm(self, lane: _Lane) -> None:
        while lane.tasks and not self._is_there(lane.tasks[0]):
            heappop(lane.tasks)
        if lane.tasks:
            lane.armed = self._agenda.next_number()
            self._agenda.arm(lane.due(), SHARED, lane.armed, lane.number)
        else:
            lane.armed = -1

    def _is_there(self, task: tuple[int, int, Course]) -> bool:
        found = self._working.get(task[2])
        return found is not None and found[1] == task[1]

    def _applies(self, event: Due) -> bool:
        return self._lanes[event[3]].armed == event[2]

    def _handle(self, event: Due) -> None:
        lane = self._lanes[event[3]]
        lane.advance(self._world.now)
        ready = []
        while lane.tasks and lane.tasks[0][0] - SLACK <= lane.gone:
            task = heappop(lane.tasks)
            if self._is_there(task):
                ready.append(task[2])
        for course in ready:
            wants = self._working.pop(course)[0]
            self._change(wants, -1)
        if not ready:
            self._arm(lane)
        for course in ready:
            self._done(course)
