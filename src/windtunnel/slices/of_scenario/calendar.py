"""Calendar: which dag runs come in a scenario's window, and which were over before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Calendar:
    """Dag runs that come by themselves or by hand, by DAG."""

    dates: Mapping[str, tuple[datetime, ...]]
    """Logical dates (of runs without one: when they were due) in the order in which they come;
    behind them those that are due after the window, as far as sensors look for them."""
    dateless: Mapping[str, frozenset[int]]
    """Which of them have no logical date, so that no sensor finds them."""
    inside: Mapping[str, int]
    """How many of them are due within the window."""
    unordered: frozenset[str]
    """DAGs of which runs may start in another order: some are triggered by hand."""
    was_done: Callable[[str, datetime], bool]
    """Whether the run of this date was over, with success, before the window."""
    refused: Mapping[str, str]
    """DAGs of which it is not known which runs come, and why."""
