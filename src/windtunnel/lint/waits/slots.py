"""Slots: the limits that waiting tasks hold and work needs, each with who holds how much of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from windtunnel.lint.limits import most_tasks
from windtunnel.lint.waits.waiting import Waiter
from windtunnel.model import Cluster, Dag, Task


@dataclass(frozen=True, slots=True)
class Slots:
    """One limit."""

    kind: str
    """``pool``, ``worker slots``, ``parallelism`` or ``max_active_tasks``."""
    subject: str
    size: int
    holds: Callable[[Waiter], int]
    """Slots that a waiter holds while it waits; 0: it doesn't hold this limit."""
    needs: Callable[[str, Task], int]
    """Slots without which a task of a DAG can't start; 0: it can start without."""
    guessed: bool = False
    """Whether nobody said how large it is."""

    @property
    def name(self) -> str:
        """For people: ``pool db``, ``worker slots (queue default)``."""
        if self.kind == "worker slots":
            return f"worker slots (queue {self.subject})"
        return f"{self.kind} {self.subject}".rstrip()


def slots_of(cluster: Cluster, waiters: Iterable[Waiter]) -> list[Slots]:
    """The limits that any of these hold."""
    waiters = list(waiters)
    pools = dict.fromkeys(one.task.pool for one in waiters)
    found = [limit for name in pools if (limit := _pool(cluster, name)) is not None]
    running = [one for one in waiters if not one.deferred]
    queues = {_serving(cluster, one.task): one.task.queue for one in running}
    found += [_workers(cluster, groups, name) for groups, name in queues.items() if groups]
    if running:
        found.append(_parallelism(cluster))
    if cluster.airflow.max_active_tasks_per == "dag":
        found += [
            _of_dag(cluster, dag) for dag in {one.dag.dag_id: one.dag for one in running}.values()
        ]
    return found


def _of_dag(cluster: Cluster, dag: Dag) -> Slots:
    """``max_active_tasks`` over all runs of a DAG (2.x): waits of later runs fill it, too."""

    def holds(one: Waiter) -> int:
        return int(not one.deferred and one.dag.dag_id == dag.dag_id)

    def needs(dag_id: str, _: Task) -> int:
        return int(dag_id == dag.dag_id)

    return Slots("max_active_tasks", dag.dag_id, most_tasks(dag, cluster), holds, needs)


def _pool(cluster: Cluster, name: str) -> Slots | None:
    pool = cluster.pool(name)
    if pool is None or pool.slots < 0:
        return None

    def holds(one: Waiter) -> int:
        counts = pool.include_deferred or not one.deferred
        return one.task.pool_slots if one.task.pool == name and counts else 0

    def needs(_: str, task: Task) -> int:
        return task.pool_slots if task.pool == name else 0

    return Slots("pool", name, pool.slots, holds, needs, guessed=pool.assumed)


def _parallelism(cluster: Cluster) -> Slots:
    return Slots(
        "parallelism",
        "",
        cluster.executor_slots,
        lambda one: int(not one.deferred),
        lambda _, __: 1,
    )


def _serving(cluster: Cluster, task: Task) -> frozenset[int]:
    """The worker groups that take a task; empty if it needs none, or if none does."""
    if cluster.workers is None:
        return frozenset()
    if cluster.executor_for(task.executor, task.queue) not in (None, "CeleryExecutor"):
        return frozenset()
    groups = enumerate(cluster.workers)
    return frozenset(number for number, group in groups if task.queue in group.queues)


def _workers(cluster: Cluster, groups: frozenset[int], queue: str) -> Slots:
    """The slots of some groups together. What other groups serve as well has a way out."""
    size = 0
    for number in groups:
        group = (cluster.workers or ())[number]
        count = group.count if group.elastic is None else group.elastic.most
        size += count * group.slots

    def holds(one: Waiter) -> int:
        return int(not one.deferred and _serving(cluster, one.task) == groups)

    def needs(_: str, task: Task) -> int:
        own = _serving(cluster, task)
        return int(bool(own) and own <= groups)

    return Slots("worker slots", queue, size, holds, needs)
