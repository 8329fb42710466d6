"""Before: a scenario without any change, with which each change is compared; looked at only once
for all that is found in it."""

from __future__ import annotations

from functools import cached_property

from windtunnel.choices import Calm
from windtunnel.lint import lint
from windtunnel.model import Scenario
from windtunnel.search.repair.landing import Ends, ends_of
from windtunnel.search.steered import steered
from windtunnel.trace import Trace

PROOFS, MOST_TASKS = 16, 500
"""Fixes for which a proof is tried, of all findings; and the tasks of a fleet in which it is."""
LOOKED_AT = 10
"""State changes of a simulation that take as long as a look at one task."""


class Before:
    """What holds without a change."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        tasks = sum(len(dag.tasks) for dag in scenario.fleet.dags)
        self.look = 1 + LOOKED_AT * tasks
        """What it costs to look at all DAGs, in state changes of a simulation."""
        self.proofs = PROOFS if tasks <= MOST_TASKS else 0
        """Proofs that may still be tried."""

    @cached_property
    def calm(self) -> Trace:
        """The simulation with the shortest times, in which nothing goes wrong."""
        return steered(self.scenario, Calm())[1]

    @cached_property
    def ends(self) -> Ends:
        """When its dag runs end."""
        return ends_of(self.calm)

    @cached_property
    def said(self) -> frozenset[tuple[str, ...]]:
        """What the DAGs say by themselves."""
        return frozenset(one.identity for one in lint(self.scenario))
