"""Portfolio: several strategies share the simulations, so that none of their blind spots counts.

A strategy that gets a share of the simulations needs at most 1/share times as many in all as alone;
with three in ten for even draws nothing is out of reach, and nothing takes much longer than three
times as long as plain random search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b

from windtunnel.choices.choices import Actor
from windtunnel.choices.delay import Delay
from windtunnel.choices.even import Even
from windtunnel.choices.hints import NONE, Hints
from windtunnel.choices.priorities import Priorities
from windtunnel.choices.rendezvous import Rendezvous
from windtunnel.choices.straggler import Straggler
from windtunnel.choices.strategy import Drawn, Noted, Strategy
from windtunnel.choices.stream import Stream
from windtunnel.choices.swarm import Swarm

STRATEGIES: dict[str, Callable[[int, Hints], Strategy]] = {
    "even": Even,
    "swarm": Swarm,
    "priorities": Priorities,
    "rendezvous": Rendezvous,
    "delay": Delay,
    "straggler": Straggler,
}
"""Name -> how to make it, given how many faults a simulation may have, and hints."""

_TURNS = (
    "rendezvous", "even", "swarm", "straggler", "rendezvous", "even", "swarm", "straggler",
    "even", "rendezvous", "priorities", "even", "rendezvous", "swarm", "even", "straggler",
    "rendezvous", "delay", "even", "rendezvous",
)  # fmt: skip
"""Of twenty simulations: rendezvous 6, even 6, swarm 3, straggler 3, priorities 1, delay 1."""


class Portfolio:
    """The strategies in turn.

    A strategy that comes up with simulations that were there before has little left to say: it
    leaves its turn to even draws as often as it repeats, and these do not.
    """

    name = "portfolio"

    def __init__(self, budget: int = 0, hints: Hints = NONE) -> None:
        self._strategies = {name: make(budget, hints) for name, make in STRATEGIES.items()}
        self._turn = -1
        self._flown = dict.fromkeys(STRATEGIES, 0)
        self._repeated = dict.fromkeys(STRATEGIES, 0.0)
        self._seen: set[str] = set()
        """Digests of all answers of a simulation."""
        self._answers: list[int] = []
        self.now: Strategy = self._strategies["even"]
        """The strategy of this simulation."""

    def draw(self, luck: Stream) -> Drawn:
        """What a simulation is to be: the next strategy's."""
        self._turn = (self._turn + 1) % len(_TURNS)
        name = _TURNS[self._turn]
        if self._repeats(name, luck) and not self._repeats("even", luck):
            name = "even"
        drawn = self._strategies[name].draw(luck)
        return {"by": name, "drawn": drawn, "luck": luck.state}

    def _repeats(self, name: str, luck: Stream) -> bool:
        """As likely as it did so far."""
        return luck.below(self._flown[name] + 1) < self._repeated[name]

    def play(self, drawn: Drawn, luck: Stream | None = None) -> None:
        """Answer in a simulation for which this was drawn, here or in another process; with the
        rest of its own luck."""
        self.now = self._strategies[drawn["by"]]
        self.now.play(drawn["drawn"], Stream.at(drawn["luck"]))
        self._answers = []

    def noted(self, at: float) -> Noted:
        """What a simulation that ended at this time teaches."""
        answers = blake2b(repr(self._answers).encode(), digest_size=16).hexdigest()
        return {"by": self.now.name, "answers": answers, "noted": self.now.noted(at)}

    def learn(self, noted: Noted) -> None:
        """Use in later simulations what one taught."""
        name, answers = noted["by"], noted["answers"]
        self._strategies[name].learn(noted["noted"])
        self._flown[name] += 1
        self._repeated[name] += answers in self._seen
        self._seen.add(answers)

    def expect(self, drawn: Drawn) -> None:
        """Go on as if a simulation for which this was drawn taught nothing new: it repeats another
        one as likely as its strategy did so far."""
        name = drawn["by"]
        self._repeated[name] += self._repeated[name] / max(1, self._flown[name])
        self._flown[name] += 1

    def begin(self, luck: Stream) -> None:
        """Start a simulation."""
        self.play(self.draw(luck))

    def end(self, at: float) -> None:
        """End a simulation, at this time."""
        self.learn(self.noted(at))

    def _keep(self, answer: int) -> int:
        self._answers.append(answer)
        return answer

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """As the strategy of this simulation answers."""
        return self._keep(self.now.among(kind, actors))

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """As the strategy of this simulation answers."""
        return self._keep(self.now.within(kind, actor, ways, at, step))

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """As the strategy of this simulation answers."""
        return self._keep(self.now.strikes(kind, actor, ways, chance))
