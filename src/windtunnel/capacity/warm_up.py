"""Warm-up: what of each simulation is left out because it began with nothing to do.

A queue that is asked about "in general" has no start: its load is the same at each hour, and a
simulation, which begins with empty queues, is too good at first. What is left out is found by the
rule of White (MSER, 1997), from all simulations together: the beginning without which the mean of
the rest is known best. As this stops where what is left of the bias drowns in the noise, twice as
much is left out, but no more than half.

A day on which schedules make the load is not like that. It begins when it begins, and nothing is
left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from windtunnel.model import Scenario

PARTS = 60
"""Into so many parts of the same length a window is divided."""


def is_steady(scenario: Scenario) -> bool:
    """Whether the load is the same at each hour: it arrives from outside at rates that do not
    change, and nothing happens by the clock."""
    by_clock = (scenario.manual_runs, scenario.backfills, scenario.asset_updates, scenario.faults)
    steady = all(
        not isinstance(one.per_hour, tuple) and not one.at_s and one.until_s is None
        for one in scenario.arrivals
    )
    scheduled = any(dag.schedule is not None and not dag.is_paused for dag in scenario.fleet.dags)
    slower = scenario.behavior.slowdowns
    return bool(scenario.arrivals) and steady and not (scheduled or slower or any(by_clock))


def warm_up(simulations: Sequence[Sequence[tuple[float, int]]]) -> int:
    """How many parts of each simulation to leave out.

    Args:
        simulations: Of each, by part of its window: the sum of the values of what came in it (its
            wait, or 1 if it was on time), and how many there were.
    """
    sums = [fsum(one[0] for one in part) for part in zip(*simulations, strict=True)]
    counts = [sum(one[1] for one in part) for part in zip(*simulations, strict=True)]
    best, least = 0, float("inf")
    for begin in range(len(sums) // 2 + 1):
        total = sum(counts[begin:])
        if not total:
            break
        mean = fsum(sums[begin:]) / total
        pairs = zip(sums[begin:], counts[begin:], strict=True)
        spread = fsum((value / count - mean) ** 2 * count for value, count in pairs if count)
        if spread / total**2 < least:
            best, least = begin, spread / total**2
    return min(2 * best, len(sums) // 2)
