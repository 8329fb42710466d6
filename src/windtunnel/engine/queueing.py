"""The critical section: which scheduled task instances are queued now, and which wait.

From Airflow: ``jobs/scheduler_job_runner.py: _executable_task_instances_to_queued``. Candidates
come by (-priority weight, logical date, map index), then as SQLite returns them: by dag_id in 3.x,
and in order of creation. A candidate that does not fit is passed over, not waited for.

Scheduled task instances lie in lanes, one for each run and pool (and one of its own for a task that
can be passed over as a whole). Each pool keeps an index of its lanes' heads, so that neither a full
pool nor a run at its limit costs anything for what waits behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from windtunnel.engine.choices import Choices
from windtunnel.engine.program import MAP_SHIFT
from windtunnel.engine.world import SCHEDULED, Run, World
from windtunnel.model import Cluster

Key = tuple[int, int, int, int, int]
"""(-weight, logical date, map index, rank of the DAG, task instance)."""

TI = (1 << MAP_SHIFT) - 1
"""The part of a code that is the task instance."""

UNLIMITED = 1 << 60
FIRST = -(1 << 62)
"""A run without logical date comes first (SQLite and MySQL)."""


class Lane:
    """Scheduled task instances of one run and pool, best first."""

    __slots__ = ("entry", "heap", "pool", "run", "task")

    def __init__(self, run: Run, pool: int, task: int) -> None:
        self.run = run
        self.pool = pool
        self.task = task
        self.heap: list[int] = []
        """Codes: the order within one run is (weight, map index, task instance), packed in one
        integer."""
        self.entry: int | None = None
        """The head under which the pool's index knows this lane; other entries there are stale."""


class Starved:
    """What one critical section has learned cannot get anything any more."""

    __slots__ = ("dags", "pools", "run_tasks", "tasks")

    def __init__(self) -> None:
        self.pools: set[int] = set()
        self.dags: set[int] = set()
        self.tasks: set[tuple[int, int]] = set()
        self.run_tasks: set[tuple[int, int]] = set()

    def facts(self) -> int:
        """How much is known; the query is repeated only while this grows."""
        return len(self.pools) + len(self.dags) + len(self.tasks) + len(self.run_tasks)

    def has(self, lane: Lane) -> bool:
        """Whether everything in this lane is filtered out of the query."""
        dag = lane.run.dag.number
        return (
            dag in self.dags
            or (dag, lane.task) in self.tasks
            or (lane.run.index, lane.task) in self.run_tasks
        )


