"""Waits: when conditions of sensors came true, and how long tries stayed with the triggerer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from windtunnel.calibration.fitting.laws import Lengths
from windtunnel.calibration.fitting.lengths import FEW, Fitted, fitted
from windtunnel.calibration.fitting.tries import seconds_of
from windtunnel.calibration.past import Happened, PastRun, PastTry, Poke
from windtunnel.model import Sample, Sensor

LOOKED = 3.0
"""A sensor that stayed for so many times as long as its quickest tries did not find its condition
true at once."""
MOMENT_S = 1.0
Key = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Truths:
    """When the condition of a sensor came true, in seconds after its run was due."""

    at_once: int = 0
    """It was true at the first look."""
    after: tuple[tuple[float, float], ...] = ()
    """It came true between these."""
    never: tuple[float, ...] = ()
    """It was not true yet when the sensor gave up."""

    def fit(self) -> Fitted | None:
        """What they are drawn from; ``None``, if they always were at the first look."""
        if not self.after:
            return None
        if not self.at_once:
            exact = tuple(low for low, high in self.after if low == high)
            between = tuple(pair for pair in self.after if pair[0] < pair[1])
            return fitted(Lengths(exact=exact, cut=self.never, between=between))
        middles = sorted((low + high) / 2 for low, high in self.after)
        found = fitted(Lengths(exact=tuple([0.0] * self.at_once + middles), cut=self.never))
        assert found is not None
        if isinstance(found.given, Sample):
            return found
        # No law has many zeros and a hump beside them: the measured times themselves.
        values = tuple(sorted([0.0] * self.at_once + [round(one, 3) for one in middles]))
        kept = values if len(values) <= FEW * 5 else values[:: len(values) // (FEW * 5) + 1]
        mean = sum(kept) / len(kept)
        return Fitted(Sample(values_s=kept), "sample", found.n, found.cut, mean)


def truths_of(
    kind: Sensor | None,
    succeeded: Sequence[PastTry],
    given_up: Sequence[PastTry],
    pokes: Mapping[Key, Sequence[Poke]],
    runs: Mapping[tuple[str, str], PastRun],
) -> Truths:
    """When the condition came true, from what each try found at its pokes. *kind* is ``None`` where
    the DAG is not known; then a minute lies between two pokes in mode poke."""
    interval = timedelta(seconds=(kind or Sensor()).poke_interval_s)
    quickest = min((seconds_of(one) for one in succeeded), default=0.0)
    at_once = 0
    after: list[tuple[float, float]] = []
    for one in succeeded:
        due = _due(one, runs)
        if due is None or one.end is None or one.start is None:
            continue
        looks = [poke.end for poke in pokes.get(one.key, ()) if poke.end < one.end]
        stayed = seconds_of(one)
        if looks:
            before = max(looks)
        elif stayed >= interval.total_seconds() or stayed > max(LOOKED * quickest, MOMENT_S):
            before = max(one.start, one.end - interval)
        else:
            at_once += 1
            continue
        first, last = (max((at - due).total_seconds(), 0.0) for at in (before, one.end))
        after.append((first, max(last, first + 0.001)))
    never = [
        (one.end - due).total_seconds()
        for one in given_up
        if one.end is not None and (due := _due(one, runs)) is not None and one.end > due
    ]
    return Truths(at_once, tuple(after), tuple(never))


def fired_of(succeeded: Sequence[PastTry], runs: Mapping[tuple[str, str], PastRun]) -> Truths:
    """The same of a deferrable sensor: it is queued again when its trigger fires."""
    at_once, after = 0, []
    for one in succeeded:
        due = _due(one, runs)
        if due is None or one.queued is None or one.start is None:
            continue
        if one.queued <= one.start:
            at_once += 1
            continue
        seconds = max((one.queued - due).total_seconds(), 0.001)
        after.append((seconds, seconds))
    return Truths(at_once, tuple(after))


def _due(one: PastTry, runs: Mapping[tuple[str, str], PastRun]) -> datetime | None:
    run = runs.get(one.run)
    return None if run is None else run.run_after


@dataclass(frozen=True, slots=True)
class Deferrals:
    """What tries did that deferred, in seconds."""

    before: tuple[float, ...]
    """On the worker until they deferred; empty where no log says it, and then in ``waited``."""
    waited: tuple[float, ...]
    """From then until they were queued again."""
    resumed: tuple[float, ...]
    """On the worker after that."""


def deferrals_of(
    succeeded: Iterable[PastTry], log: Mapping[Key, Sequence[Happened]], latency_s: float
) -> Deferrals:
    """What the tries of an operator did that defers. Where no log tells when they began again, it
    was *latency_s* after they were queued."""
    before, waited, resumed = [], [], []
    for one in succeeded:
        if one.queued is None or one.start is None or one.end is None or one.queued <= one.start:
            continue
        lines = [line for line in log.get(one.key, ()) if line.try_number == one.try_number]
        left = [line.at for line in lines if line.event == "deferred" and line.at < one.queued]
        again = [line.at for line in lines if line.event == "running" and line.at > one.queued]
        since = max(left, default=one.start)
        if left:
            before.append((min(left) - one.start).total_seconds())
        waited.append((one.queued - since).total_seconds())
        began = max(again, default=None)
        stayed = (one.end - (began or one.queued)).total_seconds()
        resumed.append(max(stayed if began else stayed - latency_s, 0.001))
    return Deferrals(tuple(before), tuple(waited), tuple(resumed))


def latency_of(tries: Iterable[PastTry]) -> float:
    """Seconds from queued to start, in the middle of all tries; 0, where nobody noted them."""
    waits = [
        (one.start - one.queued).total_seconds()
        for one in tries
        if one.queued is not None and one.start is not None and one.start >= one.queued
    ]
    return median(waits) if waits else 0.0
