"""Straggler: one DAG, or one chain of tasks, is late, and all others are not; or the other way.

That is what most incidents begin with. Who it is, is drawn: first of all those for whom others
wait, else any of the DAGs that earlier simulations asked about, or at first whoever comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.choices.choices import Actor
from windtunnel.choices.even import Even
from windtunnel.choices.hints import NONE, Group, Hints, is_in
from windtunnel.choices.stream import Deck, Stream

_OTHERS = ("quick", "any", "quick", "any")
_FAULTS = (0.0, 0.5, 1.0)
"""Chance of a fault wherever the straggler may have one."""


class Straggler(Even):
    """One against all."""

    name = "straggler"

    def __init__(self, budget: int = 0, hints: Hints = NONE) -> None:
        super().__init__(budget, hints)
        self._hinted = Deck(hints.awaited) if hints.awaited else None
        self._dags: list[object] = []
        self._known: set[object] = set()
        """Those that earlier simulations asked about; the list has them in that order."""
        self._others_deck, self._faults_deck = Deck(_OTHERS), Deck(_FAULTS)
        self._turn_deck = Deck((False, False, False, True))

    def begin(self, luck: Stream) -> None:
        """Draw who it is."""
        super().begin(luck)
        self._others, self._faults = self._others_deck.deal(luck), self._faults_deck.deal(luck)
        self._is_turned = self._turn_deck.deal(luck)
        self._group: Group | None = None
        self._dag: object = None
        if self._hinted is not None and luck.below(4):
            self._group = self._hinted.deal(luck)
        elif self._dags:
            self._dag = self._dags[luck.below(len(self._dags))]

    def _is_late(self, actor: Actor) -> bool:
        dag = actor[0]
        if dag not in self._known:
            self._known.add(dag)
            self._dags.append(dag)
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
