"""The express lane: the same decisions for plain work of one run, in one loop.

Most instants of a large run are alike: a task succeeds, others become ready, the best of those that
wait takes its place. Where nothing else can happen - no retry, no limit of its own, no mapping, no
other run with work in flight - this loop does what the scheduler's passes would do, event for
event, and leaves the world as they would. It stops before anything that it doesn't know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush, heappushpop, heapreplace

from windtunnel.engine.parts import Parts
from windtunnel.engine.queueing import TI, UNLIMITED
from windtunnel.engine.world import QUEUED, RUNNING, SCHEDULED, SUCCESS, Run
from windtunnel.trace.states import RunState

END = 0
READY, ENTERED = bytes([SCHEDULED]), bytes([QUEUED])
STARTED, SUCCEEDED = bytes([RUNNING]), bytes([SUCCESS])
ENTERED_AND_STARTED = ENTERED + STARTED
ONE_FOR_ONE = SUCCEEDED + ENTERED + STARTED
ONE_FOR_TWO = SUCCEEDED + READY + ENTERED + STARTED
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
            parts.choices is None and parts.workers.unlimited and world.profile.candidate_window
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
        if handled < SHORTEST:
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
        tries = parts.tries
        if tries.running or tries.deferred or world.dirty or not tries.heap:
            return None
        if parts.waits.any or parts.start.has_work:
            return None
        run = world.runs[world.ti_run[tries.heap[0][3]]]
        if not run.dag.plain or run.state != RunState.RUNNING or run.pending or run.todo:
            return None
        if run.instances or run.active != world.occupied or len(run.lanes) != 1:
            return None
        if len(tries.heap) != run.active:
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

    def run(self, limit: float) -> int:
        """Handle instants until something else is due; return how many.

        One function, because it is the loop that everything waits for; in the order in which the
        scheduler does it: ends, what became ready, then page by page what is queued and starts.
        """
        world, tries, run, dag = self._world, self._parts.tries, self._run, self._run.dag
        durations, first, base, slot = self._durations, self._first, run.ti0, run.slot0
        downstream, weight = dag.downstream, dag.code
        events, state, tried = tries.heap, world.state, world.tries
        success = world.up_success
        when, who = world.trace.when.extend, world.trace.who.extend
        log = world.trace.state.frombytes
        waiting, need = self._waiting(), dag.need
        most = world.cluster.max_tis_per_query or UNLIMITED
        number, unfinished, free, handled = tries.number, run.unfinished, self._room(), 0
        full = not free and bool(waiting)
        others: list[int] = []
        at = world.now
        spare = unfinished - len(events)
        while spare > 0 and events:
            event = events[0]
            if event[0] > limit:
                break
            at = event[0]
            handled += 1
            if full and len(events) > 2 and events[1][0] != at != events[2][0]:
                # By far the most frequent instant: one task ends, and one takes its place.
                ti = event[3]
                state[ti] = SUCCESS
                spare -= 1
                ready = -1
                for down in downstream[ti - base]:
                    place = slot + down
                    count = success[place] + 1
                    success[place] = count
                    if count == need[down]:
                        if ready >= 0:
                            others.append(ready)
                        ready = base + down
                number += 1
                if ready < 0:
                    chosen = heappop(waiting) & TI
                    when((at, at, at))
                    who((ti, chosen, chosen))
                    log(ONE_FOR_ONE)
                else:
                    state[ready] = SCHEDULED
                    tried[ready] = 1
                    if others:
                        who((ti, *others, ready))
                        log(SUCCEEDED + READY * len(others) + READY)
                        when((at,) * (len(others) + 2))
                        for other in others:
                            state[other] = SCHEDULED
                            tried[other] = 1
                            heappush(waiting, weight[other - base] | other)
                        others.clear()
                        chosen = heappushpop(waiting, weight[ready - base] | ready) & TI
                        when((at, at))
                        who((chosen, chosen))
                        log(ENTERED_AND_STARTED)
                    else:
                        chosen = heappushpop(waiting, weight[ready - base] | ready) & TI
                        when((at, at, at, at))
                        who((ti, ready, chosen, chosen))
                        log(ONE_FOR_TWO)
                state[chosen] = RUNNING
                heapreplace(events, (at + durations[chosen - first], END, number, chosen))
                if not waiting:
                    full = False
                    self._leave(at, number, spare + len(events), free)
                    self._note()
                continue
            unfinished = spare + len(events)
            ids = [heappop(events)[3]]
            while events and events[0][0] == at:
                ids.append(heappop(events)[3])
            free += len(ids)
            unfinished -= len(ids)
            woken = []
            for ti in ids:
                state[ti] = SUCCESS
                for down in downstream[ti - base]:
                    count = success[slot + down] + 1
                    success[slot + down] = count
                    if count == need[down]:
                        woken.append(base + down)
            states = SUCCEEDED * len(ids)
            if woken:
                woken.sort()
                for ti in woken:
                    state[ti] = SCHEDULED
                    tried[ti] = 1
                    heappush(waiting, weight[ti - base] | ti)
                ids += woken
                states += READY * len(woken)
            while free and waiting:
                count = min(free, most, len(waiting))
                page = [heappop(waiting) & TI for _ in range(count)]
                ids += page
                ids += page
                states += ENTERED * count + STARTED * count
                free -= count
                for ti in page:
                    number += 1
                    state[ti] = RUNNING
                    heappush(events, (at + durations[ti - first], END, number, ti))
            when((at,) * len(ids))
            who(ids)
            log(states)
            spare = unfinished - len(events)
            if full is not (not free and bool(waiting)):
                full = not full
                self._leave(at, number, unfinished, free)
                self._note()
        if handled:
            self._leave(at, number, spare + len(events), free)
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
            world.cluster.parallelism - world.occupied,
            run.dag.max_active_tasks - run.active,
            UNLIMITED if opened is None else opened,
        )
        return max(0, room)

    def _leave(self, at: int, number: int, unfinished: int, free: int) -> None:
        """Write the accounts back, as `World.move` would have kept them."""
        world, run = self._world, self._run
        more = self._room() - free
        world.now = at
        world.occupied += more
        run.active += more
        world.dag_active[run.dag.number] += more
        world.pool_used[self._lane.pool] += more
        world.waiting = world.waiting_in[self._lane.pool] = len(self._lane.heap)
        world.dag_waiting[run.dag.number] = run.waiting = world.waiting
        world.note_full(run)
        run.busy = run.active + world.waiting
        run.unfinished = unfinished
        self._parts.tries.number = number
        world.freed_runs.append(run)
        self._parts.section.enter(self._number)

    def _note(self) -> None:
        """A limit began or ceased to bind: let the critical section find out which."""
        parts = self._parts
        if self._world.waiting:
            parts.section.choose()
        parts.bindings.note(parts.section)
