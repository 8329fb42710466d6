"""Straggler: one DAG, or one chain of tasks, is late, and all others are not; or the other way.

That is what most incidents begin with. Who it is, is drawn: first of all those for whom others
wait, else any of the DAGs that earlier simulations asked about, or at first whoever comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.choices.choices import Actor
from windtunnel.choices.even import Even
from windtunnel.choices.hints import NONE, Group, Hints, is_in
from windtunnel.choices.strategy import Drawn, Noted
from windtunnel.choices.stream import Deck, Stream

_OTHERS = ("quick", "any", "quick", "any")
_FAULTS = (0.0, 0.5, 1.0)
"""Chance of a fault wherever the straggler may have one."""


class Straggler(Even):
    """One against all."""

    name = "straggler"

    def __init__(self, budget: int = 0, hints: Hints = NONE) -> None:
        super().__init__(budget, hints)
        self._hints = hints
        self._hinted = Deck(tuple(range(len(hints.awaited)))) if hints.awaited else None
        self._dags: list[object] = []
        self._known: set[object] = set()
        """Those that earlier simulations asked about; the list has them in that order."""
        self._others_deck, self._faults_deck = Deck(_OTHERS), Deck(_FAULTS)
        self._turn_deck = Deck((False, False, False, True))

    def draw(self, luck: Stream) -> Drawn:
        """Who it is."""
        drawn: Drawn = {
            "others": self._others_deck.deal(luck),
            "faults": self._faults_deck.deal(luck),
            "is_turned": self._turn_deck.deal(luck),
            "group": None,
            "dag": None,
        }
        if self._hinted is not None and luck.below(4):
            drawn["group"] = self._hinted.deal(luck)
        elif self._dags:
            drawn["dag"] = self._dags[luck.below(len(self._dags))]
        return drawn

    def play(self, drawn: Drawn, luck: Stream) -> None:
        """Make this one late."""
        super().play(drawn, luck)
        self._others: str = drawn["others"]
        self._faults: float = drawn["faults"]
        self._is_turned: bool = drawn["is_turned"]
        group = drawn["group"]
        self._dag: object = drawn["dag"]
        self._group: Group | None = None if group is None else self._hints.awaited[group]
        self._asked: dict[object, None] = {}

    def noted(self, at: float) -> Noted:
        """The DAGs that there were questions about."""
        return {"dags": list(self._asked)}

    def learn(self, noted: Noted) -> None:
        """Any of them may be late."""
        self._dags += [dag for dag in noted["dags"] if dag not in self._known]
        self._known.update(noted["dags"])

    def _is_late(self, actor: Actor) -> bool:
        dag = actor[0]
        self._asked[dag] = None
        if self._group is not None:
            return is_in(self._group, actor)
        if self._dag is None:
            self._dag = dag
        return dag == self._dag

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """Anyone, but the straggler only if there is nobody else."""
        quick = [n for n, actor in enumerate(actors) if self._is_late(actor) == self._is_turned]
        return quick[self.luck.below(len(quick))] if quick else self.luck.below(len(actors))

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """The straggler is as late as can be."""
        if self._is_late(actor) != self._is_turned:
            return ways - 1
        return 0 if self._others == "quick" else self.luck.below(ways)

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """What strikes the straggler makes it later."""
        return super().strikes(kind, actor, ways, self._faults if self._is_late(actor) else chance)
