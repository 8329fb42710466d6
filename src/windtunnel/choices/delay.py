"""Delay: the calm simulation, or the slowest, with a few deviations.

Most bugs need few things to go another way. With k deviations among K questions each such set of
deviations comes up once in C(K, k) times the number of their ways.
"""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.choices.choices import Actor
from windtunnel.choices.even import Even
from windtunnel.choices.hints import NONE, Hints
from windtunnel.choices.strategy import Drawn, Noted
from windtunnel.choices.stream import Deck, Stream

_DEVIATIONS = (1, 2, 3, 4, 5)


class Delay(Even):
    """Few deviations from one extreme."""

    name = "delay"

    def __init__(self, budget: int = 0, hints: Hints = NONE) -> None:
        super().__init__(budget, hints)
        self._extremes, self._counts = Deck((False, True)), Deck(_DEVIATIONS)
        self._asked = 10
        """Questions that a simulation has: the most seen so far."""

    def draw(self, luck: Stream) -> Drawn:
        """Where a simulation deviates, and from what."""
        return {
            "slow": self._extremes.deal(luck),
            "deviant": sorted(luck.some(self._counts.deal(luck), self._asked)),
        }

    def play(self, drawn: Drawn, luck: Stream) -> None:
        """Deviate there."""
        super().play(drawn, luck)
        self._slow: bool = drawn["slow"]
        self._deviant = frozenset(drawn["deviant"])
        self._number = 0

    def noted(self, at: float) -> Noted:
        """How much was asked."""
        return {"asked": self._number}

    def learn(self, noted: Noted) -> None:
        """Deviations are drawn among so many questions."""
        self._asked = max(self._asked, noted["asked"])

    def _answer(self, ways: int, usual: int) -> int:
        self._number += 1
        if self._number - 1 not in self._deviant:
            return usual
        other = self.luck.below(ways - 1)
        return other if other < usual else other + 1

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """The first, but for deviations."""
        return self._answer(len(actors), 0)

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """The extreme, but for deviations."""
        return self._answer(ways, ways - 1 if self._slow else 0)

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """Nothing, but for deviations."""
        return self._answer(ways, 0)
