"""Simulations of one scenario, one after the other, each going another way.

The first is the scenario as it stands. Then all that can go either way is asked of somebody who
chooses: the calm one, the corners, and the strategies in turn. If nothing can, the second
simulation shows it and is the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from windtunnel.choices import Actor, Calm, Choices, Portfolio, Stream
from windtunnel.engine import Simulation, compiled
from windtunnel.engine.program import Program
from windtunnel.model import Chosen, Scenario
from windtunnel.search.corners import corners
from windtunnel.search.hints import hints_of
from windtunnel.trace import Trace

AS_IT_STANDS, CALM, CORNER = "as it stands", "calm", "corner"
PARTS = 40
"""Into so many parts the first simulation is divided, to say where in it something comes."""
WORK = 150_000
"""State changes, and task instances in snapshots, after which a search has tried enough, if nobody
says how much that is; but a small fleet is not simulated for ever, and a large one more than a few
times. A snapshot of a long queue takes as long as all that moves in it."""
FEWEST, MOST = 2, 200
ODDS_BUDGET = 3
"""Faults that a strategy places in one simulation, where the scenario says only how likely they
are."""


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
    first = Simulation(scenario, program=program).run()
    yield Simulated(AS_IT_STANDS, scenario, first)
    if more is None:
        more = enough(first, effort)
    left, ends = more, []
    asked = None
    if more > 1 or (more and calm):
        usual = steered(scenario, Calm(), program)
        yield Simulated(CALM, *usual)
        asked, left = usual[1].asked, more - 1
        if not asked:
            return
        ends = list(corners(scenario, lengths=asked["lengths"] > 0, ties=asked["ties"] > 0))
    # At least half of a small budget is left for the strategies.
    for corner in ends[: left // 2] if to_the_corners else ():
        yield Simulated(CORNER, *steered(scenario, corner, program))
        left -= 1
    has_odds = asked is None or asked["chances"]
    budget = max(scenario.faults_up_to, ODDS_BUDGET if has_odds else 0)
    portfolio = Portfolio(budget, hints_of(scenario))
    part = max(1.0, _last_s(first) / PARTS)
    scaled = _Scaled(portfolio, part)
    for number in range(left):
        portfolio.begin(Stream(scenario.seed, "search", number))
        variant, trace = steered(scenario, scaled, program)
        portfolio.end(_last_s(trace) / part)
        yield Simulated(portfolio.now.name, variant, trace)


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


def steered(
    scenario: Scenario, choices: Choices, program: Program | None = None
) -> tuple[Scenario, Trace]:
    """Simulate with somebody who chooses; gives the scenario that repeats it, and its trace."""
    trace = Simulation(scenario, choices, program=program).run()
    return scenario.model_copy(update={"choices": chosen(trace)}), trace


def chosen(trace: Trace) -> tuple[Chosen, ...]:
    """What was decided in a simulation, as a scenario keeps it."""
    return tuple(
        Chosen(kind=d.kind, actor=_plain(d.actor), nth=d.nth, value=d.value)
        for d in trace.decisions
    )


def _plain(actor: Actor) -> tuple[str | int, ...]:
    """Names and numbers, and nothing else: what a file can hold."""
    return tuple(part if isinstance(part, int) else str(part) for part in actor)


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
