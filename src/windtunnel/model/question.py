"""Question: what a plan is to answer: which settings may vary, and what has to land until when."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Self

from pydantic import Field, model_validator

from windtunnel.model.base import Value

Part = Annotated[float, Field(gt=0, lt=1)]
"""A share between 0 and 1, without both."""


class Setting(Value):
    """One setting, and the values to try."""

    name: str
    """``workers``, ``worker slots``, ``pool db``, ``parallelism``, ``max_active_runs of etl``."""
    values: Annotated[tuple[int, ...], Field(min_length=1)]
    """From the one that is wanted most (the smallest, if nothing else is said) to the one that is
    wanted least."""


class Deadline(Value):
    """What has to be on time; exactly one of the last three fields says what on time is."""

    of: Annotated[str, Field(min_length=1)]
    """A DAG, or one of its tasks, ``etl.load``; for ``queued_s`` a pattern over tasks, such as
    ``etl.*`` or ``pool:db``."""
    by: time | None = None
    """Landed before this time of day, the first one after the run was due; in the timezone of the
    DAG's schedule, if it names none itself."""
    within_s: Annotated[float, Field(gt=0)] | None = None
    """Landed so long after the run was due, at most."""
    queued_s: Annotated[float, Field(ge=0)] | None = None
    """Each task instance waited for limits (pools, worker slots, runs of its DAG) so long, at most.
    The share is one of task instances then: 95 % is what others call the P95."""

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        said = [one for one in (self.by, self.within_s, self.queued_s) if one is not None]
        if len(said) != 1:
            raise ValueError("exactly one of by, within and queued says what on time is")
        return self


class Question(Value):
    """What `windtunnel plan` is asked."""

    vary: tuple[Setting, ...] = ()
    """What may vary. The first is kept small first of all, then the second."""
    deadlines: tuple[Deadline, ...] = ()
    """All of them have to hold."""
    share: Part = 0.99
    """On how many of the runs that are due each deadline has to hold, from 0 to 1."""
    confidence: Part = 0.95
    """Of the intervals, and of yes and no."""
    precision: Part | None = None
    """Half the width of the interval at the answer, at most. ``None``: as wide as it may be for the
    answer to be known."""
    days: Annotated[int, Field(ge=1)] = 1000
    """Simulations of one setting, at most."""
    cost_per_worker_hour: Annotated[float, Field(gt=0)] | None = None
    """What a worker costs in an hour. ``None``: the least of the first setting is looked for, and
    not the cheapest."""
    elastic: bool = False
    """Whether workers are paid only while they run something, not all the time."""
