"""Faults of what runs Airflow itself: what is down, and what follows from that."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from windtunnel.engine.faults.held import Held, every
from windtunnel.engine.faults.timeline import Timeline, Undo
from windtunnel.engine.parts import Parts
from windtunnel.engine.program import micros
from windtunnel.engine.scheduler.loops import Loops
from windtunnel.engine.tries.reports import Reports
from windtunnel.model import (
    ApiServerDown,
    BrokerDown,
    DagProcessorDown,
    DatabaseDown,
    DatabaseSlow,
    LimitNotKept,
    SchedulerDown,
    TriggererDown,
    TriggererLost,
)

OfReports = ApiServerDown | DatabaseDown | DatabaseSlow
OfControlPlane = (
    BrokerDown
    | DagProcessorDown
    | LimitNotKept
    | OfReports
    | SchedulerDown
    | TriggererDown
    | TriggererLost
)
WITH_DATABASE = ("database", "scheduler", "triggerer", "dag_processor")
"""What is down with the metadata database: those who can do nothing without it."""


class ControlPlane:
    """Who is up."""

    def __init__(self, parts: Parts, timeline: Timeline, loops: Loops | None) -> None:
        self._parts = parts
        self._timeline = timeline
        self._loops = loops
        self._slow: list[DatabaseSlow] = []
        self._limitless = Held(parts.world.limitless.__contains__, self._free)
        self._reports = Reports(parts.world, parts.attempts, parts.losses)
        if any(isinstance(fault, OfReports) for fault in parts.world.scenario.faults):
            parts.tries.reports = self._reports
        self._down = dict.fromkeys((*WITH_DATABASE, "broker"), 0)
        self._put_off: list[Callable[[], None]] = []
        """What people do as soon as the database is back."""

    def is_up(self, what: str) -> bool:
        """Whether ``scheduler``, ``broker``, ``triggerer``, ``dag_processor`` or ``database`` is
        up."""
        return not self._down[what]

    def with_database(self, deed: Callable[[], None]) -> None:
        """Do something for which the database is needed: now, or when it is back."""
        if self.is_up("database"):
            deed()
        else:
            self._put_off.append(deed)

    def begin(self, number: int, fault: OfControlPlane) -> Undo | None:
        """The fault begins."""
        if isinstance(fault, LimitNotKept):
            return self._let_loose(number, fault)
        if isinstance(fault, TriggererLost):
            return self._lose_triggerer(number, fault)
        self._parts.world.trace.struck[number] += 1
        if isinstance(fault, DatabaseSlow):
            return self._slow_down(fault)
        if isinstance(fault, DatabaseDown | ApiServerDown):
            return self._cut_off(fault)
        if isinstance(fault, BrokerDown) and fault.messages_lost:
            for ti in self._parts.workers.waiting():
                self._parts.workers.lose_message(ti)
        what = fault.type.removesuffix("_down")
        self._take_down(what)
        return lambda: self._bring_up(what)

    def _slow_down(self, fault: DatabaseSlow) -> Undo:
        self._slow.append(fault)
        self._set_speed()

        def end() -> None:
            self._slow.remove(fault)
            self._set_speed()

        return end

    def _set_speed(self) -> None:
        self._reports.late_us = sum(micros(fault.by_s) for fault in self._slow)
        slowness = 1.0
        for fault in self._slow:
            slowness *= fault.factor
        if self._loops is not None:
            self._loops.slowness = slowness

    def _cut_off(self, fault: DatabaseDown | ApiServerDown) -> Undo:
        """Nobody hears what tries report; without the database nobody does anything."""
        now = self._parts.world.now
        until = None if fault.for_s is None else now + micros(fault.for_s)
        down = WITH_DATABASE if isinstance(fault, DatabaseDown) else ()
        outage = self._reports.begin(until, schedulers_too=bool(down))
        for what in down:
            self._take_down(what)

        def end() -> None:
            self._reports.end(outage)
            for what in down:
                self._bring_up(what)
            self._catch_up()

        return end

    def _catch_up(self) -> None:
        """People do what they could not do, in order."""
        if self.is_up("database"):
            put_off, self._put_off = self._put_off, []
            for deed in put_off:
                deed()

    def _lose_triggerer(self, number: int, fault: TriggererLost) -> Undo | None:
        triggerer, which = self._parts.triggerer, fault.triggerer - 1
        life = triggerer.lose(which)
        if life is None:
            return None
        self._parts.world.trace.struck[number] += 1
        silence = self._parts.world.cluster.triggerer_health_check_threshold_s
        at = self._parts.world.now + micros(silence)
        self._timeline.arm(at, lambda: triggerer.give_away(life))
        return lambda: triggerer.start(which)

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
        ends = [self._limitless.hold(dag, True) for dag in dags]
        for dag in dags:
            self._parts.creation.unpaused(dag)
            self._parts.start.unpaused(dag)
        return every(ends)

    def _free(self, dag: int, is_so: bool) -> None:
        """A DAG's max_active_runs is looked at no more, or again."""
        limitless = self._parts.world.limitless
        if is_so:
            limitless.add(dag)
        else:
            limitless.discard(dag)
