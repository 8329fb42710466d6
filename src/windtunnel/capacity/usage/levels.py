"""Levels: how many slots of each limit are taken, followed through time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Occupancy:
    """The use of one limit over the window, in slots."""

    limit: str
    """``parallelism``, ``pool NAME``, ``worker slots NAMES`` or ``max_active_runs DAG``."""
    size: int | None
    """None: unlimited, or no such pool."""
    peak: int
    mean: float
    steps: tuple[tuple[int, int], ...] = ()
    """(from when on, in microseconds since the start; slots), wherever that changed for any
    time."""


class Levels:
    """What is taken and given back at one instant is no peak."""

    def __init__(self) -> None:
        self.peak: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self._since: dict[str, int] = {}
        self._area: dict[str, int] = {}
        self._steps: dict[str, list[tuple[int, int]]] = {}

    def change(self, limit: str, by: int, at: int) -> None:
        """So many slots more, or less, from now on; in order of time."""
        if by:
            if self._since.get(limit, at) < at:
                self._settle(limit, at)
            self._since[limit] = at
            self._now[limit] = self._now.get(limit, 0) + by

    def end(self, at: int) -> None:
        """The window ends."""
        for limit in list(self._now):
            self._settle(limit, at)

    def of(self, limit: str, size: int | None, window_us: int) -> Occupancy:
        """The figures of one limit."""
        mean = self._area.get(limit, 0) / max(1, window_us)
        steps = tuple(self._steps.get(limit, ()))
        return Occupancy(limit, size, self.peak.get(limit, 0), mean, steps)

    def _settle(self, limit: str, at: int) -> None:
        now = self._now.get(limit, 0)
        self.peak[limit] = max(self.peak.get(limit, 0), now)
        since = self._since.get(limit, at)
        self._area[limit] = self._area.get(limit, 0) + now * (at - since)
        steps = self._steps.setdefault(limit, [])
        if since < at and (not steps or steps[-1][1] != now):
            steps.append((since, now))
        self._since[limit] = at
