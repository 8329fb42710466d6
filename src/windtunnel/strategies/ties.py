"""Ties: equal candidates of which another than the usual one goes first.

How many ties a scenario has is only known when it is simulated. So a few deviations are drawn, and
fitted to it by one simulation; without a deviation there is none.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from windtunnel.choices import Actor, Calm
from windtunnel.engine import simulate
from windtunnel.model import Scenario
from windtunnel.search.steered import chosen
from windtunnel.strategies.drawing import many

FARTHEST = 31

Deviation = tuple[int, int]
"""Ties that go as usual before this one, and which candidate goes first: 1 is the second."""


def deviations(most: int) -> st.SearchStrategy[tuple[Deviation, ...]]:
    """Up to *most*; shrinks to none, then to early ones."""
    return many(st.tuples(st.integers(0, FARTHEST), st.integers(1, 3)), most)


def decided(scenario: Scenario, drawn: Sequence[Deviation]) -> Scenario:
    """The scenario with the choices that these deviations come to. Where there is one, nothing is
    drawn from the seed: all else is calm."""
    if not drawn:
        return scenario
    found = chosen(simulate(scenario, _Fitted(drawn)))
    return scenario.model_copy(update={"choices": found or None})


class _Fitted(Calm):
    """Decides ties by deviations, each within what is possible."""

    def __init__(self, drawn: Sequence[Deviation]) -> None:
        self._answers: dict[int, int] = {}
        place = -1
        for skipped, answer in drawn:
            place += 1 + skipped
            self._answers[place] = answer
        self._asked = -1

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """The candidate of the deviation that is for this tie, else the usual one."""
        del kind
        self._asked += 1
        return min(self._answers.get(self._asked, 0), len(actors) - 1)
