"""Triggerer: task instances that wait without a worker, until a trigger fires or times out.

From Airflow: ``models/trigger.py``, ``jobs/triggerer_job_runner.py`` and
``jobs/scheduler_job_runner.py: check_trigger_timeouts``.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

from windtunnel.engine.agenda import FIRE, PICKED, TIMEOUT, Agenda, Due
from windtunnel.engine.program import micros
from windtunnel.engine.scheduler.queueing import CriticalSection
from windtunnel.engine.tries.attempts import Attempt, Attempts
from windtunnel.engine.tries.plans import Plan
from windtunnel.engine.tries.waits import CrossDagWaits
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
    owner: int | None = None
    """The life of a triggerer that runs its trigger; None: none has room."""


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
        world.called_back = self.resuming
        self._is_down = False
        self._capacity = world.cluster.triggerer_capacity
        self._alive = list(range(world.cluster.triggerers))
        """The present life of each triggerer; -1: it is gone."""
        self._room = self._capacity * len(self._alive)
        """How many triggers those that are alive run at most."""
        self._lives = len(self._alive)
        self._load = dict.fromkeys(self._alive, 0)
        """Triggers of each life that are not over."""
        self._waiting: list[tuple[int, int, int]] = []
        """(-priority weight, number of the deferral, task instance) of those without an owner."""
        agenda.own(FIRE, self._may_fire, self._fire)
        agenda.own(TIMEOUT, self._may_time_out, self._time_out)
        agenda.own(PICKED, self._is_deferred, lambda _: self._assign())

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
        self._wait_for_owner(ti)
        if len(self.deferred) <= self._room:
            self._assign()
        else:  # not all will find room: the heaviest of this instant come first
            self._agenda.arm(now, PICKED, number, ti)
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
        """A task instance that was deferred, or is to go on from there, was given another state
        from outside: its next try begins anew (``models/taskinstance.py:
        clear_next_method_args``)."""
        deferral = self._drop(ti) if ti in self.deferred else None
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
        for ti in self.deferred:
            self._catch_up(ti)

    # -- who runs which trigger ---------------------------------------------------------------

    def lose(self, number: int) -> int | None:
        """A triggerer dies, if it is there; returns the number of its life, for `give_away`."""
        if number >= len(self._alive) or self._alive[number] < 0:
            return None
        life, self._alive[number] = self._alive[number], -1
        self._room -= self._capacity
        return life

    def start(self, number: int) -> None:
        """A new one is there in its place."""
        self._alive[number] = self._lives
        self._room += self._capacity
        self._load[self._lives] = 0
        self._lives += 1
        self._assign()

    def give_away(self, life: int) -> None:
        """A triggerer was silent for too long: others may take its triggers."""
        for ti, deferral in self.deferred.items():
            if deferral.owner == life:
                deferral.owner = None
                self._wait_for_owner(ti)
        self._load[life] = 0
        self._assign()

    def _wait_for_owner(self, ti: int) -> None:
        weight = self._world.trace.ti_weight[ti]
        heappush(self._waiting, (-weight, self.deferred[ti].number, ti))

    def _assign(self) -> None:
        """Triggerers with room take what waits, by priority weight, then age
        (``models/trigger.py: get_sorted_triggers``)."""
        while self._waiting:
            alive = [life for life in self._alive if life >= 0]
            taker = min(alive, key=self._load.__getitem__, default=None)
            if taker is None or self._load[taker] >= self._capacity:
                return
            _, number, ti = heappop(self._waiting)
            deferral = self.deferred.get(ti)
            if deferral is not None and deferral.number == number and deferral.owner is None:
                deferral.owner = taker
                self._load[taker] += 1
                self._catch_up(ti)

    def _catch_up(self, ti: int) -> None:
        """A trigger that should have fired does so now."""
        now, fires = self._world.now, self.deferred[ti].fires
        if fires is not None and fires <= now:
            self.fire_at(ti, now)

    def _drop(self, ti: int) -> Deferral:
        """A trigger is over: its owner has room for another one."""
        deferral = self.deferred.pop(ti)
        if deferral.owner is not None:
            self._load[deferral.owner] -= 1
            self._assign()
        return deferral

    def _runs(self, deferral: Deferral) -> bool:
        """Whether anybody runs a trigger."""
        return not self._is_down and deferral.owner is not None and deferral.owner in self._alive

    # -- what is due --------------------------------------------------------------------------

    def _may_fire(self, event: Due) -> bool:
        at, _, number, ti = event
        deferral = self.deferred.get(ti)
        return deferral is not None and deferral.number == number and deferral.fires == at

    def _is_deferred(self, event: Due) -> bool:
        deferral = self.deferred.get(event[3])
        return deferral is not None and deferral.number == event[2]

    def _may_time_out(self, event: Due) -> bool:
        if not self._is_deferred(event):
            return False
        gives_up = self.deferred[event[3]].gives_up
        return gives_up is None or event[0] > gives_up

    def _fire(self, event: Due) -> None:
        if self._runs(self.deferred[event[3]]):
            self._call_back(event[3], failed=False)

    def _time_out(self, event: Due) -> None:
        ti = event[3]
        which = "execution_timeout" if self.deferred[ti].cut else "the timeout"
        self._waits.before_forced_end(f"{which} of {self._attempts.label(ti)}")
        self._call_back(ti, failed=True)

    def _call_back(self, ti: int, *, failed: bool) -> None:
        """The trigger fired, or its timeout passed: scheduled again, with the same try number."""
        self.resuming[ti] = (self._drop(ti), failed)
        self._world.move(ti, SCHEDULED)
        self._section.lanes.add(ti)
