"""Lanes: the scheduled task instances in order, so that what can't go on costs nothing.

A lane is what one run has scheduled in one pool (a task that can be passed over as a whole has a
lane of its own). Each pool keeps its lanes by their heads, and one heap keeps the pools by theirs.
Lanes of a run at its ``max_active_tasks`` are parked, full pools are left out, until there is room.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from heapq import heappop, heappush

from windtunnel.engine.program import MAP_SHIFT
from windtunnel.engine.world import SCHEDULED, Run, World

Key = tuple[int, int, int, int, int]
"""(-weight, logical date, map index, rank of the DAG, task instance)."""

TI = (1 << MAP_SHIFT) - 1
"""The part of a code that is the task instance."""

FIRST = -(1 << 62)
"""A run without logical date comes first (SQLite and MySQL)."""


class Lane:
    """Scheduled task instances of one run and pool, best first."""

    __slots__ = ("entry", "heap", "pool", "run", "task")

    def __init__(self, run: Run, pool: int, task: int) -> None:
        self.run = run
        self.pool = pool
        self.task = task
        """The task, if it has a lane of its own; else -1."""
        self.heap: list[int] = []
        """Codes: the order within one run is (weight, map index, task instance), packed in one
        integer."""
        self.entry: int | None = None
        """The head under which the pool knows this lane; other entries there are stale."""


class Lanes:
    """All lanes, and the best head of each pool."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lanes: list[Lane] = []
        self._pools: list[list[tuple[Key, int]]] = [[] for _ in world.program.pools]
        """By pool: a heap of (head, number of the lane)."""
        self._heads: list[tuple[Key, int]] = []
        """A heap of (best head, pool)."""
        self._listed: list[Key | None] = [None for _ in world.program.pools]
        """The head under which each pool is in that heap; other entries there are stale."""

    def __getitem__(self, number: int) -> Lane:
        """The lane of this number."""
        return self._lanes[number]

    def add(self, ti: int) -> None:
        """A task instance just became scheduled."""
        world = self._world
        run = world.runs[world.ti_run[ti]]
        dag, task = run.dag, world.ti_task[ti]
        pool = dag.pools[task]
        own = task if dag.own_lane[task] else -1
        number = run.lanes.get((pool, own))
        if number is None:
            number = len(self._lanes)
            self._lanes.append(Lane(run, pool, own))
            run.lanes[pool, own] = number
        code = dag.code[task] + ti - task | world.ti_map[ti] + 1 << MAP_SHIFT
        heappush(self._lanes[number].heap, code)
        self.enter(number)

    def enter(self, number: int) -> None:
        """Make sure that the pool knows the lane under its present head."""
        lane = self._lanes[number]
        if lane.heap and lane.entry != lane.heap[0]:
            lane.entry = lane.heap[0]
            heappush(self._pools[lane.pool], (self._key(lane), number))
            self._list(lane.pool)

    def take(self, number: int) -> int:
        """Take the head out of a lane. One that was scheduled, skipped, and scheduled again lies
        there twice."""
        heap = self._lanes[number].heap
        code = heappop(heap)
        while heap and heap[0] == code:
            heappop(heap)
        self.enter(number)
        return code

    def put_back(self, taken: list[tuple[int, int]], chosen: Container[int]) -> None:
        """Of (code, lane) that were taken or, with code -1, passed over, what was not chosen goes
        back."""
        for code, number in taken:
            if code >= 0 and code & TI not in chosen:
                heappush(self._lanes[number].heap, code)
        for _, number in taken:
            self.enter(number)

    def in_order(self, starved: Container[int]) -> Iterator[tuple[Key, int]]:
        """(head, lane) over all pools with room that are not ``starved``, best first. Each lane
        leaves its pool with that, until it is entered again."""
        left_out: list[int] = []
        try:
            while (best := self._best(starved, left_out)) is not None:
                key, pool = best
                heappop(self._heads)
                self._listed[pool] = None
                number = heappop(self._pools[pool])[1]
                self._lanes[number].entry = None
                self._list(pool)
                yield key, number
        finally:
            for pool in left_out:
                self._list(pool)

    def best(self, starved: Container[int]) -> Key | None:
        """The first candidate, which stays where it is."""
        left_out: list[int] = []
        found = self._best(starved, left_out)
        for pool in left_out:
            self._list(pool)
        return None if found is None else found[0]

    def first_of_each_pool(self) -> Iterator[Lane]:
        """The lane whose turn would be first, of each pool for which anything waits."""
        for pool, lanes in enumerate(self._pools):
            self._settle(pool)
            if lanes:
                yield self._lanes[lanes[0][1]]

    def free(self) -> None:
        """Take in again what has room since the last time."""
        world = self._world
        runs, world.freed_runs = world.freed_runs, []
        for run in runs:
            if run.parked and not self._must_park(run):
                parked, run.parked = run.parked, []
                for number in set(parked):
                    self.enter(number)
        pools, world.freed_pools = world.freed_pools, {}
        for pool in pools:
            self._list(pool)

    def _best(self, starved: Container[int], left_out: list[int]) -> tuple[Key, int] | None:
        """The first entry of ``_heads`` that is true; false ones go, and starved pools with
        them."""
        heads, listed = self._heads, self._listed
        while heads:
            key, pool = heads[0]
            if listed[pool] != key:
                heappop(heads)
                continue
            self._settle(pool)
            lanes = self._pools[pool]
            if lanes and lanes[0][0] == key and pool not in starved and self._has_room(pool):
                return heads[0]
            heappop(heads)
            listed[pool] = None
            if pool in starved:
                left_out.append(pool)
            elif lanes and lanes[0][0] != key:
                self._list(pool)
        return None

    def _has_room(self, pool: int) -> bool:
        """A pool that doesn't exist is asked for like any other, in vain."""
        world = self._world
        opened = world.pool_open(pool)
        return opened is None or opened > 0 or world.pool_slots[pool] is None

    def _list(self, pool: int) -> None:
        """Make sure that the pool is in the heap under its present head."""
        lanes = self._pools[pool]
        if lanes and self._listed[pool] != lanes[0][0]:
            self._listed[pool] = lanes[0][0]
            heappush(self._heads, (lanes[0][0], pool))

    def _settle(self, pool: int) -> None:
        """Drop entries that are no lane's head any more; park lanes of runs at their limit."""
        state, lanes = self._world.state, self._pools[pool]
        while lanes:
            key, number = lanes[0]
            lane = self._lanes[number]
            if lane.entry is None or lane.entry & TI != key[4]:
                heappop(lanes)
                continue
            while lane.heap and state[lane.heap[0] & TI] != SCHEDULED:
                heappop(lane.heap)
            if lane.heap and lane.heap[0] == lane.entry and not self._is_parked(lane, number):
                return
            heappop(lanes)
            lane.entry = None
            if not lane.run.parked or lane.run.parked[-1] != number:
                self.enter(number)

    def _is_parked(self, lane: Lane, number: int) -> bool:
        """Put the lane of a run at its limit (3.x), or of a paused DAG, aside until it may go
        on."""
        if not self._must_park(lane.run):
            return False
        lane.run.parked.append(number)
        return True

    def _must_park(self, run: Run) -> bool:
        if self._world.paused[run.dag.number]:
            return True
        is_full = run.active >= run.dag.max_active_tasks
        return is_full and self._world.profile.candidate_window

    def _key(self, lane: Lane) -> Key:
        """The place of a lane's head among all candidates."""
        run, ti = lane.run, lane.heap[0] & TI
        logical = FIRST if run.logical is None else run.logical_us
        weight = run.dag.weight[self._world.ti_task[ti]]
        return (-weight, logical, self._world.ti_map[ti], run.dag.rank, ti)
