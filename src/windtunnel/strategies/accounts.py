"""Accounts: whether any limit was exceeded, recounted from the trace and the settings alone.

A limit is looked at where something takes a slot: a pool that somebody makes smaller may hold more
than its slots for a while, but nothing more gets in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from windtunnel.engine.faults.timeline import Window
from windtunnel.model import (
    Dag,
    DagChanged,
    PoolDeleted,
    PoolResized,
    Scenario,
    Task,
)
from windtunnel.result import Result
from windtunnel.trace import Event

HOLDS = frozenset({"queued", "running"})
"""States in which a task instance counts against limits (``ti_deps/dependencies_states.py:
EXECUTION_STATES``)."""

Account = tuple[str, ...]
"""A limit, and of what it is."""


def exceeded(result: Result) -> tuple[str, ...]:
    """The limits that were exceeded in a simulation, each with the first instant at which something
    took more than there was. There should be none: Airflow keeps its limits, and so does
    windtunnel; what says otherwise is a mistake of the simulation, or a fault such as
    ``limit_not_kept``.

    Looked at are pools, ``parallelism``, ``max_active_runs``, ``max_active_tasks``, and
    ``max_active_tis_per_dag`` and its like; not runs of DAGs that are backfilled, which have limits
    of their own.
    """
    accounts = _Accounts(result.scenario)
    found: dict[Account, str] = {}
    for event in result.trace.events():
        for account, used, limit in accounts.taken(event):
            if used > limit and account not in found:
                at = result.trace.at(event.at_us)
                found[account] = f"{' '.join(account)}: {used} of {limit} at {at.isoformat()}"
    return tuple(found.values())


class _Accounts:
    """Who holds how much of what, event by event."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._cluster = cluster = scenario.cluster
        later = [f.dag for f in scenario.faults if isinstance(f, DagChanged) and f.dag is not None]
        dags = (*scenario.fleet.dags, *later)
        self._dags: dict[str, list[Dag]] = {}
        self._tasks: dict[tuple[str, str], Task] = {}
        for dag in dags:
            self._dags.setdefault(dag.dag_id, []).append(dag)
            for task in dag.tasks:
                self._tasks.setdefault((dag.dag_id, task.task_id), task)
        self._per_run = cluster.airflow.max_active_tasks_per == "run"
        self._forgets = "LocalExecutor" in cluster.executor_names
        """3.x: what LocalExecutor has begun is not counted any more."""
        self._filled = {backfill.dag_id for backfill in scenario.backfills}
        self._sizes = [
            (fault.pool, _slots(fault), Window(fault, scenario.start))
            for fault in scenario.faults
            if isinstance(fault, PoolResized | PoolDeleted)
        ]
        self._used: Counter[Account] = Counter()
        self._state: dict[tuple[str, str, str | None, int], str] = {}

    def taken(self, event: Event) -> Iterator[tuple[Account, int, int]]:
        """What an event takes more of: the account, how much of it is used now, and its limit."""
        who = (event.dag_id, event.run, event.task_id, event.map_index)
        before, self._state[who] = self._state.get(who, ""), event.state
        was, now = self._holds(event, before), self._holds(event, event.state)
        for account in chain(now, was.keys() - now.keys()):
            more = now.get(account, 0) - was.get(account, 0)
            self._used[account] += more
            if more > 0:
                yield from self._against(account, event)

    def _holds(self, event: Event, state: str) -> Mapping[Account, int]:
        """What something in this state counts against."""
        if event.task_id is None:
            return {("max_active_runs", event.dag_id): 1} if state == "running" else {}
        task = self._tasks[event.dag_id, event.task_id]
        pool = self._cluster.pool(task.pool)
        held: dict[Account, int] = {}
        deferred = state == "deferred" and pool is not None and pool.include_deferred
        if state in HOLDS or deferred:
            held["pool", task.pool] = task.pool_slots
        if state in HOLDS:
            name = f"{event.dag_id}.{event.task_id}"
            run = event.run if self._per_run else ""
            held["parallelism",] = 1
            held["max_active_tasks", event.dag_id, run] = 1
            held["max_active_tis_per_dag", name] = 1
            held["max_active_tis_per_dagrun", name, event.run] = 1
        return held

    def _against(self, account: Account, event: Event) -> Iterator[tuple[Account, int, int]]:
        limit = max(self._limits(account, event), default=None)
        if limit is not None:
            yield account, self._used[account], limit

    def _limits(self, account: Account, event: Event) -> Iterator[int]:
        """What the limit may be at this instant; nothing if there is none."""
        kind = account[0]
        if kind == "pool":
            yield from self._pool_sizes(account[1], event.at_us)
        elif kind == "parallelism":
            if not self._forgets:
                yield self._cluster.executor_slots
        elif kind == "max_active_runs":
            if account[1] not in self._filled:
                yield from self._of_dags(account[1], kind)
        elif kind == "max_active_tasks":
            yield from self._of_dags(account[1], kind)
        else:
            own = getattr(self._tasks[event.dag_id, str(event.task_id)], kind)
            if own is not None:
                yield own

    def _of_dags(self, dag_id: str, name: str) -> Iterable[int]:
        default = getattr(self._cluster, f"{name}_per_dag")
        given = [getattr(dag, name) for dag in self._dags[dag_id]]
        sizes = [default if limit is None else limit for limit in given]
        return sizes if all(sizes) else ()

    def _pool_sizes(self, name: str, at_us: int) -> Iterable[int]:
        """Its size, or those that somebody gives it then; one that just ends still counts."""
        pool = self._cluster.pool(name)
        given = [
            slots
            for pool_name, slots, window in self._sizes
            if pool_name == name and (window.covers(at_us) or window.covers(at_us - 1))
        ]
        own = () if pool is None else (pool.slots,)
        changing = any(
            pool_name == name and window.covers(at_us) != window.covers(at_us - 1)
            for pool_name, _, window in self._sizes
        )
        sizes = (*given, *own) if changing or not given else tuple(given)
        return () if any(size < 0 for size in sizes) else sizes


def _slots(fault: PoolResized | PoolDeleted) -> int:
    return fault.slots if isinstance(fault, PoolResized) else 0