class CriticalSection:
    """Holds the scheduled task instances and picks those to queue."""

    def __init__(self, world: World, choices: Choices | None) -> None:
        self._world = world
        self._choices = choices
        self.lanes: list[Lane] = []
        self._index: list[list[tuple[Key, int]]] = [[] for _ in world.program.pools]
        used = world.program.pool_number
        unused = [n for n in {"default_pool": 0, **world.cluster.pools} if n not in used]
        self._unused_slots = sum(_slots(world.cluster, name) for name in unused)
        """Slots of pools that no task names: they count for the size of the query."""
        self.starved = Starved()
        """What the last critical section learned."""

    def add(self, ti: int) -> None:
        """A task instance just became scheduled."""
        world = self._world
        run = world.runs[world.ti_run[ti]]
        dag, task = run.dag, world.ti_task[ti]
        pool = world.program.pool_of[dag.number][task]
        own = task if dag.own_lane[task] else -1
        number = run.lanes.get((pool, own))
        if number is None:
            number = len(self.lanes)
            self.lanes.append(Lane(run, pool, own))
            run.lanes[pool, own] = number
        code = dag.code[task] + ti - task | world.ti_map[ti] + 1 << MAP_SHIFT
        heappush(self.lanes[number].heap, code)
        self.enter(number)

    def choose(self, free: int) -> list[int]:
        """The task instances to queue now, in the order in which the executor takes them; it has
        ``free`` slots."""
        world = self._world
        self._unpark()
        self.starved = Starved()
        if not world.waiting:
            return []
        size = world.cluster.max_tis_per_query
        cap = self._cap(free if size == 0 else min(size, free))
        if cap <= 0:
            return []
        starved = self.starved
        opened = {pool: self._open(pool) for pool in world.waiting_in}
        starved.pools = {
            p for p, slots in opened.items() if slots <= 0 and world.pool_slots[p] is not None
        }
        while True:
            known = starved.facts()
            taken: list[tuple[int, int]] = []
            page = self._page(cap, starved, taken)
            chosen = self._walk(page, opened, starved)
            self._put_back(taken, set(chosen))
            if chosen or len(page) < cap or starved.facts() == known:
                return chosen

    def _cap(self, most: int) -> int:
        """How many rows the query may return: not more than all pools have free slots."""
        slots = self._unused_slots
        for pool in range(len(self._index)):
            if slots >= most:
                return most
            slots += max(0, self._open(pool))
        return min(slots, most)

    def _open(self, pool: int) -> int:
        slots = self._world.pool_open(pool)
        return UNLIMITED if slots is None else slots

    # -- the page: what the query returns -----------------------------------------------------

    def _page(
        self, cap: int, starved: Starved, taken: list[tuple[int, int]]
    ) -> list[tuple[Key, Lane]]:
        """The first ``cap`` candidates; in 3.x each run offers at most ``max_active_tasks``.

        ``taken`` receives (code, lane) of what was taken out of the lanes on the way; code -1 means
        that a lane was only looked at."""
        page: list[tuple[Key, Lane]] = []
        offered: dict[int, int] = {}
        for key, number in self._merged(starved):
            lane = self.lanes[number]
            run = lane.run
            if not self._may_offer(run, offered, lane, starved):
                taken.append((-1, number))
                continue
            taken.append((self._take(lane), number))
            self.enter(number)
            offered[run.index] = offered.get(run.index, 0) + 1
            page.append((key, lane))
            if len(page) == cap and self._is_settled(key, starved):
                break
        return self._tie_broken(page)[:cap]

    @staticmethod
    def _take(lane: Lane) -> int:
        """The head of a lane. One that was scheduled, skipped, and scheduled again lies there
        twice."""
        code = heappop(lane.heap)
        while lane.heap and lane.heap[0] == code:
            heappop(lane.heap)
        return code

    def _put_back(self, taken: list[tuple[int, int]], chosen: set[int]) -> None:
        """What was looked at and not chosen goes back into its lane."""
        for code, number in taken:
            if code >= 0 and code & TI not in chosen:
                heappush(self.lanes[number].heap, code)
        for _, number in taken:
            self.enter(number)

    def _is_settled(self, key: Key, starved: Starved) -> bool:
        """Whether no further candidate is equal to the last one (asked only when ties are
        explored)."""
        if self._choices is None:
            return True
        following = next(iter(self._merged(starved, peek=True)), None)
        return following is None or following[0][:3] != key[:3]

    def _tie_broken(self, page: list[tuple[Key, Lane]]) -> list[tuple[Key, Lane]]:
        if self._choices is None:
            return page
        ordered: list[tuple[Key, Lane]] = []
        start = 0
        for end in range(1, len(page) + 1):
            if end == len(page) or page[end][0][:3] != page[start][0][:3]:
                group = page[start:end]
                while len(group) > 1:
                    ordered.append(group.pop(self._choices.pick("tie", len(group))))
                ordered.extend(group)
                start = end
        return ordered

    def _may_offer(self, run: Run, offered: dict[int, int], lane: Lane, starved: Starved) -> bool:
        if starved.has(lane):
            return False
        if not self._world.profile.candidate_window:
            return True
        return offered.get(run.index, 0) < run.dag.max_active_tasks

    def _merged(self, starved: Starved, *, peek: bool = False) -> Iterator[tuple[Key, int]]:
        """Lane heads over all pools that are not starved, best first; each is taken out of the
        index."""
        heads: list[tuple[Key, int, int]] = []
        for pool in self._world.waiting_in:
            if pool in starved.pools:
                continue
            index = self._index[pool]
            self._settle_head(index)
            if index:
                heads.append((*index[0], pool))
        heapify(heads)
        while heads:
            key, number, pool = heads[0]
            if not peek:
                heappop(self._index[pool])
                self.lanes[number].entry = None
            yield key, number
            heappop(heads)
            self._settle_head(self._index[pool])
            if self._index[pool]:
                heappush(heads, (*self._index[pool][0], pool))

    def _settle_head(self, index: list[tuple[Key, int]]) -> None:
        """Drop entries that are no lane's head any more; park lanes of runs at their limit."""
        state = self._world.state
        while index:
            key, number = index[0]
            lane = self.lanes[number]
            if lane.entry is None or lane.entry & TI != key[4]:
                heappop(index)
                continue
            while lane.heap and state[lane.heap[0] & TI] != SCHEDULED:
                heappop(lane.heap)
            if lane.heap and lane.heap[0] == lane.entry and not self._is_parked(lane, number):
                return
            heappop(index)
            lane.entry = None
            if not lane.run.parked or lane.run.parked[-1] != number:
                self.enter(number)

    def _is_parked(self, lane: Lane, number: int) -> bool:
        """Put the lane of a run at its limit aside until the run has room again (3.x)."""
        run = lane.run
        if run.active < run.dag.max_active_tasks or not self._world.profile.candidate_window:
            return False
        run.parked.append(number)
        return True

    def enter(self, number: int) -> None:
        """Make sure that the pool's index knows the lane under its present head."""
        lane = self.lanes[number]
        if lane.heap and lane.entry != lane.heap[0]:
            lane.entry = lane.heap[0]
            heappush(self._index[lane.pool], (self._key(lane), number))

    def _key(self, lane: Lane) -> Key:
        """The place of a lane's head among all candidates."""
        run, ti = lane.run, lane.heap[0] & TI
        logical = FIRST if run.logical is None else run.logical_us
        weight = run.dag.weight[self._world.ti_task[ti]]
        return (-weight, logical, self._world.ti_map[ti], run.dag.rank, ti)

    def _unpark(self) -> None:
        """Runs below their limit again offer their lanes."""
        freed, self._world.freed_runs = self._world.freed_runs, []
        for run in freed:
            if run.parked and run.active < run.dag.max_active_tasks:
                parked, run.parked = run.parked, []
                for number in set(parked):
                    self.enter(number)

    # -- the walk: what is taken of the page ---------------------------------------------------

    def _walk(
        self, page: list[tuple[Key, Lane]], opened: dict[int, int], starved: Starved
    ) -> list[int]:
        world = self._world
        chosen: list[int] = []
        taken = _Taken(world)
        for key, lane in page:
            ti, run = key[4], lane.run
            dag, task = run.dag, world.ti_task[key[4]]
            own = dag.tasks[task]
            total = world.pool_slots[lane.pool]
            if total is None or opened[lane.pool] <= 0:
                starved.pools.add(lane.pool)
            elif own.pool_slots > opened[lane.pool]:
                # larger than the pool, or than what is free of it now: lower weights may go on
                starved.tasks.add((dag.number, task))
            elif taken.active(run) >= dag.max_active_tasks:
                starved.dags.add(dag.number)
            elif taken.is_at_dag_limit(run, task):
                starved.tasks.add((dag.number, task))
            elif taken.is_at_run_limit(run, task):
                starved.run_tasks.add((run.index, task))
            else:
                chosen.append(ti)
                opened[lane.pool] -= own.pool_slots
                taken.add(run, task)
        return chosen


