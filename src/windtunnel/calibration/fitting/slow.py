"""Slow days: whether many tasks take longer on the same days, and how much."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, log
from statistics import fmean

from windtunnel.calibration.fitting.laws import stats
from windtunnel.calibration.fitting.tries import ran
from windtunnel.calibration.past import Past, PastTry
from windtunnel.model import Slowdown, Spread

WAITS = re.compile(r"sensor|TriggerDagRun", re.IGNORECASE)
DAYS = 7
"""Fewer days say nothing of how days differ."""
OF_EACH = 5
"""Successes of a task that are enough to know what is ordinary for it."""
SURE = 1e-4
NOTABLE = 0.1
"""A spread of the days' logarithms that is smaller is left alone."""


@dataclass(frozen=True, slots=True)
class SlowDays:
    """How days differ."""

    factors: Mapping[object, float] = field(default_factory=dict)
    """How many times as long everything took, by day."""
    slowdowns: tuple[Slowdown, ...] = ()


def slow_days(past: Past) -> SlowDays:
    """How days differ, by what the tries of each day took beside what is usual for their tasks
    (analysis of variance with days drawn at random)."""
    of_day: dict[object, list[float]] = {}
    tasks = set()
    for key, tries in past.tries_by_task():
        logs = [
            (one.start.date(), log(seconds))
            for one in tries
            if one.state == "success"
            and one.start is not None
            and (seconds := one.seconds or 0) > 0.01
            and one.hostname
            and not (one.queued and one.queued > one.start)
            and not one.operator.endswith("Sensor")
        ]
        if len(logs) < OF_EACH:
            continue
        tasks.add(key)
        usual = fmean(value for _, value in logs)
        for day, value in logs:
            of_day.setdefault(day, []).append(value - usual)
    groups = [some for some in of_day.values() if len(some) > 1]
    if len(groups) < DAYS or len(tasks) < 2:
        return SlowDays()
    chance = float(stats().f_oneway(*groups).pvalue)
    within = sum(sum((v - fmean(g)) ** 2 for v in g) for g in groups)
    within /= sum(len(g) - 1 for g in groups)
    among = sum(len(g) * fmean(g) ** 2 for g in groups) / (len(groups) - 1)
    size = sum(map(len, groups)) / len(groups)
    spread = max((among - within) / size, 0.0)
    if chance > SURE or spread < NOTABLE**2:
        return SlowDays()
    # A day of which little is known is taken to be more like the others.
    factors = {
        day: exp(fmean(some) * spread / (spread + within / len(some)))
        for day, some in of_day.items()
    }
    drawn = Spread(median=1.0, sigma=round(spread**0.5, 3))
    return SlowDays(factors, (Slowdown(factor=drawn, per="day"),))


def _works(one: PastTry) -> bool:
    """Whether a try worked to its end, and waited for nothing meanwhile."""
    deferred = one.queued is not None and one.start is not None and one.queued > one.start
    return one.state == "success" and ran(one) and not deferred and not WAITS.search(one.operator)
