"""Priorities: every actor has a rank and a speed for the simulation, with a few changes of mind.

Probabilistic concurrency testing (Burckhardt and others, 2010) for a fleet in which time matters:
the rank decides ties and locks, the speed whether an actor's work takes the shortest or the longest
time; at a few questions of the simulation, drawn beforehand, one actor is ranked anew. Rank and
speed are drawn apart, so a bug that needs *a* actors at their extremes, *d* ordered events of *n*
actors and *f* faults among *F* chances is hit with at least 2^-a / (n k^(d-1)) / C(F, f).
"""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.choices.choices import Actor
from windtunnel.choices.even import Even
from windtunnel.choices.hints import NONE, Hints
from windtunnel.choices.strategy import Drawn, Noted
from windtunnel.choices.stream import Deck, Stream

_DEPTHS = (0, 1, 2, 3)
"""Changes of mind in a simulation."""


class Priorities(Even):
    """Ranks and speeds."""

    name = "priorities"

    def __init__(self, budget: int = 0, hints: Hints = NONE) -> None:
        super().__init__(budget, hints)
        self._depths, self._counts = Deck(_DEPTHS), Deck(tuple(range(budget + 1)))
        self._asked, self._chances = 10, 3
        """Questions, and chances of a fault, that a simulation has: the most seen so far."""

    def draw(self, luck: Stream) -> Drawn:
        """Where a simulation changes its mind, and which chances of a fault it takes."""
        return {
            "changes": sorted(luck.some(self._depths.deal(luck), self._asked)),
            "taken": sorted(luck.some(self._counts.deal(luck), self._chances)),
        }

    def play(self, drawn: Drawn, luck: Stream) -> None:
        """Change it there."""
        super().play(drawn, luck)
        self._changes, self._taken = frozenset(drawn["changes"]), frozenset(drawn["taken"])
        self._rank: dict[Actor, float] = {}
        self._slow: dict[Actor, bool] = {}
        self._number = self._chance = 0

    def noted(self, at: float) -> Noted:
        """How much was asked."""
        return {"asked": self._number, "chances": self._chance}

    def learn(self, noted: Noted) -> None:
        """Changes and faults are drawn among so many."""
        self._asked = max(self._asked, noted["asked"])
        self._chances = max(self._chances, noted["chances"])

    def _changed(self) -> bool:
        self._number += 1
        return self._number - 1 in self._changes

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """Whoever ranks highest."""
        rank = self._rank
        names = [actor[:3] for actor in actors]
        for name in names:
            if name not in rank:
                rank[name] = self.luck.even()
        ranks = [rank[name] for name in names]
        if self._changed():
            top = names[ranks.index(max(ranks))]
            rank[top] = -self.luck.even()
            ranks = [rank[name] for name in names]
        return ranks.index(max(ranks))

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """The shortest or the longest, as this actor is."""
        name = actor[:3]
        if self._changed() or name not in self._slow:
            self._slow[name] = bool(self.luck.below(2))
        return ways - 1 if self._slow[name] else 0

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """A fault where one was placed."""
        self._chance += 1
        if self._chance - 1 not in self._taken:
            return 0
        return 1 + self.luck.below(ways - 1)
