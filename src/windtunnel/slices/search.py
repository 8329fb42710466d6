"""Search a slice: simulate under a strategy until something is wrong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from windtunnel.choices import STRATEGIES, Answer, Portfolio, Recorder, Replayed, Strategy, Stream
from windtunnel.slices.fleet import Slice
from windtunnel.slices.flight import Flyer
from windtunnel.slices.hints import hints_of
from windtunnel.slices.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Found:
    """Something wrong, and how to see it again."""

    verdict: str
    involved: frozenset[str]
    """Who takes part in it: ``dag.task``."""
    answers: tuple[Answer, ...]
    """All answers that are not calm."""
    simulations: int
    """How many it took, with this one."""
    at: int
    """When it was seen, in ticks."""


def strategy_for(of: Slice, name: str) -> Strategy:
    """A strategy by its name, with what the slice says beforehand."""
    make = Portfolio if name == Portfolio.name else STRATEGIES[name]
    return make(of.max_faults, hints_of(of))


def search(
    of: Slice,
    seed: int,
    most: int,
    strategy: str = Portfolio.name,
    verdicts: Collection[str] = (),
) -> Found | None:
    """Simulate up to *most* times; what the first simulation with trouble shows.

    Args:
        of: The slice.
        seed: Keys all draws; the same seed finds the same.
        most: Simulations.
        strategy: Who answers; a name of `STRATEGIES`, or ``portfolio``.
        verdicts: What to look for; nothing: anything.
    """
    flyer = Flyer(Simulation(of))
    answering = strategy_for(of, strategy)
    for number in range(1, most + 1):
        answering.begin(Stream(seed, strategy, number))
        recorder = Recorder(answering)
        flight = flyer.fly(recorder)
        answering.end(flight.state.now)
        for verdict, involved in sorted(flight.verdicts.items()):
            if not verdicts or verdict in verdicts:
                answers = tuple(recorder.answers)
                return Found(verdict, involved, answers, number, flight.state.now)
    return None


def replay(of: Slice, answers: Collection[Answer]) -> dict[str, frozenset[str]]:
    """What one simulation with these answers shows: verdict -> who takes part."""
    return Flyer(Simulation(of)).fly(Replayed(answers)).verdicts
