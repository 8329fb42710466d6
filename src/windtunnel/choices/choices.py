"""The three questions of a simulation: who is first, how long it takes, whether something strikes.

Every answer is a number from 0 on, and 0 is always the calm one: Airflow's usual order, the
shortest time, nothing goes wrong. So a counterexample is told by its answers that are not 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Actor = tuple[object, ...]
"""Who a question is about: ``(dag, run, task, ...)``, as far as that goes. The parts are names or
numbers; the same actor is the same tuple in every simulation of a scenario."""


class Choices(Protocol):
    """Whoever answers the questions of a simulation."""

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """Which of these comes first: equal candidates for a slot, those who wait for a lock."""
        ...

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """How long something takes, or how late it comes: one of *ways*, shortest first.

        Args:
            kind: ``duration``, ``jitter`` and the like.
            actor: What takes so long.
            ways: How many lengths there are.
            at: When it would be over with the shortest, in the simulation's unit of time.
            step: How much later that is with each further one.
        """
        ...

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """What goes wrong here: nothing (0), or one of the other *ways*.

        Args:
            kind: ``fault``, ``clear`` and the like.
            actor: Who is struck.
            ways: How many outcomes there are, with the calm one.
            chance: How probable it is, from 0 to 1, that one of them strikes.
        """
        ...
