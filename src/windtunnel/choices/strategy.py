"""Strategy: choices that are made anew for each simulation, and may learn between them.

What is drawn before a simulation, and what it teaches, are plain data. So somebody can decide here
what the next ones are to be, while they are made elsewhere.
"""

from __future__ import annotations

from typing import Any, Protocol

from windtunnel.choices.choices import Choices
from windtunnel.choices.stream import Stream

Drawn = dict[str, Any]
"""What a simulation is to be, beside the rest of its luck; as JSON can hold it."""
Noted = dict[str, Any]
"""What it teaches; as JSON can hold it."""


class Strategy(Choices, Protocol):
    """Who decides what simulations are to be, answers in one of them, and learns."""

    name: str

    def draw(self, luck: Stream) -> Drawn:
        """What the next simulation is to be, by what was learned from those before."""
        ...

    def play(self, drawn: Drawn, luck: Stream) -> None:
        """Answer in a simulation for which this was drawn, with the rest of its luck."""
        ...

    def noted(self, at: float) -> Noted:
        """What the simulation teaches, which ended at this time."""
        ...

    def learn(self, noted: Noted) -> None:
        """Use in later simulations what one taught."""
        ...

    def begin(self, luck: Stream) -> None:
        """Start a simulation: draw and play."""
        ...

    def end(self, at: float) -> None:
        """End a simulation, at this time: learn what it teaches."""
        ...
