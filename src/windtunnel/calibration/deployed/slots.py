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
from itertools import pairwise

from windtunnel.calibration.deployed.limits import FEW, LONGEST_S, QUICK_S, Wait, limit_of
from windtunnel.calibration.past import PastTry

LONGEST_ALONE_S = 60.0
"""Where a slot is the only one, nothing can be taken for another; what is longer was a pause."""
WIDE_S = 0.1
CELLS = round(LONGEST_S / WIDE_S)
"""Lengths are told apart by as much."""
ROUNDS, STEPS = 3, 60
KEPT = 50


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


def slots_shown(stays: Sequence[Stay]) -> int | None:
    """How many slots a host has, if tries waited in the queue because all of them were taken."""
    return limit_of(
        [(one.start, one.end) for one in stays],
        [Wait(one.queued, one.start) for one in stays],
        lingers_s=LONGEST_S,
    )


@dataclass(slots=True)
class _Left:
    """A slot whose task has ended: how long it stayed taken is known within bounds."""

    end: float
    least: float = 0.0
    most: float = LONGEST_S


def learned(stays: Sequence[Stay], slots: int) -> Slots:
    """What so many slots tell, on one host or on all of them together."""
    if slots == 1:
        return _one_by_one(stays)
    shares: Sequence[float] = [1 / CELLS] * CELLS
    starts: list[float] = []
    exact = 0
    for _ in range(ROUNDS):
        starts, left = _assigned(stays, slots, shares)
        exact = sum(one.least == one.most for one in left)
        shares = _fitted(left, shares)
    ends = _sample(shares, exact) if exact >= FEW else ()
    return Slots(tuple(starts), ends)


def _one_by_one(stays: Sequence[Stay]) -> Slots:
    """Of a single slot, where it is plain who followed whom: SequentialExecutor starts a process of
    its own for each try, which may take long."""
    starts, ends = [], []
    for before, one in pairwise(stays):
        if one.queued >= before.end + QUICK_S:
            starts.append(one.start - one.queued)
        elif before.end <= one.start <= before.end + LONGEST_ALONE_S:
            ends.append(round(one.start - before.end, 3))
    if len(ends) < FEW or len(starts) < FEW:  # most of either is the start of a process
        starts = ends = [*starts, *ends]
    ends = sorted(ends)
    few = (ends[(2 * k + 1) * len(ends) // (2 * KEPT)] for k in range(KEPT))
    return Slots(tuple(starts), tuple(few if len(ends) > KEPT else ends))


def _assigned(
    stays: Sequence[Stay], slots: int, shares: Sequence[float]
) -> tuple[list[float], list[_Left]]:
    """Give each try the slot that it most likely took; *shares*: how long slots stay taken, by an
    earlier look. A slot that nobody took while somebody waited was not free yet."""
    starts: list[float] = []
    left: list[_Left] = []
    free = [_Left(-math.inf) for _ in range(slots)]
    running: list[float] = []
    for one in stays:
        for end in sorted(end for end in running if end <= one.start):
            left.append(_Left(end))
            free.append(left[-1])
        running = [end for end in running if end > one.start]
        if not free:  # more ran at once than there are slots
            running.append(one.end)
            continue
        oldest = min(free, key=lambda slot: slot.end)
        waited = one.start - one.queued > QUICK_S and oldest.end + LONGEST_S >= one.queued
        took = _likeliest(free, one.start, shares) if waited else oldest
        free = [slot for slot in free if slot is not took]
        took.most = min(took.most, one.start - took.end)
        if waited:
            took.least = took.most
            for slot in free:
                slot.least = max(slot.least, min(one.start - slot.end, LONGEST_S))
        else:
            starts.append(one.start - one.queued)
        running.append(one.end)
    return starts, left


def _likeliest(free: Sequence[_Left], at: float, shares: Sequence[float]) -> _Left:
    def likely(slot: _Left) -> tuple[float, float]:
        gap = at - slot.end
        return (shares[_cell(gap)] if gap <= LONGEST_S else 0.0), -slot.end

    return max(free, key=likely)


def _fitted(left: Iterable[_Left], before: Sequence[float]) -> Sequence[float]:
    """How likely each length is, from lengths known within bounds (Turnbull's self-consistent
    estimate, begun at an earlier one)."""
    bounds = Counter((_cell(one.least), _cell(one.most)) for one in left if one.least <= one.most)
    shares = list(before)
    for _ in range(STEPS if bounds else 0):
        found = [1e-9] * CELLS
        for (low, high), count in bounds.items():
            inside = sum(shares[low : high + 1])
            for cell in range(low, high + 1):
                found[cell] += count * shares[cell] / inside
        total = sum(found)
        shares = [one / total for one in found]
    return shares


def _cell(seconds: float) -> int:
    return max(0, min(CELLS - 1, int(seconds / WIDE_S)))


def _sample(shares: Sequence[float], count: int) -> tuple[float, ...]:
    """So many lengths, as often as they are likely; 50 at most."""
    count = min(count, KEPT)
    found: list[float] = []
    reached = 0.0
    for cell, share in enumerate(shares):
        reached += share
        while len(found) < count and (len(found) + 0.5) / count <= reached:
            found.append(round((cell + 0.5) * WIDE_S, 3))
    return tuple(found)


def by_host(tries: Iterable[PastTry]) -> Iterator[tuple[str, list[PastTry]]]:
    """The tries of each host."""
    found: dict[str, list[PastTry]] = {}
    for one in tries:
        found.setdefault(one.hostname, []).append(one)
    yield from sorted(found.items())
