"""One simulation of a slice up to the first thing that is wrong in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from windtunnel.choices import Actor, Choices
from windtunnel.slices.explore import Exploration
from windtunnel.slices.involved import involved
from windtunnel.slices.reduction import stuck
from windtunnel.slices.seen import Watch
from windtunnel.slices.simulation import Simulation
from windtunnel.slices.state import State

_WATCHED = 12
"""Instants after which it is looked out for a situation that comes again."""
_MOST = 400
"""Instants after which all futures are walked instead."""


@dataclass(frozen=True, slots=True)
class Flight:
    """What one simulation came to."""

    verdicts: dict[str, frozenset[str]]
    """Verdict -> who takes part in it, ``dag.task``."""
    state: State
    """The last one: the first that is wrong, or the end."""


class Flyer:
    """Simulates one slice again and again."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._watch = Watch(simulation.of)

    def fly(self, choices: Choices) -> Flight:
        """Simulate until something is wrong, or nothing happens any more."""
        counted = _Counted(choices)
        state = self._simulation.start(counted)
        mark: tuple[object, ...] | None = None
        asked = 0
        for instant in range(_MOST):
            found = self._watch.look(state)
            if found:
                return Flight(found, state)
            if instant >= _WATCHED:
                key = state.key()
                if key == mark and counted.asked == asked:
                    return self._walk(state)
                if instant & (instant - 1) == 0 or counted.asked != asked:
                    mark, asked = key, counted.asked
            if not self._simulation.advance(state, counted):
                return Flight(self._silent(state), state)
        return self._walk(state)

    def _silent(self, state: State) -> dict[str, frozenset[str]]:
        """Nothing is due any more: whoever is not over never will be."""
        doomed = stuck(self._simulation, state)
        if not doomed:
            return {}
        names = map(self._simulation.of.name_of, involved(self._simulation, state, doomed))
        return {"deadlock": frozenset(names)}

    def _walk(self, state: State) -> Flight:
        """Busy for very long: what all futures of this state say."""
        futures = Exploration(self._simulation.of, self._simulation.untimed, start=state)
        certain = [v for v in ("deadlock", "livelock") if v in futures.verdicts[0]]
        return Flight({verdict: futures.names(0, verdict) for verdict in certain}, state)


class _Counted:
    """Passes questions on and counts them."""

    def __init__(self, inner: Choices) -> None:
        self._inner = inner
        self.asked = 0

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        self.asked += 1
        return self._inner.among(kind, actors)

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        self.asked += 1
        return self._inner.within(kind, actor, ways, at, step)

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        self.asked += 1
        return self._inner.strikes(kind, actor, ways, chance)
