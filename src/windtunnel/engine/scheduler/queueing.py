"""The critical section: which scheduled task instances are queued now, and which wait.

From Airflow: ``jobs/scheduler_job_runner.py: _executable_task_instances_to_queued``. Candidates
come by (-priority weight, logical date, map index), then as SQLite returns them: by dag_id in 3.x,
and in order of creation. A candidate that does not fit is passed over, not waited for.
"""

from __future__ import annotations

from collections.abc import Iterator

from windtunnel.engine.program import UNLIMITED
from windtunnel.engine.scheduler.lanes import Key, Lane, Lanes
from windtunnel.engine.steered import Steered
from windtunnel.engine.world import Run, World

MOST_EQUALS = 64
"""Of so many equal candidates a search chooses who is first, where it chooses at all: of a herd of
hundreds, whoever usually comes last stays behind the others."""


class Starved:
    """What one critical section has learned cannot get anything any more."""

    __slots__ = ("dags", "pools", "run_tasks", "tasks")

    def __init__(self) -> None:
        self.pools: set[int] = set()
        self.dags: set[int] = set()
        self.tasks: dict[tuple[int, int], str] = {}
        """(DAG, task) -> what said no: ``pool``, ``limit`` or ``executor``."""
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

    def __init__(self, world: World, steered: Steered | None) -> None:
        self._world = world
        self._steered = steered
        self.lanes = Lanes(world)
        self._has_executors = world.cluster.executor is not None
        self.starved = Starved()
        """What the last critical section learned."""
        self.unseen: tuple[tuple[str, int], ...] = ()
        """What said how many are looked at (no more than the executor, or all pools together, have
        open slots), and each pool with room whose candidates come behind the last of them."""
        self._opened: dict[int, int] = {}
        """Slots that the last walk left open, by pool."""

    def choose(self, free: int) -> list[int]:
        """The task instances to queue now, in the order in which the executor takes them; it has
        ``free`` slots."""
        world = self._world
        self.lanes.free()
        self.starved = Starved()
        self.unseen = ()
        if not world.waiting:
            return []
        size = world.cluster.max_tis_per_query
        cap = min(size or free, free, world.program.unused_slots + world.open_slots)
        if cap <= 0:
            return []
        starved = self.starved
        while True:
            known = starved.facts()
            taken: list[tuple[int, int]] = []
            page = self._page(cap, starved, taken)
            chosen = self._walk(page, starved)
            self.lanes.put_back(taken, set(chosen))
            if chosen or len(page) < cap or starved.facts() == known:
                # Behind an executor that is full now everybody waits for that.
                if len(page) == cap and len(chosen) < min(world.waiting, free):
                    why = {size or free: "max_tis_per_query", free: "parallelism"}
                    by = why.get(cap, "open pool slots")
                    self.unseen = tuple((by, pool) for pool in self._unseen(starved))
                return chosen

    def _unseen(self, starved: Starved) -> Iterator[int]:
        """What was looked at and is not chosen has made known why; whatever else waits for a pool
        with room was not looked at."""
        for lane in self.lanes.first_of_each_pool():
            opened = self._opened.get(lane.pool)
            if opened is None:
                free = self._world.pool_open(lane.pool)
                opened = UNLIMITED if free is None else free
            if opened > 0 and lane.pool not in starved.pools and not starved.has(lane):
                yield lane.pool

    # -- the page: what the query returns -----------------------------------------------------

    def _page(
        self, cap: int, starved: Starved, taken: list[tuple[int, int]]
    ) -> list[tuple[Key, Lane]]:
        """The first ``cap`` candidates; in 3.x each run offers at most ``max_active_tasks``.

        ``taken`` receives (code, lane) of what was taken out of the lanes on the way; code -1 means
        that a lane was only looked at."""
        page: list[tuple[Key, Lane]] = []
        offered: dict[int, int] = {}
        for key, number in self.lanes.in_order(starved.pools):
            lane = self.lanes[number]
            run = lane.run
            if not self._may_offer(run, offered, lane, starved):
                taken.append((-1, number))
                continue
            taken.append((self.lanes.take(number), number))
            offered[run.index] = offered.get(run.index, 0) + 1
            page.append((key, lane))
            if len(page) >= cap and self._is_settled(page, starved, cap):
                break
        return self._tie_broken(page, cap)[:cap]

    def _is_settled(self, page: list[tuple[Key, Lane]], starved: Starved, cap: int) -> bool:
        """Whether no further candidate is equal to the last one (asked only when ties are
        explored), or so many are that somebody comes first who usually comes late."""
        if self._steered is None or len(page) >= max(MOST_EQUALS, 2 * cap):
            return True
        key = page[-1][0]
        following = self.lanes.best(starved.pools)
        return following is None or following[:3] != key[:3]

    def _tie_broken(self, page: list[tuple[Key, Lane]], cap: int) -> list[tuple[Key, Lane]]:
        """The page with equals in the order that somebody chose, as far as it is looked at."""
        if self._steered is None:
            return page
        ordered: list[tuple[Key, Lane]] = []
        name_of = self._world.name_of
        start = 0
        for end in range(1, len(page) + 1):
            if end == len(page) or page[end][0][:3] != page[start][0][:3]:
                group = page[start:end]
                names = [name_of(key[4]) for key, _ in group]
                while len(group) > 1 and len(ordered) < cap:
                    first = self._steered.first(names)
                    names.pop(first)
                    ordered.append(group.pop(first))
                ordered.extend(group)
                start = end
        return ordered

    def _may_offer(self, run: Run, offered: dict[int, int], lane: Lane, starved: Starved) -> bool:
        if starved.has(lane):
            return False
        if not self._world.profile.candidate_window:
            return True
        return offered.get(run.index, 0) < run.dag.max_active_tasks

    # -- the walk: what is taken of the page ---------------------------------------------------

    def _walk(self, page: list[tuple[Key, Lane]], starved: Starved) -> list[int]:
        world = self._world
        chosen: list[int] = []
        taken = _Taken(world)
        self._opened = opened = {}
        for key, lane in page:
            ti, run = key[4], lane.run
            dag, task = run.dag, world.ti_task[key[4]]
            own = dag.tasks[task]
            total = world.pool_slots[lane.pool]
            if lane.pool not in opened:
                free = world.pool_open(lane.pool)
                opened[lane.pool] = UNLIMITED if free is None else free
            if total is None or opened[lane.pool] <= 0:
                starved.pools.add(lane.pool)
            elif own.pool_slots > opened[lane.pool]:
                # larger than the pool, or than what is free of it now: lower weights may go on
                starved.tasks[dag.number, task] = "pool"
            elif taken.active(run) >= dag.max_active_tasks:
                starved.dags.add(dag.number)
            elif taken.is_at_dag_limit(run, task):
                starved.tasks[dag.number, task] = "limit"
            elif taken.is_at_run_limit(run, task):
                starved.run_tasks.add((run.index, task))
            elif self._has_executors and world.cluster.lacks_executor(own):
                starved.tasks[dag.number, task] = "executor"
            else:
                chosen.append(ti)
                opened[lane.pool] -= own.pool_slots
                taken.add(run, task)
        return chosen


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
