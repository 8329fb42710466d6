"""Case: the smallest scenario that shows a finding, told in a few lines."""

from __future__ import annotations

from datetime import datetime

from windtunnel.model.base import Value


class Size(Value):
    """How much there is in a scenario and its simulation."""

    dags: int
    tasks: int
    runs: int
    """Dag runs that were created."""
    faults: int
    choices: int
    """Things that go another way than they usually do."""
    hours: float
    """Length of the window."""


class Moment(Value):
    """One line of a timeline."""

    at: datetime
    what: str
    needed: bool = False
    """Whether it is a choice, and without it the finding is gone."""


class Case(Value):
    """What a finding needs."""

    before: Size
    after: Size
    minimal: bool
    """Whether each DAG, task, run, fault and choice was tried alone, and none can be left out."""
    simulations: int
    """Simulations that it took to find that out."""
    by_seed: bool = False
    """Whether it needs what the seed draws."""
    timeline: tuple[Moment, ...] = ()
