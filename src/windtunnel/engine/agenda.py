"""Agenda: what is due when. Events that no longer apply are dropped when their time comes.

Each kind of event has one owner, who knows whether an event of its own still applies, and what
happens when it is due.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from windtunnel.engine.program import micros
from windtunnel.engine.world import World

KINDS = tuple(range(12))
END, FIRE, TIMEOUT, WAKE, SILENT, GHOST, STARTED, STOPPED, STEP, SHARED, SUPPLY, PICKED = KINDS
"""Kinds of due events, in the order in which one instant handles them."""

SWEPT = frozenset({TIMEOUT, SILENT})
"""Kinds that a scheduler looks for, every so often."""

NEVER = 1 << 62

Due = tuple[int, int, int, int]
"""(time, kind, number, task instance)."""


class Agenda:
    """The heap of what is due."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.heap: list[Due] = []
        self.number = 0
        """Of the last try that was begun: ties between ends go by it."""
        self.scheduler_is_up: Callable[[], bool] = lambda: True
        self.is_watched: Callable[[int], bool] = lambda _: True
        """Whether the scheduler that queued a task instance works."""
        every = world.cluster.task_instance_heartbeat_timeout_detection_interval_s
        self.sweep_us = micros(every)
        self.afterwards: Callable[[], None] = lambda: None
        """Done after each event: what others lost by it is freed."""
        self._applies: dict[int, Callable[[Due], bool]] = {}
        self._handle: dict[int, Callable[[Due], None]] = {}

    def own(self, kind: int, applies: Callable[[Due], bool], handle: Callable[[Due], None]) -> None:
        """Somebody takes over events of one kind."""
        self._applies[kind] = applies
        self._handle[kind] = self._by_scheduler(handle) if kind in SWEPT else handle

    def _by_scheduler(self, handle: Callable[[Due], None]) -> Callable[[Due], None]:
        """While no scheduler is up nobody looks; it is there at the next look."""

        def look(event: Due) -> None:
            at, kind, number, ti = event
            if self.scheduler_is_up() and (kind != SILENT or self.is_watched(ti)):
                handle(event)
            else:
                self.arm(at + self.sweep_us, kind, number, ti)

        return look

    def arm(self, at: int, kind: int, number: int, ti: int) -> None:
        """Something will be due."""
        heappush(self.heap, (at, kind, number, ti))

    def next_number(self) -> int:
        """A number for a new try, or for another thing of which there may be several."""
        self.number += 1
        return self.number

    def next_due(self) -> int | None:
        """When the next event is due; events that no longer apply are dropped."""
        heap = self.heap
        while heap and not self._applies[heap[0][1]](heap[0]):
            heappop(heap)
        return heap[0][0] if heap else None

    def handle_due(self) -> None:
        """Handle all that is due now: ends in dispatch order, then triggers (also those that a task
        handed over just now), then their timeouts, then retries and reschedules."""
        heap, now = self.heap, self._world.now
        if not heap or heap[0][0] > now:
            return
        first = heappop(heap)
        if heap and heap[0][0] <= now:
            heappush(heap, first)
        else:
            self._come(first)
        if not heap or heap[0][0] > now:
            return
        for kind in KINDS:
            for event in self._take_due(kind):
                self._come(event)

    def _come(self, event: Due) -> None:
        kind = event[1]
        if self._applies[kind](event):
            self._handle[kind](event)
            if self._world.unhanded:
                self.afterwards()

    def _take_due(self, kind: int) -> list[Due]:
        """Take the due events of one kind off the heap, in order."""
        heap, now = self.heap, self._world.now
        due: list[Due] = []
        later: list[Due] = []
        while heap and heap[0][0] <= now:
            event = heappop(heap)
            (due if event[1] == kind else later).append(event)
        for event in later:
            heappush(heap, event)
        return due
