"""Prospects: whether a run of some logical date may still come, from a schedule or from people.

Only for those who look on. What is not known (a templated date, a version that is deployed later)
may always come.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase

from windtunnel.engine.dag_runs.creation import Creation
from windtunnel.engine.program import DagProgram, micros
from windtunnel.engine.world import World
from windtunnel.model import DagChanged, DagUnpaused, TriggerDagRun


class Prospects:
    """Which runs may still come, asked at one instant."""

    def __init__(self, world: World, creation: Creation) -> None:
        self._world = world
        self._creation = creation
        self._asked: dict[int, tuple[bool, bool]] = {}
        """By DAG: whether somebody may ask for a run of any date, or of the date of that moment."""

    def may_come(self, dag: DagProgram, logical_us: int) -> bool:
        """Whether a run with this logical date may still be created: one that nobody plans, because
        the DAG has no schedule, may always be triggered."""
        if not dag.timetable.can_be_scheduled:
            return True
        following = self._creation.of(dag.number).next
        if following is not None and self._world.us_at(following.start) <= logical_us:
            return True
        return self._may_be_asked_for(dag, logical_us)

    def _may_be_asked_for(self, dag: DagProgram, logical_us: int) -> bool:
        """Runs that people and tasks ask for have the logical date of the moment, unless they say
        another."""
        if dag.number not in self._asked:
            self._asked[dag.number] = (any(self._any_date(dag)), any(self._date_of_moment(dag)))
        any_date, date_of_moment = self._asked[dag.number]
        if any_date or (date_of_moment and logical_us >= self._world.now):
            return True
        return any(self._this_date(dag, logical_us))

    def _this_date(self, dag: DagProgram, logical_us: int) -> Iterator[bool]:
        """Of each run or backfill asked for by hand: whether it has, or may have, this date."""
        world = self._world
        for run in world.scenario.manual_runs:
            if run.dag_id == dag.dag_id and isinstance(run.logical_date, datetime):
                later = micros(run.at_s) >= world.now
                yield later and world.us_at(run.logical_date) == logical_us
        for asked in world.scenario.backfills:
            if asked.dag_id == dag.dag_id:
                first, last = world.us_at(asked.from_date), world.us_at(asked.to_date)
                yield first <= logical_us <= last

    def _date_of_moment(self, dag: DagProgram) -> Iterator[bool]:
        """Of each that makes runs with the date of the moment: whether it is about this DAG."""
        scenario = self._world.scenario
        yield dag.dag.asset_condition is not None
        for run in scenario.manual_runs:
            yield run.dag_id == dag.dag_id and run.logical_date == "now"
        for arrivals in scenario.arrivals:
            yield arrivals.dag_id == dag.dag_id
        for rule in scenario.behavior.rules:
            yield any(step.trigger == dag.dag_id for step in rule.steps or ())
        for kind in self._triggers():
            yield kind.trigger_dag_id == dag.dag_id

    def _any_date(self, dag: DagProgram) -> Iterator[bool]:
        """Of each that may make runs of any date: whether it is about this DAG."""
        for fault in self._world.scenario.faults:
            if isinstance(fault, DagChanged):
                yield fault.dag_id == dag.dag_id
            elif isinstance(fault, DagUnpaused):
                yield fnmatchcase(dag.dag_id, fault.dags)
        for kind in self._triggers():
            yield kind.trigger_dag_id == dag.dag_id and kind.logical_date is not None

    def _triggers(self) -> Iterator[TriggerDagRun]:
        for dag in self._world.scenario.fleet.dags:
            for task in dag.tasks:
                if isinstance(task.kind, TriggerDagRun):
                    yield task.kind
