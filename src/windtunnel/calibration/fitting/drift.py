"""Drift: whether a task takes another time from some moment on, as after a change of its code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp
from statistics import median

from windtunnel.calibration.fitting.laws import stats
from windtunnel.calibration.fitting.tries import seconds_of
from windtunnel.calibration.past import PastTry

ENOUGH = 20
"""Successes before and after, to say so."""
SURE = 1e-4
TIMES = 1.5
"""A change that is smaller is left alone."""


@dataclass(frozen=True, slots=True)
class Change:
    """From when on a task takes another time."""

    since: datetime
    times: float
    """How many times as long as before."""


def change_in(succeeded: Sequence[PastTry]) -> Change | None:
    """The moment that parts shorter times from longer ones best, if any does (Pettitt, 1979)."""
    if len(succeeded) < 2 * ENOUGH:
        return None
    import numpy as np  # noqa: PLC0415

    ordered = sorted(succeeded, key=lambda one: (one.start, one.key))
    seconds = [seconds_of(one) for one in ordered]
    n = len(seconds)
    ranks = stats().rankdata(seconds)
    apart = np.abs(2 * ranks.cumsum() - np.arange(1, n + 1) * (n + 1))
    place = int(apart[ENOUGH - 1 : n - ENOUGH].argmax()) + ENOUGH
    chance = 2 * exp(-6 * float(apart[place - 1]) ** 2 / (n**3 + n**2))
    before, after = median(seconds[:place]), median(seconds[place:])
    times = after / before if before else 1.0
    since = ordered[place].start
    if chance > SURE or since is None or 1 / TIMES < times < TIMES:
        return None
    return Change(since, times)
