"""Flights: one scenario, simulated with Hypothesis answering whatever can go either way.

Each question is an integer from 0 on, and 0 is the calm answer; so what shrinks, shrinks to few
answers that are not calm. How long tasks waited at limits is Hypothesis' target: it climbs to where
slots are short.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import currently_in_test_context, target
from hypothesis import strategies as st

from windtunnel.api import simulate
from windtunnel.choices import Actor
from windtunnel.model import Scenario
from windtunnel.result import Result
from windtunnel.search.steered import steered
from windtunnel.strategies.drawing import Draw
from windtunnel.trace import Trace


def flights(scenario: Scenario, *, faults_up_to: int | None = None) -> st.SearchStrategy[Result]:
    """Results of simulating one scenario, each going another way.

    Ties, lengths within their ranges, outcomes and faults with odds, and lateness are asked of
    Hypothesis. ``result.scenario`` repeats what was drawn.

    ::

        @given(windtunnel.strategies.flights(scenario, faults_up_to=1))
        def test_no_schedule_deadlocks_us(result):
            assert not result.findings

    Args:
        scenario: What is simulated; its own choices are not used.
        faults_up_to: Tries that may fail or die in each simulation, wherever that hurts; None: as
            many as the scenario says.
    """
    changes: dict[str, object] = {"choices": None}
    if faults_up_to is not None:
        changes["faults_up_to"] = faults_up_to
    return _flown(scenario.model_copy(update=changes))


@st.composite
def _flown(draw: Draw, scenario: Scenario) -> Result:
    repeated, trace = steered(scenario, _Drawn(draw))
    if currently_in_test_context():
        target(_waited_s(trace), label="seconds waited at limits")
    return simulate(repeated)


def _waited_s(trace: Trace) -> float:
    return sum(end - begin for _, begin, end in trace.bindings) / 1e6


class _Drawn:
    """Answers with integers that Hypothesis draws."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        return self._draw(st.integers(0, len(actors) - 1))

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        return self._draw(st.integers(0, ways - 1))

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        return self._draw(st.integers(0, ways - 1))
