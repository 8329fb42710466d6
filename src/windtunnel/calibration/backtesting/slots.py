"""Slots: what tries tell of the workers' slots: how long a start takes, and how long a slot stays
taken after its task has ended.

A try that finds a free slot starts as soon as its process does. One that was queued before any slot
was free takes the slot of a try that ended, and how long after that end it starts is how long the
slot stayed taken.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from windtunnel.calibration.past import PastTry

LONGEST_S = 7.0
"""No process needs longer to go: two seconds more than ``[workers] min_heartbeat_interval``."""
ROUNDS = 4
NARROW_S = 0.15
"""How exactly equal processes repeat the time that they need to go."""
EXPLAINED = 4
"""So many times as many waits must be explained by busy slots as are not."""
FEW = 5
"""Tries from which something is learned at least."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One try on a worker, in seconds since the first of them."""

    queued: float
    start: float
    end: float
    host: str = ""


@dataclass(frozen=True, slots=True)
class Slots:
    """What was learned of slots."""

    starts_s: tuple[float, ...]
    """From queued to start, of tries that found a free slot."""
    ends_s: tuple[float, ...]
    """From the end of a task to the start of the one that waited for its slot."""


def stays_of(tries: Iterable[PastTry]) -> list[Stay]:
    """The tries that were on a worker once, from start to end; not those that came back after they
    had deferred or were rescheduled."""
    times = [
        (one.queued, one.start, one.end, one.hostname)
        for one in tries
        if one.queued and one.start and one.end and one.queued <= one.start <= one.end
    ]
    first = min((queued for queued, *_ in times), default=None)
    stays = [
        Stay(
            (queued - first).total_seconds(),
            (start - first).total_seconds(),
            (end - first).total_seconds(),
            host,
        )
        for queued, start, end, host in times
        if first is not None
    ]
    return sorted(stays, key=lambda one: (one.start, one.end))


def peak(stays: Sequence[Stay]) -> int:
    """How many ran at once, at most."""
    changes = sorted([(one.start, 1) for one in stays] + [(one.end, -1) for one in stays])
    most = now = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


def hosts(stays: Iterable[Stay]) -> Counter[str]:
    """How many tries each host ran."""
    return Counter(one.host for one in stays)


def are_short(stays: Sequence[Stay], slots: int) -> bool:
    """Whether tries waited in the queue because there were only so many slots."""
    usual = sorted(one.start - one.queued for one in stays)
    quick = usual[len(usual) // 10] + 1.0 if usual else 0.0
    explained = other = 0
    for one in stays:
        if one.start - one.queued <= quick:
            continue
        # A slot stays taken for a while after its task.
        busy = sum(o.start <= one.queued < o.end + LONGEST_S for o in stays if o is not one)
        explained += busy >= slots
        other += busy < slots
    return explained >= max(FEW, EXPLAINED * other)


def learned(stays: Sequence[Stay], slots: int) -> Slots:
    """What so many slots tell, on one host or on all of them together."""
    known: list[float] = []
    starts: list[float] = []
    for _ in range(ROUNDS):
        starts, ends = _assigned(stays, slots, known)
        if ends == known:
            break
        known = ends
    return Slots(tuple(starts), tuple(sorted(known)))


def _assigned(
    stays: Sequence[Stay], slots: int, known: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Give each try the slot that it most likely took; *known*: what ends took, by an earlier
    look."""
    starts: list[float] = []
    ends: list[float] = []
    free = [-math.inf] * slots
    running: list[float] = []
    for one in stays:
        ended = [end for end in running if end <= one.start]
        running = [end for end in running if end > one.start]
        free += ended
        if not free:  # more ran at once than there are slots
            running.append(one.end)
            continue
        free.sort()
        if free[0] + LONGEST_S < one.queued:
            # A slot had been free for long: nothing kept it waiting.
            starts.append(one.start - one.queued)
            free.pop(0)
        else:
            took = max(free, key=lambda end: (_likely(one.start - end, known), -end))
            if one.start - one.queued > NARROW_S and one.start - took <= LONGEST_S:
                ends.append(one.start - took)
            free.remove(took)
        running.append(one.end)
    return starts, ends


def _likely(gap: float, known: Sequence[float]) -> float:
    """How likely a slot is taken anew so long after it was left."""
    near = sum(math.exp(-abs(gap - one) / NARROW_S) for one in known)
    return near + (0.01 if gap <= LONGEST_S else 0.0)


def by_host(tries: Iterable[PastTry]) -> Iterator[tuple[str, list[PastTry]]]:
    """The tries of each host."""
    found: dict[str, list[PastTry]] = {}
    for one in tries:
        found.setdefault(one.hostname, []).append(one)
    yield from sorted(found.items())
