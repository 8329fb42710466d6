"""Courses: tries that take resources, share processors, or do one thing after the other.

A try without any of that has no course, and nothing here knows of it.
"""

from __future__ import annotations

from collections import deque

from windtunnel.engine.agenda import GHOST, STEP, Agenda, Due
from windtunnel.engine.dag_runs.creation import triggered_run
from windtunnel.engine.executors.executor import Executor
from windtunnel.engine.resources.course import Course, Deed, How
from windtunnel.engine.resources.sharing import Sharing
from windtunnel.engine.resources.steps import OWN
from windtunnel.engine.resources.supplies import Supplies
from windtunnel.engine.tries.attempts import Attempt, Attempts
from windtunnel.engine.tries.triggerer import Triggerer
from windtunnel.engine.tries.waits import CrossDagWaits
from windtunnel.engine.world import World
from windtunnel.model import ExternalTaskSensor, Sensor
from windtunnel.trace.touches import Touch

BEGINS = {"read": Touch.READ_BEGINS, "write": Touch.WRITE_BEGINS, "append": Touch.APPEND_BEGINS}
ENDS = {"read": Touch.READ_ENDS, "write": Touch.WRITE_ENDS, "append": Touch.APPEND_ENDS}
CUT = {"read": Touch.READ_CUT, "write": Touch.WRITE_CUT, "append": Touch.APPEND_CUT}


