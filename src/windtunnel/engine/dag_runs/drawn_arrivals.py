"""Drawn arrivals: when the runs come that something outside triggers, by the seed alone.

They are drawn before the simulation, and also where somebody chooses what happens: the calm choice
would be the shortest time to the next, and so as many as never come.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC

from windtunnel.engine.luck import draw
from windtunnel.engine.program import micros
from windtunnel.engine.tries.durations import EVEN, MICRO, drawn_us
from windtunnel.errors import InvalidInput
from windtunnel.model import Arrivals, ManualRun, Scenario

MILLI = 1000
HOUR_S = 3600.0
MOST = 1_000_000
"""Runs from outside in one simulation: more is a mistake in a unit."""


def with_arrivals_drawn(scenario: Scenario) -> Scenario:
    """The same scenario, in which somebody triggers each run that would arrive; it is simulated
    alike, under whatever seed."""
    if not scenario.arrivals:
        return scenario
    runs = tuple(run.model_copy(update={"at_s": at / MICRO}) for at, run in arriving(scenario))
    return scenario.model_copy(
        update={"manual_runs": (*scenario.manual_runs, *runs), "arrivals": ()}
    )


def arriving(scenario: Scenario) -> Iterator[tuple[int, ManualRun]]:
    """When each run arrives (microseconds since the start), and which it is.

    Raises:
        InvalidInput: there would be more than `MOST`.
    """
    streams: Counter[str] = Counter()
    left = MOST
    for one in scenario.arrivals:
        key = (one.dag_id, streams[one.dag_id])
        streams[one.dag_id] += 1
        run = ManualRun(dag_id=one.dag_id)
        for at in _instants(scenario, one, key):
            left -= 1
            if left < 0:
                raise InvalidInput(
                    f"arrivals of {one.dag_id}: more than {MOST:,} runs in the window; "
                    "per_hour is in runs per hour, every is the time from one to the next"
                )
            yield at, run


def _instants(scenario: Scenario, one: Arrivals, key: tuple[str, int]) -> Iterator[int]:
    """Microseconds since the start, each later than the one before."""
    begin, end = micros(one.at_s), micros(scenario.duration_s)
    if one.until_s is not None:
        end = min(end, micros(one.until_s))
    found = _poisson(scenario, one, key) if one.every_s is None else _renewals(scenario, one, key)
    last = begin - MILLI
    for at in found:
        last = max(at, last + MILLI)
        if last >= end:
            return
        yield last


def _renewals(scenario: Scenario, one: Arrivals, key: tuple[str, int]) -> Iterator[int]:
    at, number, every = micros(one.at_s), 0, one.every_s
    assert every is not None
    while True:
        if isinstance(every, float | int):
            at += max(1, micros(every))
        else:
            at += drawn_us(every, draw(scenario.seed, "arrival", *key, number))
        number += 1
        yield at


def _poisson(scenario: Scenario, one: Arrivals, key: tuple[str, int]) -> Iterator[int]:
    """Between two of them, the rate summed over time is exponentially distributed with mean 1; so
    with a higher rate the same runs come sooner."""
    rates = one.per_hour
    midnight = scenario.start.astimezone(UTC)
    since_midnight = midnight.hour * HOUR_S + midnight.minute * 60 + midnight.second
    at, number = one.at_s, 0
    while True:
        even = (draw(scenario.seed, "arrival", *key, number) + 0.5) / EVEN
        left = -math.log1p(-min(even, 1 - 2**-53))
        while True:
            hour, within = divmod(since_midnight + at, HOUR_S)
            rate = rates[int(hour) % len(rates)] if isinstance(rates, tuple) else rates
            assert rate is not None
            rest = HOUR_S - within
            if rest * rate / HOUR_S > left:
                at += left * HOUR_S / rate
                break
            left -= rest * rate / HOUR_S
            at += rest
            if at >= scenario.duration_s:
                return
        number += 1
        yield round(at * MILLI) * MILLI
