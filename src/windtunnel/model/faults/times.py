"""When a fault happens: at an instant, for a while, and again.

Instants are seconds since the scenario's start, or times of day, or dates with a time, both in the
timezone of the scenario's start. Without ``for_s`` a fault lasts until the window ends.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from windtunnel.model.base import Seconds, Value

Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(gt=0)]


class Moment(Value):
    """Something that happens at an instant, and perhaps again."""

    at_s: Seconds = 0.0
    """When it begins, in seconds since the scenario's start."""
    at_time: datetime | time | None = None
    """In the place of ``at_s``: a time of day, the first after the start, or a date and time."""
    every_s: Annotated[float, Field(ge=1)] | None = None
    """It happens again so long after it began."""
    times: Annotated[int, Field(ge=1)] | None = None
    """How often altogether; None: until the window ends."""

    @model_validator(mode="after")
    def _has_one_beginning(self) -> Self:
        if self.at_time is not None and self.at_s:
            raise ValueError("it begins at one time: at_s or at_time")
        if self.times is not None and self.every_s is None:
            raise ValueError(f"{self.times} times, but it does not say every how much")
        return self

    def begins_s(self, start: datetime) -> float:
        """Seconds from the scenario's start until it happens first."""
        if self.at_time is None:
            return self.at_s
        if isinstance(self.at_time, datetime):
            named = self.at_time
            instant = named if named.tzinfo else named.replace(tzinfo=start.tzinfo)
        else:
            zone = self.at_time.tzinfo or start.tzinfo
            instant = datetime.combine(start.astimezone(zone).date(), self.at_time, zone)
            if instant < start:
                instant = datetime.combine(instant.date() + timedelta(days=1), self.at_time, zone)
        return (instant.astimezone(UTC) - start.astimezone(UTC)).total_seconds()


class Windowed(Moment):
    """Something that begins, and perhaps ends."""

    for_s: Annotated[float, Field(gt=0)] | None = None
    """How long it lasts; ``None``: until the window ends."""

    @model_validator(mode="after")
    def _ends_before_it_comes_again(self) -> Self:
        if self.every_s is not None and self.for_s is not None and self.for_s > self.every_s:
            raise ValueError(
                f"it lasts {self.for_s:g} s and comes again after {self.every_s:g} s, before it "
                "has ended"
            )
        return self
