"""Coming up: the first tries of a deployment that has just begun to run. Everything is loaded for
the first time then, so that they take many times as long as any that follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from windtunnel.calibration.fitting.tries import seconds_of
from windtunnel.calibration.past import PastTry

WITHIN = timedelta(minutes=10)
"""So long after the past begins they may have begun."""
SHARE = 3
"""At most every third try of a task is one of them."""
TIMES = 2.0
"""Each took longer than so many times the longest of the others."""


def while_coming_up(succeeded: Sequence[PastTry], since: datetime | None) -> set[PastTry]:
    """Those of a task's successes that say nothing of how long it takes ever after; *since*: where
    the past begins."""
    ordered = sorted(succeeded, key=lambda one: (one.start, one.key))
    seconds = [seconds_of(one) for one in ordered]
    for count in range(len(ordered) // SHARE, 0, -1):
        last = ordered[count - 1].start
        is_early = since is not None and last is not None and last - since <= WITHIN
        if is_early and min(seconds[:count]) > TIMES * max(seconds[count:]):
            return set(ordered[:count])
    return set()
