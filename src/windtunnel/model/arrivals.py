"""Arrivals: runs that something outside of the fleet triggers again and again, at instants that
nobody knows beforehand: uploads, messages, calls of the API."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from windtunnel.model.base import Seconds, Value
from windtunnel.model.durations import Distribution

Rate = Annotated[float, Field(ge=0)]
HOURS = 24
ByHour = Annotated[tuple[Rate, ...], Field(min_length=HOURS, max_length=HOURS)]


class Arrivals(Value):
    """Runs of a DAG that something outside triggers again and again. Each is a manual run with the
    logical date of its moment; when they come is drawn by the scenario's seed, and by nothing else:
    not by limits, other DAGs, or a search."""

    dag_id: str
    """The DAG that is triggered."""
    per_hour: (
        Rate | Annotated[tuple[Rate, ...], Field(min_length=HOURS, max_length=HOURS)] | None
    ) = None
    """How many come in an hour on average, each independent of the others (a Poisson process): as
    where many people or devices ask. A list: for each hour of the day in UTC, 24 numbers."""
    every_s: Annotated[float, Field(gt=0)] | Distribution | None = None
    """In the place of ``per_hour``: the time from each to the next, always the same or drawn."""
    at_s: Seconds = 0.0
    """From when on, in seconds since the scenario's start; the first comes one such time later."""
    until_s: Seconds | None = None
    """Up to when, in seconds since the scenario's start; without it, to the end of the window."""

    @model_validator(mode="after")
    def _says_how_often(self) -> Self:
        if (self.per_hour is None) == (self.every_s is None):
            raise ValueError("needs either per_hour or every, and not both")
        if self.until_s is not None and self.until_s < self.at_s:
            raise ValueError(f"until ({self.until_s:g} s) is before at ({self.at_s:g} s)")
        return self
