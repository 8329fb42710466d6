"""Calm: Airflow's usual order, the shortest times, nothing goes wrong."""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.choices.choices import Actor


class Calm:
    """Answers 0 to everything."""

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """The first."""
        return 0

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """The shortest."""
        return 0

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """Nothing."""
        return 0
