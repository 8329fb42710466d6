"""Mishaps: what a search lets go wrong with tries, beside the faults that the scenario names."""

from __future__ import annotations

from dataclasses import replace

from windtunnel.engine.steered import FAILS, Steered
from windtunnel.engine.tries.attempts import Doom
from windtunnel.engine.tries.plans import Plan
from windtunnel.engine.tries.tries import Strike, Struck
from windtunnel.engine.world import World

FAILURE = "a try fails"
DEATH = "its process dies"


class Mishaps:
    """Stands before the scenario's own faults."""

    def __init__(self, world: World, steered: Steered, faults: Strike | None) -> None:
        self._world = world
        self._steered = steered
        self._faults = faults
        self._asked: set[tuple[int, int]] = set()
        """Tries that were asked about; one that was deferred begins twice."""

    def strike(self, ti: int, plan: Plan) -> tuple[Struck | None, Plan]:
        """What becomes of a try that begins now."""
        struck: Struck | None = None
        if self._faults is not None:
            struck, plan = self._faults(ti, plan)
        world, number = self._world, self._world.tries[ti]
        if (ti, number) in self._asked or (struck is not None and struck.doom is not None):
            return struck, plan
        self._asked.add((ti, number))
        mishap = self._steered.mishap((*world.name_of(ti), number))
        if not mishap:
            return struck, plan
        if mishap == FAILS and plan.course is None:
            return struck, replace(plan, outcome="fail", error=FAILURE)
        length = plan.duration if plan.course is None else sum(d.us for d in plan.course.deeds)
        at = world.now + self._steered.part_us(length, (*world.name_of(ti), number))
        doom = Doom(at, "fail", FAILURE) if mishap == FAILS else Doom(at, "lost", DEATH)
        return replace(struck or Struck(), doom=doom), plan
