"""Changes: one dag run, one task instance that is different in a second simulation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

LEAST_S = 1.0
"""A shift that is shorter is none."""


@dataclass(frozen=True, slots=True)
class ChangedRun:
    """A dag run that ends at another time, or in another way."""

    dag_id: str
    run: str
    due: datetime
    due_before: datetime | None
    """When it was due before, where its schedule was moved; else None."""
    state_before: str | None
    """None: the run was not there."""
    state_after: str | None
    """None: the run is not there any more."""
    ended_before: datetime | None
    ended_after: datetime | None
    later_s: float | None
    """How much later after it was due it ends, negative if earlier; where its schedule was moved,
    how much later it ends at all. None if it did not end in both."""


@dataclass(frozen=True, slots=True)
class ChangedTask:
    """A task instance that ends in another way, takes another number of tries, runs longer, or
    waits for something else; not one that is only moved by those before it."""

    name: str
    run: str
    state_before: str | None
    state_after: str | None
    tries_before: int
    tries_after: int
    runs_longer_s: float
    """Of its last try; negative: shorter."""
    waits: tuple[tuple[str, float, float], ...]
    """(limit, seconds before, seconds after) where they differ, what changed most first; without
    the time that it waited for upstream tasks."""
