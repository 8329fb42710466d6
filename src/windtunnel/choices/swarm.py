"""Swarm: each simulation is extreme in a way of its own.

Independent even draws meet in the middle, where nothing happens; real incidents are correlated:
everything in one DAG is slow, every worker is quick but one. So a simulation first draws, for each
kind of question, a way to answer all of that kind.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from windtunnel.choices.choices import Actor
from windtunnel.choices.even import Even
from windtunnel.choices.hints import NONE, Hints
from windtunnel.choices.strategy import Drawn
from windtunnel.choices.stream import Deck, Stream

_LENGTHS = ("any", "shortest", "longest", "by task", "by dag", "mixed")
_JITTERS = ("any", "any", "shortest", "longest", "by dag")
_TIES = ("any", "ranked", "ranked")
_FAULTS = (None, 0.3, 0.7)
"""Chance of a fault wherever one is possible; None: as probable as it is."""


class Swarm(Even):
    """Correlated extremes."""

    name = "swarm"

    def __init__(self, budget: int = 0, hints: Hints = NONE) -> None:
        super().__init__(budget, hints)
        self._decks = Deck(_LENGTHS), Deck(_JITTERS), Deck(_TIES), Deck(_FAULTS)

    def draw(self, luck: Stream) -> Drawn:
        """How a simulation answers."""
        lengths, jitters, ties, faults = self._decks
        return {
            "lengths": lengths.deal(luck),
            "jitters": jitters.deal(luck),
            "ties": ties.deal(luck),
            "faults": faults.deal(luck),
        }

    def play(self, drawn: Drawn, luck: Stream) -> None:
        """Answer in this way."""
        super().play(drawn, luck)
        self._lengths: str = drawn["lengths"]
        self._jitters: str = drawn["jitters"]
        self._ties: str = drawn["ties"]
        self._faults: float | None = drawn["faults"]
        self._memo: dict[Hashable, float] = {}

    def _of(self, key: Hashable) -> float:
        memo = self._memo
        if key not in memo:
            memo[key] = self.luck.even()
        return memo[key]

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """By ranks that hold through the simulation, or anyone."""
        if self._ties == "any":
            return self.luck.below(len(actors))
        ranks = [self._of(("rank", actor[:3])) for actor in actors]
        return ranks.index(max(ranks))

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """As this simulation takes lengths."""
        way = self._jitters if kind == "jitter" else self._lengths
        if way == "shortest":
            return 0
        if way == "longest":
            return ways - 1
        if way == "by task":
            return 0 if self._of(actor[:3]) < 0.5 else ways - 1
        if way == "by dag":
            return 0 if self._of(actor[:1]) < 0.5 else ways - 1
        if way == "mixed":
            third = self.luck.below(3)
            return (0, ways - 1, self.luck.below(ways))[third]
        return self.luck.below(ways)

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """As this simulation takes faults."""
        return super().strikes(kind, actor, ways, chance if self._faults is None else self._faults)
