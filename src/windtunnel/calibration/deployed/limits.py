"""Limits: how many there can be at once, told by those that waited until one of them had left.

That no more than so many were ever there says nothing: perhaps no more came. But where somebody who
could go on waits for as long as so many are there, much longer than is usual where there are fewer,
and goes on when one has left, again and again, and hardly ever one more gets in: that is a limit.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

FEW = 5
"""Cases from which something is learned at least."""
EXPLAINED = 4
"""So many times as many must have waited for a limit as got past it, or waited on without it."""
USUAL = 0.9
"""Share of those who wait for nothing that need no longer than what is called usual."""
MUCH = 2
"""Who waits so many times as long waits for something."""
SHARE = 0.5
"""So many of those who came when it was full must have waited."""
LONGEST_S = 7.0
"""No process needs longer to go: two seconds more than ``[workers] min_heartbeat_interval``."""
QUICK_S = 0.15
"""One that waits for nothing may need so long."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody who could go on, and didn't yet, in seconds."""

    since: float
    until: float
    excused_s: float = 0.0
    """For how long it may have been something else that it waited for."""


class Stretches:
    """Stretches of time, one after the other."""

    def __init__(self, stretches: Iterable[tuple[float, float]]) -> None:
        both = list(stretches)
        self._begins = [begin for begin, _ in both]
        self._ends = [end for _, end in both]
        self._before = [0.0, *accumulate(end - begin for begin, end in both)]

    def within(self, since: float, until: float) -> float:
        """How many seconds of a wait lie in them."""
        return self._until(until) - self._until(since)

    def last_before(self, at: float) -> int:
        """The number of the last one that begins before an instant."""
        return bisect_left(self._begins, at) - 1

    def end(self, number: int) -> float:
        """When one of them ends."""
        return self._ends[number]

    def longer(self, by_s: float) -> Stretches:
        """Each goes on for so long after its end."""
        found: list[tuple[float, float]] = []
        for begin, end in zip(self._begins, self._ends, strict=True):
            if found and begin <= found[-1][1]:
                found[-1] = (found[-1][0], end + by_s)
            else:
                found.append((begin, end + by_s))
        return Stretches(found)

    def _until(self, at: float) -> float:
        number = bisect_right(self._begins, at) - 1
        if number < 0:
            return 0.0
        return self._before[number] + min(at, self._ends[number]) - self._begins[number]


class Crowd:
    """How many there are at each instant: who leaves at an instant is gone before others come."""

    def __init__(self, stays: Iterable[tuple[float, float, int]]) -> None:
        """*stays*: from when, until when, and for how many each counts."""
        changes = sorted(
            change for begin, end, many in stays for change in ((begin, many), (end, -many))
        )
        self._changes: list[tuple[float, int]] = []
        """From when there are how many."""
        self._reached: Counter[int] = Counter()
        """How often somebody who came made it so many."""
        now = 0
        for at, change in changes:
            now += change
            if change > 0:
                self._reached[now] += 1
            self._changes.append((at, now))

    @property
    def peak(self) -> int:
        """How many there were at once, at most."""
        return max(self._reached, default=0)

    def passed(self, level: int) -> int:
        """How many came when so many were there already."""
        return sum(often for many, often in self._reached.items() if many > level)

    def full(self, level: int) -> Stretches:
        """When there were at least so many."""
        found: list[tuple[float, float]] = []
        since: float | None = None
        for at, many in self._changes:
            if since is None and many >= level:
                since = at
            elif since is not None and many < level:
                if at > since:
                    found.append((since, at))
                since = None
        return Stretches(found)


def limit_of(
    stays: Sequence[tuple[float, float]], waits: Sequence[Wait], *, lingers_s: float = 0.0
) -> int | None:
    """How many there can be at once, as far as these waits show it; ``None``: they don't.

    Args:
        stays: from when until when each was there.
        waits: how long some waited before they came.
        lingers_s: for how long the place of one that has left may be taken.
    """
    crowd = Crowd((begin, end, 1) for begin, end in stays)
    lingering = Crowd((begin, end + lingers_s, 1) for begin, end in stays)
    left = sorted(end for _, end in stays)
    for level in range(crowd.peak, 0, -1):
        passed = crowd.passed(level)
        if passed * EXPLAINED > len(waits):
            break  # so it is for all that are lower
        full = lingering.full(level)
        found = _judged(full, full.longer(LONGEST_S - lingers_s), waits)
        times = {bisect_right(left, one.until) for one in found.waited}
        enough = max(FEW, SHARE * found.met, EXPLAINED * (passed + found.other))
        if len(times) >= FEW and len(found.waited) >= enough:
            return level
    return None


@dataclass(slots=True)
class _Judged:
    """What became of those who met it full."""

    met: int = 0
    waited: list[Wait] = field(default_factory=list)
    """Those who waited much longer than is usual while it was, and then went on."""
    other: int = 0
    """How many waited on when there had been room for long."""


def _judged(full: Stretches, nearly: Stretches, waits: Sequence[Wait]) -> _Judged:
    """*nearly*: when it was full, or had been a moment ago."""
    usual = _usual(nearly, waits)
    found = _Judged()
    for one in waits:
        inside = full.within(one.since, one.until)
        if inside <= one.excused_s:
            continue
        found.met += 1
        # Part of each wait is what everybody needs.
        if inside - one.excused_s <= usual or one.until - one.since <= MUCH * usual:
            continue
        if nearly.end(nearly.last_before(one.until)) + MUCH * usual < one.until:
            found.other += 1
        else:
            found.waited.append(one)
    return found


def _usual(nearly: Stretches, waits: Sequence[Wait]) -> float:
    """How long those need who wait neither for this limit nor for another one."""
    free = sorted(
        one.until - one.since
        for one in waits
        if not one.excused_s and not nearly.within(one.since, one.until)
    )
    return max(QUICK_S, free[int(len(free) * USUAL)]) if len(free) >= FEW else LONGEST_S
