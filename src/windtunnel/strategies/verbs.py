"""Verbs: those of `windtunnel.faults`, as strategies for the fault that they give.

Each argument may be a value, as there, or a strategy for it; a length or an instant also a pair,
for anything from the one to the other::

    lose_worker(at=("+0m", "+4h"), for_=("5m", "1h"))
    fail(st.sampled_from(["etl.load", "etl.save"]), tries=1)

What is drawn shrinks to the beginning of a range.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from hypothesis import strategies as st

from windtunnel import faults
from windtunnel.errors import InvalidInput
from windtunnel.faults import AnyFault
from windtunnel.loaders import parse_duration

Verb = Callable[..., AnyFault]
Strategy = Callable[..., st.SearchStrategy[AnyFault]]
RANGES = ("at", "for_", "every", "after", "by", "notice")
"""Arguments that may be a pair."""
CLOCK = re.compile(r"(\d{1,2}):(\d\d)")
DAY = 24 * 60
PARTS = 240
"""Into so many steps a range is divided at most, none of them shorter than a second."""


def as_strategy(verb: Verb) -> Strategy:
    """A verb that takes strategies and ranges, too, and gives a strategy for its fault."""

    @wraps(verb)
    def drawn(*args: Any, **kwargs: Any) -> st.SearchStrategy[AnyFault]:
        if not any(_is_open(value) for value in (*args, *kwargs.values())):
            return st.just(verb(*args, **kwargs))  # what is wrong is told at once
        named = {name: _strategy(verb.__name__, name, value) for name, value in kwargs.items()}
        placed = st.tuples(*(_strategy(verb.__name__, "by", value) for value in args))
        return st.builds(_called, st.just(verb), placed, st.fixed_dictionaries(named))

    del drawn.__wrapped__  # its signature is not the verb's
    return drawn


def _called(verb: Verb, args: tuple[Any, ...], kwargs: dict[str, Any]) -> AnyFault:
    return verb(*args, **kwargs)


def _is_open(value: object) -> bool:
    return isinstance(value, st.SearchStrategy | tuple)


def _strategy(verb: str, name: str, value: Any) -> st.SearchStrategy[Any]:
    if isinstance(value, st.SearchStrategy):
        return value
    if name in RANGES and isinstance(value, tuple) and len(value) == 2:
        return _between(f"{verb}: {name}={value!r}", *value)
    return st.just(value)


def _between(said: str, low: Any, high: Any) -> st.SearchStrategy[Any]:
    """Anything from one instant, or length, to another one.

    Raises:
        InvalidInput: they are none, or not in order.
    """
    clocks = [CLOCK.fullmatch(end) if isinstance(end, str) else None for end in (low, high)]
    if clocks[0] and clocks[1]:
        first, last = (int(found[1]) * 60 + int(found[2]) for found in clocks if found)
        minutes = st.integers(0, (last - first) % DAY)
        return minutes.map(lambda more: _clock((first + more) % DAY))
    try:
        begin, end = (_seconds(one) for one in (low, high))
    except (InvalidInput, TypeError) as error:
        raise InvalidInput(f"{said}: {error}") from None
    if begin > end:
        raise InvalidInput(f"{said}: not in order")
    step = max(1.0, (end - begin) // PARTS)
    return st.integers(0, int((end - begin) // step)).map(lambda part: begin + part * step)


def _seconds(end: str | float | timedelta) -> float:
    if isinstance(end, timedelta):
        return end.total_seconds()
    return parse_duration(end.removeprefix("+") if isinstance(end, str) else end)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


fail = as_strategy(faults.fail)
time_out = as_strategy(faults.time_out)
hang = as_strategy(faults.hang)
slow_down = as_strategy(faults.slow_down)
run_out_of_memory = as_strategy(faults.run_out_of_memory)
lose_heartbeat = as_strategy(faults.lose_heartbeat)
lose_result = as_strategy(faults.lose_result)
lose_in_executor = as_strategy(faults.lose_in_executor)
delay_data = as_strategy(faults.delay_data)
lose_worker = as_strategy(faults.lose_worker)
lose_spot_worker = as_strategy(faults.lose_spot_worker)
drain_worker = as_strategy(faults.drain_worker)
fill_disk = as_strategy(faults.fill_disk)
exhaust = as_strategy(faults.exhaust)
resize_pool = as_strategy(faults.resize_pool)
delete_pool = as_strategy(faults.delete_pool)
stop_resource = as_strategy(faults.stop_resource)
resize_resource = as_strategy(faults.resize_resource)
pause_dag = as_strategy(faults.pause_dag)
unpause_dag = as_strategy(faults.unpause_dag)
clear = as_strategy(faults.clear)
mark_task = as_strategy(faults.mark_task)
mark_run = as_strategy(faults.mark_run)
change_dag = as_strategy(faults.change_dag)
stop_scheduler = as_strategy(faults.stop_scheduler)
pause_scheduler = as_strategy(faults.pause_scheduler)
lose_scheduler = as_strategy(faults.lose_scheduler)
stop_database = as_strategy(faults.stop_database)
slow_database = as_strategy(faults.slow_database)
stop_api_server = as_strategy(faults.stop_api_server)
stop_broker = as_strategy(faults.stop_broker)
stop_triggerer = as_strategy(faults.stop_triggerer)
lose_triggerer = as_strategy(faults.lose_triggerer)
stop_dag_processor = as_strategy(faults.stop_dag_processor)
leak_executor_slots = as_strategy(faults.leak_executor_slots)
jump_clock = as_strategy(faults.jump_clock)
ignore_max_active_runs = as_strategy(faults.ignore_max_active_runs)
