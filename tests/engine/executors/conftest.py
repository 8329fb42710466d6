"""Fleets of equal tasks, for what executors do with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from windtunnel.model import Dag, Task


@pytest.fixture
def crowd() -> Callable[..., Dag]:
    """``crowd(20)``: a DAG ``d`` with one task ``t``, mapped to so many instances."""

    def crowd(count: int, **task: Any) -> Dag:
        one = Task(task_id="t", expand=(count,), **task)
        return Dag(dag_id="d", tasks=(one,), max_active_tasks=10_000)

    return crowd


@pytest.fixture
def starts() -> Callable[..., list[float]]:
    """``starts(flight)``: when each task instance began to run, in order; every try counts."""

    def starts(flight: Any, state: str = "running") -> list[float]:
        events = flight.trace.events()
        return [event.at_us / 1e6 for event in events if event.task_id and event.state == state]

    return starts
