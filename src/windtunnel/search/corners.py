"""Corners: a few simulations at the extremes, before any is drawn.

What breaks at its longest, or when one DAG is slow, needs no luck to be found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from windtunnel.choices import Actor, Calm, Choices
from windtunnel.model import Scenario

MOST_DAGS = 8
"""DAGs that are slow alone; in a larger fleet, the first ones."""


class Longest(Calm):
    """Everything takes as long as it can."""

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """The longest."""
        return ways - 1


class LastFirst(Calm):
    """Of equals, the one that usually comes last comes first."""

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """The last."""
        return len(actors) - 1


class Slow(Calm):
    """Everything of one DAG takes as long as it can."""

    def __init__(self, dag_id: str) -> None:
        self._dag_id = dag_id

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """The longest, if it is of this DAG."""
        return ways - 1 if actor[:1] == (self._dag_id,) else 0


def corners(scenario: Scenario, *, lengths: bool, ties: bool) -> Iterator[Choices]:
    """Those that differ, as far as there are lengths and ties at all."""
    if lengths:
        yield Longest()
    if ties:
        yield LastFirst()
    dags = scenario.fleet.dags
    if lengths and len(dags) > 1:
        yield from (Slow(dag.dag_id) for dag in dags[:MOST_DAGS])
