"""Rendezvous: everything comes to its next milestone at one instant, if it can.

Collisions, rings of locks and sensors that are all admitted in one loop need a coincidence. A
simulation draws an instant, and whatever may take longer or shorter is steered to end there.
"""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.choices.choices import Actor
from windtunnel.choices.even import Even
from windtunnel.choices.stream import Stream

_FAULTS = (0.0, 0.0, 0.3, 0.8)
_LAPSES = (0.0, 0.1, 0.3)
"""How often a simulation answers evenly instead."""
_SLACKS = (0, 0, 1)
"""How many steps a milestone may be beside the instant."""
HORIZON = 60
"""Steps into the simulation beyond which no instant is drawn."""


class Rendezvous(Even):
    """Steered coincidence."""

    name = "rendezvous"

    def __init__(self, budget: int = 0) -> None:
        super().__init__(budget)
        self._horizon = 10.0

    def begin(self, luck: Stream) -> None:
        """Draw the instant."""
        super().begin(luck)
        self._instant = luck.even() * self._horizon
        self._rank: dict[Actor, float] = {}
        self._faults, self._lapses = luck.pick(_FAULTS), luck.pick(_LAPSES)
        self._slack = luck.pick(_SLACKS)

    def end(self, at: float) -> None:
        """Learn how long a simulation is."""
        self._horizon = max(self._horizon, min(HORIZON, at))

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """By ranks that hold through the simulation."""
        if self._lapses and self.luck.even() < self._lapses:
            return self.luck.below(len(actors))
        rank = self._rank
        for actor in actors:
            if actor[:3] not in rank:
                rank[actor[:3]] = self.luck.even()
        ranks = [rank[actor[:3]] for actor in actors]
        return ranks.index(max(ranks))

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """What ends nearest to the instant."""
        if self._lapses and self.luck.even() < self._lapses:
            return self.luck.below(ways)
        goal = self._instant
        if self._slack:
            goal += (self.luck.below(3) - 1) * step
        nearest = round((goal - at) / step) if step else 0
        return min(max(nearest, 0), ways - 1)

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """Often or never."""
        return super().strikes(kind, actor, ways, self._faults)
