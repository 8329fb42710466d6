"""Even: each answer as likely as any other, faults as likely as they are said to be.

Nothing is left out in the long run, and the share of simulations that show something is an unbiased
estimate of how often it happens.
"""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.choices.choices import Actor
from windtunnel.choices.hints import NONE, Hints
from windtunnel.choices.strategy import Drawn, Noted
from windtunnel.choices.stream import Stream


class Even:
    """Plain random search."""

    name = "even"

    def __init__(self, budget: int = 0, hints: Hints = NONE) -> None:
        self.luck = Stream(0)

    def draw(self, luck: Stream) -> Drawn:
        """What is drawn beforehand: nothing."""
        return {}

    def play(self, drawn: Drawn, luck: Stream) -> None:
        """Answer in a simulation for which this was drawn."""
        self.luck = luck

    def noted(self, at: float) -> Noted:
        """What a simulation that ended at this time teaches: nothing."""
        return {}

    def learn(self, noted: Noted) -> None:
        """Use in later simulations what one taught."""

    def begin(self, luck: Stream) -> None:
        """Start a simulation."""
        self.play(self.draw(luck), luck)

    def end(self, at: float) -> None:
        """End a simulation, at this time."""
        self.learn(self.noted(at))

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """Anyone."""
        return self.luck.below(len(actors))

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """Any length."""
        return self.luck.below(ways)

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """As probable as it is."""
        if self.luck.even() >= chance:
            return 0
        return 1 + self.luck.below(ways - 1)
