"""Slowness: what makes many tries slow together, each stretch with one draw for all of them."""

from __future__ import annotations

from windtunnel.engine.program import DagProgram
from windtunnel.engine.world import World
from windtunnel.model import Slowdown

HOUR_S = 3600
DAY_S = 24 * HOUR_S


class Slowness:
    """All slow-downs of a behavior."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._slowdowns = tuple(enumerate(world.scenario.behavior.slowdowns))
        self._of_task: dict[tuple[int, int], tuple[tuple[int, Slowdown], ...]] = {}

    def strikes(self, dag: DagProgram, task: int) -> bool:
        """Whether any of them may make this task slow."""
        return bool(self._of(dag, task))

    def factor(self, ti: int) -> float:
        """How many times as long a try takes that begins now."""
        world = self._world
        run = world.runs[world.ti_run[ti]]
        factor = 1.0
        for number, slowdown in self._of(run.dag, world.ti_task[ti]):
            about = self._stretch(slowdown, ti)
            chance = slowdown.probability
            if world.luck.happens(chance, (*about, "any"), "slowdown", number):
                factor *= world.luck.amount(slowdown.factor, about, "slowdown", number)
        return factor

    def _of(self, dag: DagProgram, task: int) -> tuple[tuple[int, Slowdown], ...]:
        found = self._of_task.get((dag.number, task))
        if found is None:
            found = tuple(
                (number, slowdown)
                for number, slowdown in self._slowdowns
                if slowdown.is_for(dag.dag, dag.tasks[task])
            )
            self._of_task[dag.number, task] = found
        return found

    def _stretch(self, slowdown: Slowdown, ti: int) -> tuple[object, ...]:
        """What is drawn for: a run, an hour or a day, or the whole window."""
        world = self._world
        if slowdown.per == "run":
            return world.name_of(ti)[:2]
        if slowdown.per == "window":
            return ()
        length = HOUR_S if slowdown.per == "hour" else DAY_S
        return (int(world.datetime_at(world.now).timestamp()) // length,)
