"""Triggerer: task instances that wait without a worker, until a trigger fires or times out.

From Airflow: ``models/trigger.py``, ``jobs/triggerer_job_runner.py`` and
``jobs/scheduler_job_runner.py: check_trigger_timeouts``.
"""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.engine.agenda import FIRE, TIMEOUT, Agenda, Due
from windtunnel.engine.attempts import Attempt, Attempts
from windtunnel.engine.plans import Plan
from windtunnel.engine.program import micros
from windtunnel.engine.queueing import CriticalSection
from windtunnel.engine.waits import CrossDagWaits
from windtunnel.engine.world import DEFERRED, SCHEDULED, World
from windtunnel.model import Deferrable, ExternalTaskSensor, Sensor


@dataclass(slots=True)
class Deferral:
    """A task instance in the triggerer."""

    number: int
    plan: Plan
    began: int
    since: int
    fires: int | None
    gives_up: int | None
    cut: bool
    """It is execution_timeout that ends it then."""


class Triggerer:
    """All that is deferred."""

    def __init__(
        self,
        world: World,
        agenda: Agenda,
        attempts: Attempts,
        section: CriticalSection,
        waits: CrossDagWaits,
    ) -> None:
        self._world = world
        self._agenda = agenda
        self._attempts = attempts
        self._section = section
        self._waits = waits
        self.deferred: dict[int, Deferral] = {}
        self.resuming: dict[int, tuple[Deferral, bool]] = {}
        """Deferred task instances that were called back, and whether into a failure."""
        self._is_down = False
        agenda.own(FIRE, self._may_fire, self._fire)
        agenda.own(TIMEOUT, self._is_deferred, self._time_out)

    def defer(self, ti: int, attempt: Attempt, kind: object, *, for_us: int | None = None) -> None:
        """A try hands over to the triggerer: its worker slot is free. ``for_us``: a step of it
        does, for so long."""
        world, plan = self._world, attempt.plan
        timeout = None
        fires: int | None
        if for_us is not None:
            fires = world.now + for_us
        elif isinstance(kind, Deferrable):
            fires = plan.fire_at
            if fires is None and plan.fire_after is not None:
                fires = world.now + plan.fire_after
            timeout = kind.timeout_s
        elif isinstance(kind, Sensor):
            fires, timeout = plan.true_at, kind.timeout_s
        else:
            fires = None
            timeout = kind.timeout_s if isinstance(kind, ExternalTaskSensor) else None
        gives_up = None if timeout is None else world.now + micros(timeout)
        fires = None if fires is None else max(fires, world.now)
        cut = False
        if attempt.deadline is not None and world.profile.execution_timeout_spans_deferral:
            cut = gives_up is None or attempt.deadline < gives_up
            gives_up = attempt.deadline if cut else gives_up
        self._attempts.free(ti, "deferred")
        number, began, now = attempt.number, attempt.began, world.now
        self.deferred[ti] = Deferral(number, plan, began, now, fires, gives_up, cut)
        world.move(ti, DEFERRED)
        if fires is not None:
            self._agenda.arm(fires, FIRE, attempt.number, ti)
        if gives_up is not None:
            self._agenda.arm(gives_up + 1, TIMEOUT, attempt.number, ti)

    def fire_at(self, ti: int, at: int) -> None:
        """The trigger of a deferred task instance will fire then."""
        deferral = self.deferred[ti]
        deferral.fires = at
        self._agenda.arm(at, FIRE, deferral.number, ti)

    def forget(self, ti: int) -> None:
        """A deferred task instance was given another state from outside."""
        deferral = self.deferred.pop(ti, None)
        if deferral is None and ti in self.resuming and self._world.state[ti] != SCHEDULED:
            deferral, _ = self.resuming.pop(ti)
        if deferral is not None and deferral.plan.course is not None:
            self._attempts.leave(deferral.plan.course, "stopped")

    def hold(self) -> None:
        """The triggerer is down: nothing fires."""
        self._is_down = True

    def go_on(self) -> None:
        """The triggerer is back: all that should have fired does."""
        self._is_down = False
        now = self._world.now
        for ti, deferral in self.deferred.items():
            if deferral.fires is not None and deferral.fires <= now:
                self.fire_at(ti, now)

    # -- what is due --------------------------------------------------------------------------

    def _may_fire(self, event: Due) -> bool:
        at, _, number, ti = event
        deferral = self.deferred.get(ti)
        return deferral is not None and deferral.number == number and deferral.fires == at

    def _is_deferred(self, event: Due) -> bool:
        deferral = self.deferred.get(event[3])
        return deferral is not None and deferral.number == event[2]

    def _fire(self, event: Due) -> None:
        if not self._is_down:
            self._call_back(event[3], failed=False)

    def _time_out(self, event: Due) -> None:
        ti = event[3]
        which = "execution_timeout" if self.deferred[ti].cut else "the timeout"
        self._waits.before_forced_end(f"{which} of {self._attempts.label(ti)}")
        self._call_back(ti, failed=True)

    def _call_back(self, ti: int, *, failed: bool) -> None:
        """The trigger fired, or its timeout passed: scheduled again, with the same try number."""
        self.resuming[ti] = (self.deferred.pop(ti), failed)
        self._world.move(ti, SCHEDULED)
        self._section.lanes.add(ti)
