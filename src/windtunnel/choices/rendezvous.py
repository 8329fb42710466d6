"""Rendezvous: those who could collide come to their next milestone at one instant, if they can.

Collisions, rings of locks and sensors that are all admitted in one loop need a coincidence. A
simulation draws an instant, and whatever may take longer or shorter is steered to end there: all of
the fleet, or only those that share something; once they have it, they keep it long.
"""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.choices.choices import Actor
from windtunnel.choices.even import Even
from windtunnel.choices.hints import NONE, Hints, Meeting, is_in
from windtunnel.choices.strategy import Drawn, Noted
from windtunnel.choices.stream import Deck, Stream

_FAULTS = (None, 0.3, 0.8)
"""Chance of a fault wherever one is possible; None: as probable as it is."""
_LAPSES = (0.0, 0.1, 0.3)
"""How often a simulation answers evenly instead."""
_SLACKS = (0, 0, 1)
"""How many steps a milestone may be beside the instant."""
_PARTS = 5
"""Parts of the simulation, in each of which an instant is drawn before there is another in one."""
HORIZON = 60
"""Steps into the simulation beyond which no instant is drawn."""


class Rendezvous(Even):
    """Steered coincidence."""

    name = "rendezvous"

    def __init__(self, budget: int = 0, hints: Hints = NONE) -> None:
        super().__init__(budget, hints)
        self._horizon = 10.0
        self._decks = Deck(_FAULTS), Deck(_LAPSES), Deck(_SLACKS), Deck(tuple(range(_PARTS)))
        self._hints = hints
        self._meetings = Deck(tuple(range(len(hints.meetings))) or (None,))
        self._whole = Deck((True, False))

    def draw(self, luck: Stream) -> Drawn:
        """The instant, and who is to meet."""
        faults, lapses, slacks, parts = self._decks
        return {
            "instant": (parts.deal(luck) + luck.even()) * self._horizon / _PARTS,
            "faults": faults.deal(luck),
            "lapses": lapses.deal(luck),
            "slack": slacks.deal(luck),
            "meeting": None if self._whole.deal(luck) else self._meetings.deal(luck),
        }

    def play(self, drawn: Drawn, luck: Stream) -> None:
        """Steer them there."""
        super().play(drawn, luck)
        self._instant: float = drawn["instant"]
        self._faults: float | None = drawn["faults"]
        self._lapses: float = drawn["lapses"]
        self._slack: int = drawn["slack"]
        meeting = drawn["meeting"]
        self._meeting: Meeting | None = None if meeting is None else self._hints.meetings[meeting]
        self._rank: dict[Actor, float] = {}

    def noted(self, at: float) -> Noted:
        """How long the simulation is."""
        return {"at": min(HORIZON, at)}

    def learn(self, noted: Noted) -> None:
        """Instants are drawn up to there."""
        self._horizon = max(self._horizon, noted["at"])

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
        if self._meeting is not None:
            if not is_in(self._meeting.members, actor):
                return self.luck.below(ways)
            if self._meeting.holds(actor):
                return ways - 1
        goal = self._instant
        if self._slack:
            goal += (self.luck.below(3) - 1) * step
        nearest = round((goal - at) / step) if step else 0
        return min(max(nearest, 0), ways - 1)

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """As this simulation takes faults."""
        return super().strikes(kind, actor, ways, chance if self._faults is None else self._faults)
