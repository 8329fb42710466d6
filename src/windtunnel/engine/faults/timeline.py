"""When faults are on: windows, their repetitions, and what is done as they begin and end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush

from windtunnel.engine.program import micros
from windtunnel.model import Fault, LateData, Windowed

Undo = Callable[[], None]
Deed = Callable[[], Undo | None]
"""Something that is done as a fault begins; what it gives back is done as it ends."""
When = Callable[[Callable[[], None]], None]
"""Does something as soon as it can be done."""


def at_once(deed: Callable[[], None]) -> None:
    """Nothing is in its way."""
    deed()


class Window:
    """When one fault is on, in microseconds since the scenario's start."""

    __slots__ = ("begin", "every", "length", "times")

    def __init__(self, fault: Fault, start: datetime) -> None:
        assert not isinstance(fault, LateData), "late data is late always"
        self.begin = micros(fault.begins_s(start))
        seconds = fault.for_s if isinstance(fault, Windowed) else None
        self.length = None if seconds is None else micros(seconds)
        self.every = None if fault.every_s is None else micros(fault.every_s)
        self.times = fault.times

    def turn(self, number: int) -> int | None:
        """When it begins for this time, counted from 0; None if it doesn't any more."""
        if self.every is None:
            return None if number else self.begin
        if self.times is not None and number >= self.times:
            return None
        return self.begin + number * self.every

    def covers(self, now: int) -> bool:
        """Whether it is on at this instant."""
        since = now - self.begin
        if since < 0:
            return False
        if self.every is not None:
            number = since // self.every
            if self.times is not None:
                number = min(number, self.times - 1)
            since -= number * self.every
        return self.length is None or since < self.length


class Timeline:
    """What faults do, in order of time."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._armed = 0
        self._now = 0

    def next_due(self) -> int | None:
        """When something is done next."""
        return self._due[0][0] if self._due else None

    def handle_due(self, now: int) -> None:
        """Do what is due."""
        self._now = now
        while self._due and self._due[0][0] <= now:
            heappop(self._due)[2]()

    def arm(self, at: int, deed: Callable[[], None]) -> None:
        """Something will be done then; of several, what was armed first."""
        self._armed += 1
        heappush(self._due, (at, self._armed, deed))

    def follow(self, window: Window, deed: Deed, when: When = at_once, number: int = 0) -> None:
        """The deed is done whenever the window begins, and undone when it ends; both when that is
        possible."""
        at = window.turn(number)
        if at is None:
            return

        def do() -> None:
            undo = deed()
            if undo is not None and window.length is not None:
                self.arm(self._now + window.length, lambda: when(undo))

        def begin() -> None:
            when(do)
            self.follow(window, deed, when, number + 1)

        self.arm(at, begin)
