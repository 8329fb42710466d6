"""Awaited: which run an ``execution_date_fn`` of an ExternalTaskSensor waits for, by trying it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from windtunnel.loaders.standin.dates import DateTime
from windtunnel.loaders.standin.session import current

TRIED = tuple(
    timedelta(days=days, hours=hours) for days, hours in ((0, 0), (1, 5), (10, 13), (45, 22))
)
"""How far before now the logical dates lie that the function is tried with."""


def deltas_of(function: Callable[..., Any], subject: str) -> tuple[float, ...]:
    """Seconds from the awaited runs' logical dates to the sensor's own.

    A function that gives another distance for another date, or fails, counts as 0: that is
    recorded as an assumption."""
    if not callable(function):
        return (0.0,)
    try:
        found = {_tried(function, DateTime.of(current().now - before)) for before in TRIED}
    except Exception as error:  # somebody else's code, called with less than a real context
        return _unknown(subject, f"fails when it is tried ({type(error).__name__}: {error})")
    if len(found) != 1 or not (deltas := found.pop()):
        return _unknown(subject, "gives different distances for different dates")
    told = " and ".join(str(timedelta(seconds=delta)) for delta in deltas)
    current().assume(subject, f"its execution_date_fn goes {told} back, as for the dates tried")
    return deltas


def _tried(function: Callable[..., Any], date: DateTime) -> tuple[float, ...]:
    """The distances that the function gives for one logical date."""
    # ExternalTaskSensor._handle_execution_date_fn passes as many arguments as the function takes.
    parameters = inspect.signature(function).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    context = {"logical_date": date, "execution_date": date, "data_interval_start": date}
    given = function(date, context) if len(positional) > 1 else function(date)
    dates = [given] if isinstance(given, datetime) else list(_dates(given))
    return tuple(date.timestamp() - one.timestamp() for one in dates)


def _dates(given: Any) -> Iterable[datetime]:
    return (
        [one for one in given if isinstance(one, datetime)] if isinstance(given, Iterable) else []
    )


def _unknown(subject: str, why: str) -> tuple[float, ...]:
    current().assume(
        subject, f"its execution_date_fn {why}: it waits for the run of the same logical date"
    )
    return (0.0,)
