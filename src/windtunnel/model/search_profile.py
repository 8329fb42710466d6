"""Search profile: how hard a check searches, under a name. Budgets are work, never seconds, so that
the same profile tries the same on every machine."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from windtunnel.model.base import Seconds, Value

Unreachable = Literal["limit", "fault", "dag", "sensor", "detector"]
"""Kinds of things that a search may not have come to."""
Effort = Annotated[float, Field(ge=0, le=1000)]
"""A multiple of what the profile ``ci`` does."""


class SearchProfile(Value):
    """How hard a check searches, shrinks and repairs.

    What it says of jitter and faults holds where neither the scenario nor the caller says it.
    """

    name: str
    simulations: Annotated[int, Field(ge=1)] | None = None
    """How many at most; None: as many as the size of the fleet and *searching* allow."""
    searching: Annotated[Effort, Field(gt=0)] = 1.0
    """Work in simulations that look for findings."""
    shrinking: Effort = 1.0
    """Work in making what was found as small as it can be; 0: it stays as it was found."""
    fixing: Effort = 1.0
    """Work in simulations that try what cures it; 0: no fix is looked for."""
    jitter_s: Seconds | None = None
    """How much later than it is due a scheduled run may come, at most."""
    faults_up_to: Annotated[int, Field(ge=0)] | None = None
    """How many tries the search may let fail or die in each simulation, wherever it likes."""
    fail_on_unreached: tuple[Unreachable | Literal["all"], ...] = ()
    """``windtunnel check`` exits with 1 if no simulation came to one of these."""


DEV = SearchProfile(name="dev", searching=0.1, shrinking=0.1, fixing=0.25)
"""An answer while one is still typing: some simulations, and what they find as it is."""
CI = SearchProfile(name="ci")
"""What each change has to pass: as much as takes some seconds."""
NIGHTLY = SearchProfile(
    name="nightly", searching=10.0, shrinking=4.0, fixing=4.0, jitter_s=300.0, faults_up_to=1
)
"""While nobody waits: many simulations, runs that come late, and one try that fails or dies."""

SEARCH_PROFILES = {profile.name: profile for profile in (DEV, CI, NIGHTLY)}
