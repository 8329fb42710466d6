"""Portfolio: several strategies share the simulations, so that none of their blind spots counts.

A strategy that gets a share of the simulations needs at most 1/share times as many in all as alone;
with a fifth for even draws nothing is out of reach, and nothing takes more than five times as long
as plain random search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from windtunnel.choices.choices import Actor, Choices
from windtunnel.choices.delay import Delay
from windtunnel.choices.even import Even
from windtunnel.choices.priorities import Priorities
from windtunnel.choices.rendezvous import Rendezvous
from windtunnel.choices.stream import Stream
from windtunnel.choices.swarm import Swarm


class Strategy(Choices, Protocol):
    """Choices that are made anew for each simulation, and may learn between them."""

    name: str

    def begin(self, luck: Stream) -> None:
        """Start a simulation."""
        ...

    def end(self, at: float) -> None:
        """End a simulation, at this time."""
        ...


STRATEGIES: dict[str, Callable[[int], Strategy]] = {
    "even": Even,
    "swarm": Swarm,
    "priorities": Priorities,
    "rendezvous": Rendezvous,
    "delay": Delay,
}
"""Name -> how to make it, given how many faults a simulation may have."""

_TURNS = (
    "swarm", "rendezvous", "priorities", "even", "swarm", "delay", "priorities",
    "even", "swarm", "rendezvous", "delay", "swarm", "priorities", "even",
    "swarm", "rendezvous", "delay", "swarm", "priorities", "even",
)  # fmt: skip
"""Of twenty simulations: swarm 6, priorities 4, rendezvous 3, delay 3, even 4."""


class Portfolio:
    """The strategies in turn."""

    name = "portfolio"

    def __init__(self, budget: int = 0) -> None:
        self._strategies = {name: make(budget) for name, make in STRATEGIES.items()}
        self._turn = -1
        self.now: Strategy = self._strategies["even"]
        """The strategy of this simulation."""

    def begin(self, luck: Stream) -> None:
        """Start a simulation: the next strategy's."""
        self._turn = (self._turn + 1) % len(_TURNS)
        self.now = self._strategies[_TURNS[self._turn]]
        self.now.begin(luck)

    def end(self, at: float) -> None:
        """End a simulation, at this time."""
        self.now.end(at)

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """As the strategy of this simulation answers."""
        return self.now.among(kind, actors)

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """As the strategy of this simulation answers."""
        return self.now.within(kind, actor, ways, at, step)

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """As the strategy of this simulation answers."""
        return self.now.strikes(kind, actor, ways, chance)