class Courses:
    """All tries that have a course."""

    def __init__(
        self,
        world: World,
        agenda: Agenda,
        attempts: Attempts,
        triggerer: Triggerer,
        *,
        workers: Executor,
        waits: CrossDagWaits,
    ) -> None:
        self._world = world
        self._agenda = agenda
        self._attempts = attempts
        self._triggerer = triggerer
        self._workers = workers
        self._waits = waits
        self.supplies = Supplies(world, agenda, self._got, self._tires)
        self.sharing = Sharing(world, agenda, self._worked)
        self._attempt_of: dict[Course, Attempt] = {}
        """Of those that are on a worker."""
        self._working: dict[int, Course] = {}
        """Those that work without sharing anything, by number of the event that ends it."""
        self._ready: deque[Course] = deque()
        self._is_busy = False
        self._written: set[str] = set()
        """Data sets that have been written; asked, and never gone through."""
        attempts.leave = self.leave
        agenda.own(STEP, lambda event: event[2] in self._working, self._step)

    # -- from its start to its end ------------------------------------------------------------

    def begin(self, ti: int, attempt: Attempt, *, hangs: bool) -> None:
        """A try with a course begins, or comes back from the triggerer."""
        course = attempt.plan.course
        assert course is not None
        course.ti, course.number = ti, attempt.number
        course.try_number = self._world.tries[ti]
        course.weight = self._world.trace.ti_weight[ti]
        course.hangs = hangs
        course.needed = 0
        self._attempt_of[course] = attempt
        if course.deferring and attempt.gives_up is None:
            attempt.resumed = False
        elif attempt.resumed:
            course.deeds, course.done = OWN, 0
        course.deferring = False
        self._attempts.leave_open(ti, attempt)
        self._go_on(course)

    def leave(self, course: Course, how: How) -> None:
        """A try leaves its worker: it works no more, and gives back what it holds, or does not."""
        self._attempt_of.pop(course, None)
        if course.orphaned:  # its process goes on, and will be told
            return
        self._stop_work(course)
        self.supplies.give_up(course)
        if how == "deferred":
            for name, count in course.lent.items():
                self.supplies.give_back(course, name, count)
            course.lent.clear()
            return
        if course.open is not None:
            self._touch(course, course.open.name, CUT[course.open.verb])
            course.open = None
        self._give_all_back(course, how)

    def _give_all_back(self, course: Course, how: How) -> None:
        label = self._label(course)
        for name in list(course.held):
            if how in self.supplies.all[name].given.leaks_when:
                self.supplies.leak(course, name, label)
            else:
                self.supplies.give_back(course, name, course.held[name])
        course.lent.clear()

    # -- one deed after the other -------------------------------------------------------------

    def _go_on(self, course: Course) -> None:
        """Do what comes next. What one sets free may let another go on, which then has its turn."""
        self._ready.append(course)
        if self._is_busy:
            return
        self._is_busy = True
        while self._ready:
            ready = self._ready.popleft()
            while self._does_next(ready):
                pass
        self._is_busy = False

    def _does_next(self, course: Course) -> bool:
        """Do one thing; returns whether the next one may follow at once."""
        if course not in self._attempt_of and not course.orphaned:
            return False
        deed = course.next
        if deed is None or course.failure is not None:
            return self._finish(course)
        if deed.unless and deed.unless in self._written:
            course.pass_on()
            return True
        if deed.verb in ("need", "acquire"):
            return self._take(course, deed)
        if deed.verb in BEGINS:
            course.open = deed
            self._touch(course, deed.name, BEGINS[deed.verb])
        if deed.verb == "own" and self._work_as_its_kind(course):
            return False
        if deed.verb == "defer":  # not while the try still begins
            self._in(course, 0)
            return False
        if deed.us or (course.hangs and deed.verb == "work"):
            self._work(course, deed.us)
            return False
        return self._do(course, deed)

    def _take(self, course: Course, deed: Deed) -> bool:
        answer = self.supplies.ask(course, deed)
        if answer == "waits":
            return False
        if answer == "full":
            course.failure = f"no room: {deed.name}"
        else:
            self._has(course, deed)
        return True

    def _got(self, course: Course) -> None:
        """It got what it waited for, or has waited long enough."""
        if course.failure is None:
            deed = course.next
            assert deed is not None
            self._has(course, deed)
        self._go_on(course)

    def _tires(self, course: Course) -> None:
        self._waits.before_forced_end(f"wait_at_most of {self._attempts.label(course.ti)}")

    def _has(self, course: Course, deed: Deed) -> None:
        if deed.verb == "need":
            course.lent[deed.name] = course.lent.get(deed.name, 0) + deed.count
        course.pass_on()

    def _do(self, course: Course, deed: Deed) -> bool:
        """What takes no time, or has just been done."""
        course.pass_on()
        if deed.verb in ENDS:
            course.open = None
            self._touch(course, deed.name, ENDS[deed.verb])
            if deed.verb != "read":
                self._written.add(deed.name)
        elif deed.verb == "release":
            self.supplies.give_back(course, deed.name, deed.count)
            # What it takes again by a step is no longer what its needs took.
            kept = course.held.get(deed.name, 0)
            if course.lent.get(deed.name, 0) > kept:
                course.lent[deed.name] = kept
        elif deed.verb == "fail" and deed.count:
            course.failure = f"step {course.done} fails"
        elif deed.verb == "done_if" and deed.name in self._written:
            course.stop()
        elif deed.verb == "push":
            self._push(course, deed)
        elif deed.verb == "pull":
            self._touch(course, deed.name, Touch.READ_BEGINS)
            self._touch(course, deed.name, Touch.READ_ENDS)
        elif deed.verb == "trigger":
            self._trigger(course.ti, deed.name)
        elif deed.verb == "defer":
            return self._defer(course, deed.us)
        return True

    def _work_as_its_kind(self, course: Course) -> bool:
        """The work of a try without steps: a poke, a wait, or just work. Returns whether there is
        any."""
        attempt = self._attempt_of.get(course)
        if attempt is None:
            return False
        ti = course.ti
        kind = self._world.runs[self._world.ti_run[ti]].dag.kind[self._world.ti_task[ti]]
        us = attempt.plan.resume if attempt.resumed else attempt.plan.duration
        shares = us and not course.hangs and self._shared(course)[0]
        if shares and not isinstance(kind, Sensor | ExternalTaskSensor):
            self._work(course, us)
        else:
            self._attempts.plan_end(ti, attempt, hangs=course.hangs)
        return True

    def _finish(self, course: Course) -> bool:
        attempt = self._attempt_of.get(course)
        if attempt is not None:
            self._attempts.end_at(course.ti, attempt, self._world.now)
        elif course.orphaned:
            self._agenda.arm(self._world.now, GHOST, course.number, course.ti)
        return False

    # -- work ---------------------------------------------------------------------------------

    def _work(self, course: Course, us: int) -> None:
        if course.hangs:
            return
        wants, sizes = self._shared(course)
        if wants:
            self.sharing.begin(course, us, wants, sizes)
            return
        self._in(course, us)

    def _in(self, course: Course, us: int) -> None:
        """The deed is done so much later."""
        course.working = self._agenda.next_number()
        self._working[course.working] = course
        self._agenda.arm(self._world.now + us, STEP, course.working, course.ti)

    def _shared(self, course: Course) -> tuple[dict[str, int], dict[str, int]]:
        """(what it wants of each thing that is shared in proportion, how much there is)."""
        wants: dict[str, int] = {}
        sizes: dict[str, int] = {}
        for name, count in course.held.items():
            supply = self.supplies.all[name]
            if supply.given.when_full == "slow" and supply.slots is not None:
                wants[name], sizes[name] = count, supply.slots
        if course.cpus and (found := self._workers.processors(course.ti)) is not None:
            machine, size = found
            wants[machine], sizes[machine] = course.cpus, size
        return wants, sizes

    def _stop_work(self, course: Course) -> None:
        self.sharing.drop(course)
        self._working.pop(course.working, None)

    def _step(self, event: Due) -> None:
        self._worked(self._working.pop(event[2]))

    def _worked(self, course: Course) -> None:
        """Work is done."""
        deed = course.next
        assert deed is not None
        self._do(course, deed)
        self._go_on(course)

    # -- what some deeds do -------------------------------------------------------------------

    def _push(self, course: Course, deed: Deed) -> None:
        course.failure = deed.why
        if deed.why is None:
            self._touch(course, deed.name, Touch.WRITE_BEGINS)
            self._touch(course, deed.name, Touch.WRITE_ENDS)

    def _trigger(self, ti: int, dag_id: str) -> None:
        world = self._world
        number = world.program.number.get(dag_id)
        if number is not None:
            logical = world.datetime_at(world.now)
            run = triggered_run(world, world.program.dags[number], "manual", None, logical)
            world.trace.triggered_by[run.index] = ti

    def _defer(self, course: Course, us: int) -> bool:
        """Returns whether it goes on at once: nobody takes the trigger of an orphan."""
        attempt = self._attempt_of.get(course)
        if attempt is None:
            return True
        course.deferring = True
        world, ti = self._world, course.ti
        kind = world.runs[world.ti_run[ti]].dag.kind[world.ti_task[ti]]
        self._triggerer.defer(ti, attempt, kind, for_us=us)
        return False

    def _touch(self, course: Course, name: str, kind: Touch) -> None:
        self._world.trace.touches.log(self._world.now, course.ti, course.try_number, kind, name)

    # -- questions ----------------------------------------------------------------------------

    def of(self, ti: int) -> Course | None:
        """The course of a task instance that is on a worker or deferred."""
        attempt = self._attempts.running.get(ti)
        if attempt is not None:
            return attempt.plan.course
        deferral = self._triggerer.deferred.get(ti)
        if deferral is None and (back := self._triggerer.resuming.get(ti)) is not None:
            deferral = back[0]
        return None if deferral is None else deferral.plan.course

    def _label(self, course: Course) -> str:
        run = self._world.runs[self._world.ti_run[course.ti]]
        return f"{self._attempts.label(course.ti)} of {run.name}"

    def end_all(self, now: int) -> None:
        """The window ends: write down who still waits, and since when."""
        for course in self._attempt_of:
            if course.waits_for and now > course.waits_since:
                pause = (course.ti, course.waits_for, course.waits_since, now)
                self._world.trace.pauses.append(pause)
