"""Course: what the simulations of a search have in common after its first ones, and how any process
makes one of them, wherever it was decided what that is to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from windtunnel.choices import Actor, Choices, Noted, Portfolio, Stream
from windtunnel.engine import compiled
from windtunnel.engine.program import Program
from windtunnel.model import Scenario
from windtunnel.search.corners import corners
from windtunnel.search.hints import hints_of
from windtunnel.search.steered import steered
from windtunnel.trace import Trace

PARTS = 40
"""Into so many parts the first simulation is divided, to say where in it something comes."""
ODDS_BUDGET = 3
"""Faults that a strategy places in one simulation, where the scenario says only how likely they
are."""

Plan = dict[str, Any]
"""What one simulation is to be: ``{"corner": 3}``, or what a portfolio has drawn."""


@dataclass(frozen=True, slots=True)
class Course:
    """All that a simulation depends on beside its plan."""

    scenario: Scenario
    part_s: float
    """A part of the first simulation."""
    faults: int
    """How many a strategy may place in one simulation."""
    lengths: bool
    """Whether anything may take longer or shorter."""
    ties: bool
    """Whether equals ever wait for the same place."""

    def portfolio(self) -> Portfolio:
        """Who draws plans, and learns, or plays what was drawn."""
        return Portfolio(self.faults, hints_of(self.scenario))

    def corners(self) -> list[Choices]:
        """Who chooses at the corners."""
        return list(corners(self.scenario, lengths=self.lengths, ties=self.ties))


def course_of(scenario: Scenario, first: Trace, asked: Counter[str] | None) -> Course:
    """The course after a first simulation; *asked* is what the calm one was asked, None if there
    was none."""
    has_odds = asked is None or asked["chances"]
    return Course(
        scenario,
        max(1.0, _last_s(first) / PARTS),
        max(scenario.faults_up_to, ODDS_BUDGET if has_odds else 0),
        lengths=asked is not None and asked["lengths"] > 0,
        ties=asked is not None and asked["ties"] > 0,
    )


def luck_of(scenario: Scenario, number: int) -> Stream:
    """With what a portfolio draws the plan of this simulation, from 0."""
    return Stream(scenario.seed, "search", number)


class Maker:
    """Makes the simulations of a course, in any order."""

    def __init__(self, course: Course, program: Program | None = None) -> None:
        self._course = course
        self._program = program or compiled(course.scenario)
        self._corners = course.corners()
        self._portfolio = course.portfolio()
        self._scaled = _Scaled(self._portfolio, course.part_s)

    def make(self, plan: Plan) -> tuple[Scenario, Trace, Noted]:
        """The scenario that repeats a simulation, its trace, and what a portfolio learns of it."""
        scenario, program = self._course.scenario, self._program
        if "corner" in plan:
            return *steered(scenario, self._corners[plan["corner"]], program), {}
        self._portfolio.play(plan)
        variant, trace = steered(scenario, self._scaled, program)
        return variant, trace, self._portfolio.noted(_last_s(trace) / self._course.part_s)


def _last_s(trace: Trace) -> float:
    """When anything happened last."""
    return trace.history.at(-1) / 1e6 if len(trace.history) else 0.0


class _Scaled:
    """Tells the one inside of times in parts of the first simulation."""

    def __init__(self, inner: Choices, part_s: float) -> None:
        self._inner = inner
        self._part_s = part_s
        self.among: Callable[[str, Sequence[Actor]], int] = inner.among
        self.strikes: Callable[[str, Actor, int, float], int] = inner.strikes

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """As the one inside answers."""
        return self._inner.within(kind, actor, ways, at / self._part_s, step / self._part_s)
