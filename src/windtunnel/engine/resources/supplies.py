"""Supplies: the resources of a scenario while it runs: who holds them, who waits for them.

A resource gives its slots in the order in which they were asked for, or by priority; whoever comes
first and needs more than there is keeps the others waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Literal

from windtunnel.engine.agenda import SUPPLY, Agenda, Due
from windtunnel.engine.program import micros
from windtunnel.engine.resources.course import Course, Deed
from windtunnel.engine.world import World
from windtunnel.model import Resource
from windtunnel.model.resources import resource_named

Answer = Literal["taken", "waits", "full"]
MINUTE_US = 60_000_000


class Supply:
    """One resource."""

    def __init__(self, name: str, given: Resource) -> None:
        self.name = name
        self.given = given
        self.slots = given.slots
        """None: as many as one likes."""
        self.used = 0
        self.leaked: dict[str, int] = {}
        """Slots that nobody gives back, by who held them."""
        self.out: list[Literal["wait", "fail"]] = []
        """It can't be had for a while: whoever wants it waits, or fails; once for each reason."""
        self.next_us = 0
        """When the rate limit would have made up for all that was taken."""
        self.looked_at = -1
        """When the rate limit lets the first one through, if that is armed."""
        self._every = None if given.per_minute is None else round(MINUTE_US / given.per_minute)
        self._asked = 0
        self._waiting: list[tuple[int, int, Course, int]] = []
        """(-weight, number, who, slots), a heap."""

    @property
    def any_waiting(self) -> bool:
        """Whether anybody waits."""
        return self.first is not None

    @property
    def first(self) -> Course | None:
        """Who comes next."""
        waiting = self._waiting
        while waiting and waiting[0][2].waits_for != self.name:
            heappop(waiting)
        return waiting[0][2] if waiting else None

    def wait(self, course: Course, count: int) -> None:
        """Somebody waits from now on."""
        self._asked += 1
        weight = -course.weight if self.given.order == "priority" else 0
        heappush(self._waiting, (weight, self._asked, course, count))

    def pop(self) -> tuple[Course, int]:
        """Who comes next, and how many slots they want; they wait no more."""
        _, _, course, count = heappop(self._waiting)
        return course, count

    def wanted(self) -> int:
        """Slots that the first one wants."""
        return self._waiting[0][3]

    def has_room(self, count: int) -> bool:
        """Whether so many may be taken."""
        return self.given.when_full in ("slow", "exceed") or self.has_slots(count)

    def has_slots(self, count: int) -> bool:
        """Whether so many are left of what there is."""
        if self.slots is None:
            return True
        return self.used + sum(self.leaked.values()) + count <= self.slots

    def due_us(self, count: int) -> int:
        """When the rate limit lets so many through."""
        if self._every is None:
            return 0
        return self.next_us + (count - self.given.burst) * self._every

    def take(self, count: int, now: int) -> None:
        """So many are taken."""
        self.used += count
        if self._every is not None:
            self.next_us = max(self.next_us, now) + count * self._every


