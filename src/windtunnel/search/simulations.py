"""Simulations of one scenario, one after the other, each going another way.

The first is the scenario as it stands. Then all that can go either way is asked of somebody who
chooses: the calm one, the corners, and the strategies in turn. If nothing can, the second
simulation shows it and is the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from windtunnel.choices import Calm
from windtunnel.engine import Simulation, compiled
from windtunnel.engine.program import Program
from windtunnel.model import Scenario
from windtunnel.search.course import Course, Maker, course_of, luck_of
from windtunnel.search.steered import steered
from windtunnel.trace import Trace

AS_IT_STANDS, CALM, CORNER = "as it stands", "calm", "corner"
WORK = 150_000
"""State changes, and task instances in snapshots, after which a search has tried enough, if nobody
says how much that is; but a small fleet is not simulated for ever, and a large one more than a few
times. A snapshot of a long queue takes as long as all that moves in it."""
FEWEST, MOST = 2, 200


@dataclass(frozen=True, slots=True)
class Simulated:
    """One simulation."""

    by: str
    """Who chose: a strategy, or one of the names above."""
    scenario: Scenario
    """What repeats it."""
    trace: Trace


def simulations(
    scenario: Scenario,
    more: int | None,
    *,
    to_the_corners: bool = True,
    calm: bool = False,
    effort: float = 1.0,
) -> Iterator[Simulated]:
    """The scenario as it stands, then up to so many more; None: as many as its size allows with so
    many times the usual work. Corners are the same under each seed, so a second search may leave
    them out. If there is only one more, it is the *calm* one or one that is steered."""
    program = compiled(scenario)
    opening = Opening(scenario, more, program, calm=calm, effort=effort)
    yield from opening
    course = opening.course
    if course is None:
        return
    maker = Maker(course, program)
    corners = opening.corners if to_the_corners else 0
    for number in range(corners):
        variant, trace, _ = maker.make({"corner": number})
        yield Simulated(CORNER, variant, trace)
    portfolio = course.portfolio()
    for number in range(opening.left - corners):
        plan = portfolio.draw(luck_of(scenario, number))
        variant, trace, noted = maker.make(plan)
        portfolio.learn(noted)
        yield Simulated(plan["by"], variant, trace)


class Opening:
    """The first simulations, as it stands and calm: after these it is known what the others are."""

    def __init__(
        self,
        scenario: Scenario,
        more: int | None,
        program: Program,
        *,
        calm: bool = False,
        effort: float = 1.0,
    ) -> None:
        self._scenario, self._program = scenario, program
        self._more, self._calm, self._effort = more, calm, effort
        self.total = 1
        """Simulations, unless nothing can go another way."""
        self.course: Course | None = None
        """What the others have in common; None: there are no others."""
        self.left = 0
        """How many others."""
        self.corners = 0
        """How many of these may be at the corners."""

    def __iter__(self) -> Iterator[Simulated]:
        scenario, program = self._scenario, self._program
        first = Simulation(scenario, program=program).run()
        more = enough(first, self._effort) if self._more is None else self._more
        self.total += more
        yield Simulated(AS_IT_STANDS, scenario, first)
        asked = None
        if more > 1 or (more and self._calm):
            calm = Simulated(CALM, *steered(scenario, Calm(), program))
            yield calm
            asked, more = calm.trace.asked, more - 1
            if not asked:
                return
        if more:
            self.left = more
            self.course = course_of(scenario, first, asked)
            # At least half of a small budget is left for the strategies.
            self.corners = min(len(self.course.corners()), more // 2)


def enough(first: Trace, effort: float = 1.0) -> int:
    """Simulations after the first, if nobody says how many: of so many times the usual work. After
    one that takes that much alone there is one more, steered where it hurts."""
    work, size = round(WORK * effort), size_of(first)
    if size > work * FEWEST:
        return 1
    fewest = max(FEWEST, round(FEWEST * effort))
    return max(fewest, min(round(MOST * effort), work // size))


def size_of(trace: Trace) -> int:
    """What a simulation costs, in state changes: those that it had, and the task instances in its
    snapshots, of which there are many where a queue is long."""
    return 1 + len(trace.history) + sum(len(snapshot.actors) for snapshot in trace.snapshots)
