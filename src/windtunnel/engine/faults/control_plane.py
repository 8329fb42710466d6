"""Faults of what runs Airflow itself: what is down, and what follows from that."""

from __future__ import annotations

from fnmatch import fnmatchcase

from windtunnel.engine.faults.timeline import Undo
from windtunnel.engine.parts import Parts
from windtunnel.model import (
    BrokerDown,
    DagProcessorDown,
    LimitNotKept,
    SchedulerDown,
    TriggererDown,
)

OfControlPlane = BrokerDown | DagProcessorDown | LimitNotKept | SchedulerDown | TriggererDown


class ControlPlane:
    """Who is up."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._down = dict.fromkeys(("scheduler", "broker", "triggerer", "dag_processor"), 0)
        self.parses_late = False
        """Whether a parse was due while the DAG processor was down."""

    def is_up(self, what: str) -> bool:
        """Whether ``scheduler``, ``broker``, ``triggerer`` or ``dag_processor`` is up."""
        return not self._down[what]

    def begin(self, number: int, fault: OfControlPlane) -> Undo:
        """The fault begins."""
        if isinstance(fault, LimitNotKept):
            return self._let_loose(number, fault)
        self._parts.world.trace.struck[number] += 1
        if isinstance(fault, BrokerDown) and fault.messages_lost:
            for ti in self._parts.workers.waiting():
                self._parts.workers.lose_message(ti)
        what = fault.type.removesuffix("_down")
        self._take_down(what)
        return lambda: self._bring_up(what)

    def _take_down(self, what: str) -> None:
        self._down[what] += 1
        if what == "broker":
            self._parts.workers.cut(off=True)
        elif what == "triggerer":
            self._parts.triggerer.hold()

    def _bring_up(self, what: str) -> None:
        self._down[what] -= 1
        if what == "broker":
            self._parts.workers.cut(off=bool(self._down[what]))
        elif what == "triggerer" and not self._down[what]:
            self._parts.triggerer.go_on()

    def _let_loose(self, number: int, fault: LimitNotKept) -> Undo:
        world = self._parts.world
        dags = [dag.number for dag in world.program.dags if fnmatchcase(dag.dag_id, fault.dags)]
        world.trace.struck[number] += len(dags)
        before = [dag for dag in dags if dag not in world.limitless]
        world.limitless.update(before)
        for dag in dags:
            self._parts.creation.unpaused(dag)
            self._parts.start.unpaused(dag)
        return lambda: world.limitless.difference_update(before)