def _slots(cluster: Cluster, name: str) -> int:
    pool = cluster.pool(name)
    assert pool is not None
    return UNLIMITED if pool.slots < 0 else pool.slots


class _Taken:
    """The concurrency map: what is active, and what this critical section already chose."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._per_run = world.profile.max_active_tasks_per == "run"
        self._of: dict[int, int] = {}
        self._of_task: dict[tuple[int, int], int] = {}
        self._of_run_task: dict[tuple[int, int], int] = {}

    def add(self, run: Run, task: int) -> None:
        """One more was chosen."""
        key = run.index if self._per_run else run.dag.number
        self._of[key] = self._of.get(key, 0) + 1
        whole, single = (run.dag.number, task), (run.index, task)
        self._of_task[whole] = self._of_task.get(whole, 0) + 1
        self._of_run_task[single] = self._of_run_task.get(single, 0) + 1

    def active(self, run: Run) -> int:
        """Queued and running task instances that max_active_tasks counts."""
        if self._per_run:
            return run.active + self._of.get(run.index, 0)
        return self._world.dag_active[run.dag.number] + self._of.get(run.dag.number, 0)

    def is_at_dag_limit(self, run: Run, task: int) -> bool:
        """``max_active_tis_per_dag`` is reached."""
        limit = run.dag.tasks[task].max_active_tis_per_dag
        if limit is None:
            return False
        active = self._world.dag_task_active[run.dag.number].get(task, 0)
        return active + self._of_task.get((run.dag.number, task), 0) >= limit

    def is_at_run_limit(self, run: Run, task: int) -> bool:
        """``max_active_tis_per_dagrun`` is reached."""
        limit = run.dag.tasks[task].max_active_tis_per_dagrun
        if limit is None:
            return False
        return run.task_active.get(task, 0) + self._of_run_task.get((run.index, task), 0) >= limit
