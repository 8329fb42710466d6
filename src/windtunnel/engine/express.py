"""The express lane: the same decisions for plain work of one run, in one loop.

Most instants of a large run are alike: a task succeeds, others become ready, the best of those that
wait takes its place. Where nothing else can happen - no retry, no limit of its own, no mapping, no
other run with work in flight - this loop does what the scheduler's passes would do, event for
event, and leaves the world as they would. It stops before anything that it doesn't know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush, heappushpop, heapreplace
from itertools import repeat

from windtunnel.engine.parts import Parts
from windtunnel.engine.program import UNLIMITED
from windtunnel.engine.scheduler.lanes import TI
from windtunnel.engine.scheduler.queueing import Starved
from windtunnel.engine.world import QUEUED, RUNNING, SCHEDULED, SUCCESS, Run
from windtunnel.trace.states import RunState

END = 0
READY, ENTERED = bytes([SCHEDULED]), bytes([QUEUED])
STARTED, SUCCEEDED = bytes([RUNNING]), bytes([SUCCESS])
ONE_FOR_ONE = SUCCEEDED + ENTERED + STARTED
ONE_FOR_TWO = SUCCEEDED + READY + ENTERED + STARTED
NEVER = (1 << 62, END, 0, 0)
"""Two of these stand behind the real events, so that a second and a third always exist."""
CHUNK = 4096
"""Instants between two times that what changed is written down."""
SHORTEST = 32
"""Instants that a stretch should have: where they are shorter, it is tried less often."""


class Express:
    """Runs ahead of the scheduler's passes where plain work is all there is."""

    def __init__(self, parts: Parts, other_due: Callable[[], int | None]) -> None:
        self._parts = parts
        self._planner = parts.planner
        self._other_due = other_due
        self._rest = 0
        """Instants to let pass before the next attempt."""
        self._pause = 1
        self._positive: dict[int, bool] = {}
        """By DAG: whether all its tasks take some time."""
        world = parts.world
        self._possible = (
            parts.steered is None
            and parts.workers.unlimited
            and world.profile.candidate_window
            and world.cluster.loop is None
            and not world.scenario.faults
        )

    def run(self, limit: float) -> int:
        """Handle instants up to ``limit``; return the last one handled."""
        world = self._parts.world
        if self._rest:
            self._rest -= 1
            return world.now
        if not self._possible:
            return world.now
        run = self._only_run()
        if run is None:
            self._wait_longer()
            return world.now
        due = self._other_due()
        if due is not None:
            limit = min(limit, due - 1)
        durations, first = self._durations(run)
        if durations is None:
            self._possible = self._planner.durations is None
            self._wait_longer()
            return world.now
        handled = _Stretch(self._parts, run, durations, first).run(limit)
        if handled < max(SHORTEST, world.waiting // SHORTEST):
            self._wait_longer()
        else:
            self._pause = 1
        return world.now

    def _durations(self, run: Run) -> tuple[Sequence[int] | None, int]:
        """Microseconds of each task, and which task instance the first one is of; None if some end
        in the instant they start, because those instants begin anew."""
        given, first = self._planner.durations, 0
        if given is None:
            given, first = self._planner.steady(run.dag.number), run.ti0
        if run.dag.number not in self._positive:
            self._positive[run.dag.number] = given is not None and min(given, default=0) > 0
        return (given if self._positive[run.dag.number] else None), first

    def _wait_longer(self) -> None:
        self._pause = min(self._pause * 2, 4096)
        self._rest = self._pause

    def _only_run(self) -> Run | None:
        """The one run with work in flight, if it is plain and alone."""
        parts, world = self._parts, self._parts.world
        heap = parts.agenda.heap
        if parts.attempts.running or parts.triggerer.deferred or world.dirty or not heap:
            return None
        if parts.waits.any or parts.start.has_work:
            return None
        run = world.runs[world.ti_run[heap[0][3]]]
        if not run.dag.plain or run.state != RunState.RUNNING or run.pending or run.todo:
            return None
        if run.instances or run.active != world.occupied or len(run.lanes) != 1:
            return None
        if not run.dag.has_one_pool:
            return None
        if len(heap) != run.active:
            return None  # something else is due besides its tries
        return run if self._all_waiting_in(run) else None

    def _all_waiting_in(self, run: Run) -> bool:
        """Whether every scheduled task instance lies in the run's lane."""
        world, section = self._parts.world, self._parts.section
        lane = section.lanes[next(iter(run.lanes.values()))]
        mine = sum(1 for code in lane.heap if world.state[code & TI] == SCHEDULED)
        return mine == world.waiting


class _Stretch:
    """One stretch of instants of one run."""

    def __init__(self, parts: Parts, run: Run, durations: Sequence[int], first: int) -> None:
        self._parts = parts
        self._world = parts.world
        self._run = run
        self._durations = durations
        self._first = first
        """The task instance that the first duration is of."""
        self._number = next(iter(run.lanes.values()))
        self._lane = parts.section.lanes[self._number]
        self._changes: list[int] = []
        """Who changed, not yet in the history; their instants and states are."""
        self._limits: tuple[str, ...] | None = None
        """What binds when there is no room. All limits move together: it is always the same."""

    def run(self, limit: float) -> int:
        """Handle instants until something else is due; return how many.

        One function, because it is the loop that everything waits for; in the order in which the
        scheduler does it: ends, what became ready, then page by page what is queued and starts.
        Somebody waits only while there is no room. What runs and what waits gets its state when
        the stretch ends.
        """
        world, agenda, run, dag = self._world, self._parts.agenda, self._run, self._run.dag
        durations, first, base, slot = self._durations, self._first, run.ti0, run.slot0
        downstream, code, left = dag.downstream, dag.code, world.up_left
        events, state, tried = agenda.heap, world.state, world.tries
        history = world.trace.history
        instants, firsts, states = history.instants.append, history.firsts.append, history.states
        who, logged = self._changes.extend, len(history)
        waiting = self._waiting()
        most = world.cluster.max_tis_per_query or UNLIMITED
        number, unfinished, free = agenda.number, run.unfinished, self._room()
        full = bool(waiting)
        woken: list[int] = []
        ended: list[int] = []
        begun = len(history.instants)
        events += (NEVER, NEVER)
        while True:
            # By far the most frequent instant: one task ends, the best that waits takes its place.
            before = number
            for _ in repeat(None, min(CHUNK, len(waiting))):
                event = events[0]
                at = event[0]
                if at > limit or events[1][0] == at or events[2][0] == at:
                    break
                ti = event[3]
                state[ti] = SUCCESS
                ready = -1
                for down in downstream[ti - base]:
                    place = slot + down
                    still = left[place] - 1
                    left[place] = still
                    if not still:
                        if ready >= 0:
                            woken.append(ready)
                        ready = down
                instants(at)
                firsts(logged)
                number += 1
                if ready < 0:
                    chosen = heappop(waiting) & TI
                    who((ti, chosen, chosen))
                    states += ONE_FOR_ONE
                    logged += 3
                elif not woken:
                    new = base + ready
                    tried[new] = 1
                    chosen = heappushpop(waiting, code[ready] + base) & TI
                    who((ti, new, chosen, chosen))
                    states += ONE_FOR_TWO
                    logged += 4
                else:
                    woken.append(ready)
                    for one in woken:
                        tried[base + one] = 1
                        heappush(waiting, code[one] + base)
                    chosen = heappop(waiting) & TI
                    who((ti, *[base + one for one in woken], chosen, chosen))
                    states += SUCCEEDED + READY * len(woken) + ENTERED + STARTED
                    logged += 3 + len(woken)
                    woken.clear()
                heapreplace(events, (at + durations[chosen - first], END, number, chosen))
            unfinished -= number - before
            if full and not waiting:
                full = False
                self._ease(history.instants[-1])
            # Nobody waits: what becomes ready starts at once. The run's last end is not for here.
            passed = len(history.instants)
            for _ in repeat(None, 0 if waiting else min(CHUNK, unfinished - 1)):
                event = events[0]
                at = event[0]
                if at > limit or events[1][0] == at or events[2][0] == at:
                    break
                ti = event[3]
                state[ti] = SUCCESS
                ready = -1
                for down in downstream[ti - base]:
                    place = slot + down
                    still = left[place] - 1
                    left[place] = still
                    if not still:
                        if ready >= 0:
                            woken.append(ready)
                        ready = down
                instants(at)
                firsts(logged)
                if woken:
                    woken.append(ready)
                    heappop(events)
                    if len(woken) > min(free + 1, most):
                        ended.append(ti)
                        break
                    page = [c & TI for c in sorted([code[one] + base for one in woken])]
                    who((ti, *[base + one for one in woken], *page, *page))
                    count = len(page)
                    states += SUCCEEDED + READY * count + ENTERED * count + STARTED * count
                    logged += 1 + 3 * count
                    free += 1 - count
                    for new in page:
                        tried[new] = 1
                        number += 1
                        heappush(events, (at + durations[new - first], END, number, new))
                    woken.clear()
                elif ready < 0:
                    heappop(events)
                    free += 1
                    who((ti,))
                    states += SUCCEEDED
                    logged += 1
                else:
                    new = base + ready
                    tried[new] = 1
                    number += 1
                    who((ti, new, new, new))
                    states += ONE_FOR_TWO
                    logged += 4
                    heapreplace(events, (at + durations[new - first], END, number, new))
            unfinished -= len(history.instants) - passed
            self._write_down()
            if not ended:
                at = events[0][0]
                if at > limit:
                    break
                if events[1][0] != at != events[2][0]:
                    if unfinished < 2:
                        break
                    continue
                # Several end at one instant. The last ends of the run are not for this loop.
                due = []
                while events[0][0] == at:
                    due.append(heappop(events))
                if unfinished == len(due):
                    for event in due:
                        heappush(events, event)
                    break
                for event in due:
                    ti = event[3]
                    ended.append(ti)
                    state[ti] = SUCCESS
                    for down in downstream[ti - base]:
                        left[slot + down] -= 1
                        if not left[slot + down]:
                            woken.append(down)
                woken.sort()
                unfinished -= len(ended)
                instants(at)
                firsts(logged)
            free += len(ended)
            who(ended)
            logged += len(ended) + len(woken)
            states += SUCCEEDED * len(ended) + READY * len(woken)
            ended.clear()
            for one in woken:
                who((base + one,))
                tried[base + one] = 1
                heappush(waiting, code[one] + base)
            woken.clear()
            while free and waiting:
                count = min(free, most, len(waiting))
                page = [heappop(waiting) & TI for _ in repeat(None, count)]
                who(page)
                who(page)
                states += ENTERED * count + STARTED * count
                logged += 2 * count
                free -= count
                for ti in page:
                    number += 1
                    heappush(events, (at + durations[ti - first], END, number, ti))
            if full is not bool(waiting):
                full = not full
                if full:
                    self._account(at, number, unfinished, free)
                    self._press(at)
                else:
                    self._ease(at)
        handled = len(history.instants) - begun
        self._leave(history.instants[-1] if handled else world.now, number, unfinished, free)
        return handled

    def _waiting(self) -> list[int]:
        """The lane without what left it by another way: the loop works on it in place."""
        state, heap = self._world.state, self._lane.heap
        heap[:] = [code for code in heap if state[code & TI] == SCHEDULED]
        heapify(heap)
        return heap

    def _room(self) -> int:
        """How many more may be queued or running. All its limits move together here, because every
        task of the run takes one slot of each."""
        world, run = self._world, self._run
        opened = world.pool_open(self._lane.pool)
        room = min(
            world.cluster.executor_slots - world.occupied,
            run.dag.max_active_tasks - run.active,
            UNLIMITED if opened is None else opened,
        )
        return max(0, room)

    def _write_down(self) -> None:
        """Who changed goes into the history."""
        self._world.trace.history.who.extend(self._changes)
        self._changes.clear()

    def _account(self, at: int, number: int, unfinished: int, free: int) -> None:
        """Write the accounts back, as `World.move` would have kept them."""
        world, run = self._world, self._run
        more = self._room() - free
        world.now = at
        world.occupied += more
        run.active += more
        world.dag_active[run.dag.number] += more
        world.use_pool(self._lane.pool, more)
        world.waiting = len(self._lane.heap)
        world.waiting_in[self._lane.pool] = world.waiting
        world.note_pool(self._lane.pool)
        world.dag_waiting[run.dag.number] = run.waiting = world.waiting
        world.note_full(run)
        run.busy = run.active + world.waiting
        run.unfinished = unfinished
        self._parts.agenda.number = number

    def _leave(self, at: int, number: int, unfinished: int, free: int) -> None:
        """Leave the world as the passes would have left it."""
        world, events = self._world, self._parts.agenda.heap
        self._account(at, number, unfinished, free)
        events[:] = [event for event in events if event is not NEVER]
        heapify(events)
        for event in events:
            world.state[event[3]] = RUNNING
        for code in self._lane.heap:
            world.state[code & TI] = SCHEDULED
        world.freed_runs.append(self._run)
        self._parts.section.starved = Starved()
        self._parts.section.lanes.enter(self._number)

    def _press(self, at: int) -> None:
        """Somebody waits from now on: note which limits bind."""
        bindings = self._parts.bindings
        if self._limits is None:
            # It may be known as full from before this stretch, and noted as over within it.
            self._world.toggled["pool", self._lane.pool] = None
            self._world.toggled["run", self._run.index] = None
            self._parts.section.starved = Starved()
            bindings.note(self._parts.section)
            self._limits = bindings.binding
        else:
            bindings.begin(self._limits, at)

    def _ease(self, at: int) -> None:
        """Nobody waits any more."""
        self._parts.bindings.end_all(at)
