"""Held: how long tries were ready before the scheduler queued them, and what may have held them.

That is where a task waits for a slot of its executor, as Airflow queues no more than ``[core]
parallelism``. But pools, ``max_active_tasks`` and the limits of single tasks hold it back there,
too.

3.x keeps since when a try was ready (``scheduled_dttm``). In 2.x it follows from the DAG: when the
last of its upstream tasks had ended, or the delay of a retry was over.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from windtunnel.calibration.deployed.limits import Crowd, Stretches, Wait
from windtunnel.calibration.past import Past, PastTry
from windtunnel.model import Cluster, Dag, Fleet, Task, TriggerRule

EARLY = (TriggerRule.ONE_SUCCESS, TriggerRule.ONE_FAILED, TriggerRule.ONE_DONE, TriggerRule.ALWAYS)
"""Rules by which a task doesn't wait for all of its upstream."""
UNENDED = ("queued", "running", "restarting")
Tasks = Mapping[tuple[str, str], tuple[Dag, Task]]


def queued_and_held(
    past: Past, tries: Sequence[PastTry], cluster: Cluster, fleet: Fleet | None
) -> tuple[list[tuple[float, float]], list[Wait]]:
    """From when until when tries were queued or running, and how long they were ready before that,
    in seconds since the first of them.

    Args:
        past: all that is known.
        tries: those that are looked at.
        cluster: what is known of limits: a pool of which nothing is known is taken to be as large
            as it was ever full.
        fleet: the DAGs.
    """
    first = min((one.queued for one in tries if one.queued), default=None)
    last = past.until
    if first is None or last is None:
        return [], []

    def at(instant: datetime) -> float:
        return (instant - first).total_seconds()

    dags = fleet.dags if fleet is not None else ()
    tasks = {(dag.dag_id, task.task_id): (dag, task) for dag in dags for task in dag.tasks}
    inside = [_Inside(one, at(one.queued), at(_left(one, last))) for one in tries if one.queued]
    limits = _Limits(inside, cluster, tasks)
    waits = []
    for one, ready in _ready(past, tries, tasks):
        assert one.queued is not None
        since, until = at(ready), at(one.queued)
        waits.append(Wait(since, until, limits.excuse(one, since, until)))
    return [(one.since, one.until) for one in inside], waits


class _Inside(NamedTuple):
    """A try, and from when until when it was queued or running."""

    one: PastTry
    since: float
    until: float


def _left(one: PastTry, last: datetime) -> datetime:
    """When it was neither queued nor running any more."""
    assert one.queued is not None
    if one.end is None:
        return last if one.state in UNENDED else one.queued
    return max(one.end, one.queued)


class _Limits:
    """What beside the executor holds tries back."""

    def __init__(self, inside: Sequence[_Inside], cluster: Cluster, tasks: Tasks) -> None:
        self._cluster = cluster
        self._tasks = tasks
        self._inside: dict[Hashable, list[tuple[float, float, int]]] = {}
        for one, since, until in inside:
            for key, _, many in self._of(one):
                self._inside.setdefault(key, []).append((since, until, many))
        self._crowds: dict[Hashable, Crowd] = {}
        self._full: dict[tuple[Hashable, int], Stretches] = {}

    def excuse(self, one: PastTry, since: float, until: float) -> float:
        """For how many seconds of its wait they may have held a try; an overlap counts twice."""
        found = 0.0
        for key, most, many in self._of(one):
            if key not in self._crowds:
                self._crowds[key] = Crowd(self._inside[key])
            level = max(1, (self._crowds[key].peak if most is None else most) - many + 1)
            if (key, level) not in self._full:
                self._full[key, level] = self._crowds[key].full(level)
            found += self._full[key, level].within(since, until)
        return found

    def _of(self, one: PastTry) -> Iterator[tuple[Hashable, int | None, int]]:
        """The limits that a try counts for: how many there may be, if that is known, and for how
        many it counts."""
        pool = self._cluster.pool(one.pool)
        if pool is None or pool.assumed:
            yield ("pool", one.pool), None, one.pool_slots
        elif pool.slots >= 0:
            yield ("pool", one.pool), pool.slots, one.pool_slots
        dag, task = self._tasks.get(one.task, (None, None))
        active = None
        if dag is not None:
            default = self._cluster.max_active_tasks_per_dag
            active = default if dag.max_active_tasks is None else dag.max_active_tasks
        per_run = self._cluster.airflow.max_active_tasks_per == "run"
        yield ("max_active_tasks", *(one.run if per_run else one.run[:1])), active, 1
        if task is not None and task.max_active_tis_per_dag is not None:
            yield ("max_active_tis", *one.task), task.max_active_tis_per_dag, 1
        if task is not None and task.max_active_tis_per_dagrun is not None:
            yield ("max_active_tis", *one.task, one.run_id), task.max_active_tis_per_dagrun, 1


def _ready(
    past: Past, tries: Sequence[PastTry], tasks: Tasks
) -> Iterator[tuple[PastTry, datetime]]:
    """The tries of which it is known since when they could be queued."""
    rule = _Rule(past, tasks)
    for one in tries:
        ready = one.scheduled or rule.ready(one)
        if ready is not None and one.queued is not None and ready <= one.queued:
            yield one, ready


class _Rule:
    """When tries were ready, by what they wait for in their DAG."""

    def __init__(self, past: Past, tasks: Tasks) -> None:
        self._tasks = tasks
        self._starts = {run.key: run.start for run in past.runs if not run.cleared}
        self._ends: dict[tuple[tuple[str, str], str], datetime | None] = {}
        """When all instances of a task had ended; none, if one of them never has."""
        for one in past.tries:
            if one.last:
                key = (one.run, one.task_id)
                known = self._ends.get(key, one.end)
                self._ends[key] = known and one.end and max(known, one.end)
        self._tries = {(one.key, one.try_number): one for one in past.tries}
        self._came_back = {poke.key for poke in past.pokes}

    def ready(self, one: PastTry) -> datetime | None:
        """Since when a try could be queued, as far as that follows from the DAG."""
        start = self._starts.get(one.run)
        _, task = self._tasks.get(one.task, (None, None))
        if start is None or task is None or task.depends_on_past or task.wait_for_downstream:
            return None
        if one.key in self._came_back or (one.start and one.queued and one.start < one.queued):
            return None  # it was queued once more, who knows when it was ready for that
        if one.try_number > 1:
            return self._again(one, task)
        if task.trigger_rule in EARLY:
            return None if task.upstream else start
        ends = [self._ends.get((one.run, name)) for name in task.upstream]
        known = [end for end in ends if end is not None]
        return max((start, *known)) if len(known) == len(ends) else None

    def _again(self, one: PastTry, task: Task) -> datetime | None:
        """When the delay of a retry was over."""
        before = self._tries.get((one.key, one.try_number - 1))
        if before is None or before.state != "failed" or before.end is None:
            return None
        if one.try_number - 1 > task.retries or task.retry_exponential_backoff:
            return None
        return before.end + timedelta(seconds=task.retry_delay_s)