class Supplies:
    """All resources of a scenario; locks come into being when somebody first asks for them."""

    def __init__(
        self,
        world: World,
        agenda: Agenda,
        granted: Callable[[Course], None],
        tires: Callable[[Course], None],
    ) -> None:
        self._world = world
        self._agenda = agenda
        self._granted = granted
        """Told who got what it waited for, or failed of waiting."""
        self._tires = tires
        """Told who is about to fail of waiting."""
        self.all: dict[str, Supply] = {}
        self._timers: dict[int, Callable[[], None]] = {}
        """What is done when their time comes, by number of the event."""
        for name in world.scenario.resources:
            self.named(name, name)
        agenda.own(SUPPLY, self._applies, self._handle)

    def named(self, name: str, rules: str) -> Supply:
        """A resource, by its name and by the one under which the scenario lists it."""
        supply = self.all.get(name)
        if supply is None:
            given = resource_named(rules, self._world.scenario.resources)
            assert given is not None, "the scenario was checked"
            supply = self.all[name] = Supply(name, given)
        return supply

    # -- taking and giving back ---------------------------------------------------------------

    def ask(self, course: Course, deed: Deed) -> Answer:
        """Somebody asks for slots."""
        supply, now = self.named(deed.name, deed.rules), self._world.now
        free = not supply.out and supply.has_room(deed.count) and supply.due_us(deed.count) <= now
        if free and not supply.any_waiting:
            self._give(supply, course, deed.count)
            return "taken"
        if "fail" in supply.out:
            return "full"
        if not supply.out and supply.given.when_full == "fail":
            self._log(supply, course, 0)
            return "full"
        course.waits_for, course.waits_since = supply.name, now
        supply.wait(course, deed.count)
        if supply.given.wait_at_most_s is not None:
            self._at(
                now + micros(supply.given.wait_at_most_s), lambda: self._tire(course, supply, now)
            )
        self._look_again(supply)
        return "waits"

    def give_back(self, course: Course, name: str, count: int) -> None:
        """Slots are free again; no more than are held."""
        count = min(count, course.held.get(name, 0))
        if not count:
            return
        supply = self.all[name]
        self._drop(course, name, count)
        supply.used -= count
        self.serve(supply)

    def leak(self, course: Course, name: str, label: str) -> None:
        """Whoever held slots is gone, and nobody gives them back, until the lease has run out."""
        count, supply = course.held.get(name, 0), self.all[name]
        self._drop(course, name, count)
        supply.used -= count
        supply.leaked[label] = supply.leaked.get(label, 0) + count
        if supply.given.lease_s is not None:
            at = self._world.now + micros(supply.given.lease_s)
            self._at(at, lambda: self._found(supply, label, count))

    def give_up(self, course: Course) -> None:
        """Somebody waits no more."""
        name, course.waits_for = course.waits_for, ""
        if not name:
            return
        now = self._world.now
        if now > course.waits_since:
            self._world.trace.pauses.append((course.ti, name, course.waits_since, now))
        self.serve(self.all[name])

    def serve(self, supply: Supply) -> None:
        """Give to those that wait what there is."""
        now = self._world.now
        while (course := supply.first) is not None:
            count = supply.wanted()
            if supply.out or not supply.has_room(count) or supply.due_us(count) > now:
                self._look_again(supply)
                return
            supply.pop()
            course.waits_for = ""
            if now > course.waits_since:
                self._world.trace.pauses.append((course.ti, supply.name, course.waits_since, now))
            self._give(supply, course, count)
            self._granted(course)

    def _give(self, supply: Supply, course: Course, count: int) -> None:
        if supply.given.when_full == "exceed" and not supply.has_slots(count):
            self._log(supply, course, 0)
        supply.take(count, self._world.now)
        self._log(supply, course, count)
        course.held[supply.name] = course.held.get(supply.name, 0) + count
        if supply.given.lease_s is not None and not supply.given.renewed:
            since = course.taken_us[supply.name] = self._world.now
            at = since + micros(supply.given.lease_s)
            self._at(at, lambda: self._run_out(course, supply, since))

    def _drop(self, course: Course, name: str, count: int) -> None:
        self._log(self.all[name], course, -count)
        left = course.held[name] - count
        if left:
            course.held[name] = left
        else:
            del course.held[name]

    def _log(self, supply: Supply, course: Course, change: int) -> None:
        holds, now = self._world.trace.holds, self._world.now
        holds.log(now, course.ti, course.try_number, supply.name, change)

    # -- what others do to a resource ---------------------------------------------------------

    def take_out(self, name: str, how: Literal["wait", "fail"]) -> None:
        """A resource can't be had from now on."""
        self.named(name, name).out.append(how)

    def bring_back(self, name: str, how: Literal["wait", "fail"]) -> None:
        """It can be had again, unless something else keeps it out."""
        supply = self.named(name, name)
        supply.out.remove(how)
        self.serve(supply)

    def resize(self, name: str, slots: int | None) -> None:
        """A resource gets another number of slots."""
        supply = self.named(name, name)
        supply.slots = slots
        self.serve(supply)

    # -- what is due --------------------------------------------------------------------------

    def _look_again(self, supply: Supply) -> None:
        """When the rate limit lets the first one through."""
        if supply.out or not supply.has_room(supply.wanted()):
            return
        at = supply.due_us(supply.wanted())
        if at > self._world.now and supply.looked_at != at:
            supply.looked_at = at
            self._at(at, lambda: self.serve(supply))

    def _at(self, at: int, deed: Callable[[], None]) -> None:
        number = self._agenda.next_number()
        self._timers[number] = deed
        self._agenda.arm(at, SUPPLY, number, -1)

    def _applies(self, event: Due) -> bool:
        return event[2] in self._timers

    def _handle(self, event: Due) -> None:
        self._timers.pop(event[2])()

    def _found(self, supply: Supply, label: str, count: int) -> None:
        """A lease has run out whose holder is gone."""
        supply.leaked[label] -= count
        if not supply.leaked[label]:
            del supply.leaked[label]
        self.serve(supply)

    def _run_out(self, course: Course, supply: Supply, since: int) -> None:
        """A lease has run out that nobody renews, whatever its holder does."""
        if course.taken_us[supply.name] == since:
            course.lent.pop(supply.name, None)
            self.give_back(course, supply.name, course.held.get(supply.name, 0))

    def _tire(self, course: Course, supply: Supply, since: int) -> None:
        """Somebody has waited long enough."""
        if course.waits_for == supply.name and course.waits_since == since:
            self._tires(course)
            course.failure = f"waited too long for {supply.name}"
            self.give_up(course)
            self._granted(course)
