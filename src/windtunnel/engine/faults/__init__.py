"""Faults: when they begin and end, and what they strike.

The rest of the engine doesn't know kinds of faults. It asks here what happens to a try that begins,
and who is up; all else is done to it from outside, through what an operator could do, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from windtunnel.engine.faults.clocks import Clocks
from windtunnel.engine.faults.control_plane import ControlPlane, OfControlPlane
from windtunnel.engine.faults.people import ByHand, OfPeople
from windtunnel.engine.faults.resources import Resources
from windtunnel.engine.faults.schedulers import OfSchedulers, Schedulers
from windtunnel.engine.faults.timeline import Timeline, Undo, Window, at_once
from windtunnel.engine.faults.tries import OfTries
from windtunnel.engine.faults.workers import OfMachines
from windtunnel.engine.parts import Parts
from windtunnel.engine.scheduler.loops import Loops
from windtunnel.engine.tries.attempts import Doom
from windtunnel.engine.tries.plans import Plan
from windtunnel.engine.tries.tries import Struck
from windtunnel.model import ClockJump, DagChanged, Fault, LateData, OfTasks, OfWorkers
from windtunnel.model.faults.resources import OfResources

__all__ = ["Faults"]


class Faults:
    """All faults of one scenario."""

    def __init__(self, parts: Parts, loops: Loops | None, timers: list[tuple[int, int]]) -> None:
        self._world = parts.world
        self._parts = parts
        self._timeline = Timeline()
        self._tries = OfTries(parts.world)
        self._machines = OfMachines(parts, self._timeline)
        self._people = OfPeople(parts)
        self._control_plane = ControlPlane(parts, self._timeline, loops)
        self._clocks = Clocks(parts, timers)
        self._resources = Resources(parts)
        self._schedulers: Schedulers | None = None
        faults = parts.world.scenario.faults
        parts.world.trace.struck = [0] * len(faults)
        if any(isinstance(fault, OfSchedulers) for fault in faults):
            self._schedulers = Schedulers(parts, self._timeline, loops)
            parts.agenda.is_watched = parts.stuck.is_watched = self._schedulers.watches
        for number, fault in enumerate(faults):
            if not isinstance(fault, OfTasks | LateData | DagChanged):
                self._follow(number, fault)

    def _follow(self, number: int, fault: Fault) -> None:
        window = Window(fault, self._world.start)
        when = self._control_plane.with_database if isinstance(fault, ByHand) else at_once
        self._timeline.follow(window, lambda: self._begin(number, fault), when)

    def _begin(self, number: int, fault: Fault) -> Undo | None:
        if isinstance(fault, OfWorkers):
            return self._machines.begin(number, fault)
        if isinstance(fault, OfResources):
            return self._resources.begin(number, fault)
        if isinstance(fault, ClockJump):
            return self._clocks.begin(number, fault)
        if isinstance(fault, ByHand):
            return self._people.begin(number, fault)
        if isinstance(fault, OfSchedulers):
            assert self._schedulers is not None, "made for every scenario with such a fault"
            return self._schedulers.begin(number, fault)
        assert isinstance(fault, OfControlPlane), "all other kinds were asked for before"
        return self._control_plane.begin(number, fault)

    # -- when ---------------------------------------------------------------------------------

    def next_due(self) -> int | None:
        """When a fault begins or ends next."""
        return self._timeline.next_due()

    def handle_due(self) -> None:
        """Begin and end what is due now."""
        self._timeline.handle_due(self._world.now)

    # -- what is up ---------------------------------------------------------------------------

    @property
    def scheduler_is_up(self) -> bool:
        """Whether any scheduler runs."""
        works = self._schedulers is None or self._schedulers.any_works
        return works and self._control_plane.is_up("scheduler")

    def missing_slots(self) -> int:
        """Slots of ``parallelism`` that belong to schedulers that don't work."""
        return 0 if self._schedulers is None else self._schedulers.missing_slots()

    def queued(self, tis: Iterable[int], scheduler: int | None) -> None:
        """These were queued, by one of the schedulers if it is known which."""
        if self._schedulers is not None:
            self._schedulers.queued(tis, scheduler)

    @property
    def database_is_up(self) -> bool:
        """Whether what somebody asks for can be written down."""
        return self._control_plane.is_up("database")

    @property
    def dag_processor_is_up(self) -> bool:
        """Whether DAG files are parsed."""
        return self._control_plane.is_up("dag_processor")

    # -- tries --------------------------------------------------------------------------------

    def is_lost_by_executor(self, ti: int) -> bool:
        """Whether no worker ever gets this queued task instance."""
        return self._tries.is_lost_by_executor(ti)

    def strike(self, ti: int, plan: Plan) -> tuple[Struck | None, Plan]:
        """What becomes of a try that begins now."""
        struck, plan = self._tries.strike(ti, plan)
        if self._clocks.makes_heartbeats_old:
            struck = replace(struck or Struck(), looks_dead=True)
        doom = self._machines.doom(ti)
        if doom is not None:
            return _doomed(struck, doom), plan
        return struck, plan


def _doomed(struck: Struck | None, doom: Doom) -> Struck:
    return Struck(doom=doom) if struck is None else replace(struck, doom=doom)
