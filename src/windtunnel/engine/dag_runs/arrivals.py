"""Arrivals: what people and the outside ask for: runs, backfills, updates of assets."""

from __future__ import annotations

from windtunnel.engine.dag_runs.backfills import Backfills
from windtunnel.engine.dag_runs.creation import Creation, triggered_run
from windtunnel.engine.dag_runs.drawn_arrivals import arriving
from windtunnel.engine.dag_runs.starts import Start
from windtunnel.engine.program import micros
from windtunnel.engine.world import Run, World
from windtunnel.model import ManualRun


class Arrivals:
    """All that is asked for in one scenario, in order of time."""

    def __init__(self, world: World, creation: Creation, start: Start) -> None:
        self._world = world
        scenario = world.scenario
        manual = [(micros(run.at_s), run) for run in scenario.manual_runs]
        manual += arriving(scenario)
        self._manual = sorted(manual, key=lambda at_and_run: at_and_run[0])[::-1]
        self._backfills = Backfills(world, start) if scenario.backfills else None
        both = (self._backfills, creation.assets)
        self._others = [part for part in both if part is not None]

    def next_due(self) -> int | None:
        """When somebody asks for something next."""
        due = self._manual[-1][0] if self._manual else None
        for part in self._others:
            asked = part.next_due()
            due = asked if due is None or (asked is not None and asked < due) else due
        return due

    def handle_due(self) -> None:
        """Do what is asked for now."""
        while self._manual and self._manual[-1][0] <= self._world.now:
            self._trigger(self._manual.pop()[1])
        for part in self._others:
            part.handle_due()

    def run_ended(self, run: Run) -> None:
        """A run is over: the next wave of a backfill may begin."""
        if self._backfills is not None:
            self._backfills.run_ended(run)

    def _trigger(self, wanted: ManualRun) -> None:
        world = self._world
        number = world.program.number.get(wanted.dag_id)
        if number is None:
            return
        logical = wanted.logical_date
        if logical == "now":
            logical = world.datetime_at(world.now)
        run = triggered_run(world, world.program.dags[number], "manual", wanted.run_id, logical)
        if wanted.conf:
            world.confs[run.index] = wanted.conf
