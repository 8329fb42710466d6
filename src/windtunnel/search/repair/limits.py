"""Limits: other sizes of those that keep the circle closed.

Larger ones mostly; but a pool in front of a smaller limit, or in front of locks, may be safe only
while it is small, so smaller ones are tried as well, each by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from shlex import quote

from windtunnel.detect import Finding, Fix, Limit
from windtunnel.model import Dag, Pool, Scenario, Task, WorkerGroup
from windtunnel.model.resources import LOCK
from windtunnel.search.repair.change import (
    Change,
    Offer,
    Size,
    dag_edits,
    edits,
    on_cluster,
    on_dags,
    on_pool,
    on_resource,
    on_tasks,
    with_arguments,
)

IN_FRONT = frozenset({"resource", "parallelism", "worker slots"})
"""Limits that a smaller one before them may keep from being full of waits."""
SMALLER = 4
"""Smaller sizes of one limit that are tried."""


def pool_set(name: str, slots: int, *, include_deferred: bool = False) -> str:
    """Where a pool's size is changed. Airflow's command wants a description, too."""
    counted = " --include-deferred" if include_deferred else ""
    return f"airflow pools set {quote(name)} {slots} ''{counted}"


def larger(scenario: Scenario, finding: Finding) -> Iterator[Size]:
    """The limits of the circle."""
    queues = {limit.subject for limit in finding.limits if limit.kind == "worker slots"}
    kinds = {limit.kind for limit in finding.limits}
    yield from _worker_slots(scenario, queues)
    if "LocalExecutor" in queues and "parallelism" not in kinds:
        yield _parallelism(scenario)
    if "nodes" in queues:
        yield _nodes(scenario)
    for limit in finding.limits:
        if limit.kind == "worker slots":
            continue
        if limit.kind == "pool":
            yield from _pool(scenario, limit.subject)
        elif limit.kind == "parallelism":
            yield _parallelism(scenario)
        elif limit.kind == "max_tis_per_query":
            yield _looked_at(scenario)
        elif limit.kind == "resource":
            yield from _resource(scenario, limit.subject)
        elif limit.kind in ("max_active_runs", "max_active_tasks"):
            yield from _of_dag(scenario, limit)
        else:
            yield from _of_task(scenario, limit)


def smaller(scenario: Scenario, finding: Finding) -> Iterator[Offer]:
    """What lets fewer of those that hold something in at once: their pools, and runs of their
    DAGs. The largest that may be enough first."""
    yield from _smaller_pools(scenario, finding)
    for dag in scenario.fleet.dags:
        runs = {party.run for party in finding.holding if party.dag_id == dag.dag_id}
        now = _now(scenario, dag, "max_active_runs")
        if len(runs) > 1 and now != 1:
            most = min(now - 1, len(runs)) if now else len(runs)
            yield [
                _dag_size(scenario, dag, "max_active_runs", now, size)
                for size in range(most, max(0, most - SMALLER), -1)
            ]


def _smaller_pools(scenario: Scenario, finding: Finding) -> Iterator[Offer]:
    """Pools of those that hold something else; not of those that wait for it as well."""
    kinds = {limit.kind for limit in finding.limits}
    if kinds and not kinds & IN_FRONT:
        return
    pool_by_task = {
        (dag.dag_id, task.task_id): task for dag in scenario.fleet.dags for task in dag.tasks
    }
    held = [pool_by_task.get((party.dag_id, party.task_id)) for party in finding.holding]
    tasks = [task for task in held if task is not None]
    behind = {
        task.pool
        for party in finding.waiting
        if (task := pool_by_task.get((party.dag_id, party.task_id))) is not None
    }
    for name in dict.fromkeys(task.pool for task in tasks):
        pool = scenario.cluster.pool(name)
        if pool is None or pool.slots <= 1 or (name in behind and "resource" not in kinds):
            continue
        need = max(task.pool_slots for task in tasks if task.pool == name)
        most = min(pool.slots - 1, max(2, len(finding.holding)))
        sizes = range(most, max(need, most - SMALLER), -1)
        yield [pool_of(name, pool, size) for size in (*sizes, need) if size < pool.slots]


def pool_of(name: str, pool: Pool, size: int) -> Change:
    """A pool of this size."""
    fix = Fix(
        setting=f"pool {name}", before=str(pool.slots), after=str(size), where=pool_set(name, size)
    )
    return Change(fix, on_pool(name, pool.model_copy(update={"slots": size})))


def _worker_slots(scenario: Scenario, queues: set[str]) -> Iterator[Size]:
    """Groups that serve none of these queues would not help."""
    groups = scenario.cluster.workers or ()
    several = len(groups) > 1
    for number, group in enumerate(groups):
        if not queues & set(group.queues):
            continue
        now = group.count * group.slots

        def grown(
            size: int, number: int = number, group: WorkerGroup = group, now: int = now
        ) -> Change:
            fix = Fix(
                setting=f"worker slots of {group.name}" if several else "worker slots",
                before=str(now),
                after=str(size),
                note=f"over all workers of this group, now {group.count} with {group.slots} each"
                if group.count > 1
                else "",
                where="airflow.cfg [celery] worker_concurrency, or more workers",
            )
            # Workers of one group are alike to the queue, so one with the rest is as good.
            rest = group.model_copy(update={"count": 1, "slots": size - now})
            return Change(
                fix, on_cluster(workers=(*groups[: number + 1], rest, *groups[number + 1 :]))
            )

        yield Size(now, grown)


def _pool(scenario: Scenario, name: str) -> Iterator[Size]:
    pool = scenario.cluster.pool(name)
    if pool is not None and pool.slots >= 0:
        yield Size(pool.slots, lambda size: pool_of(name, pool, size))


def _resource(scenario: Scenario, name: str) -> Iterator[Size]:
    """A lock has one slot, and more of them would be no cure."""
    resource = scenario.resources.get(name)
    if resource is None or resource.slots is None or name.startswith(LOCK):
        return
    slots = resource.slots

    def grown(size: int) -> Change:
        fix = Fix(
            setting=f"resource {name}",
            before=str(slots),
            after=str(size),
            where=f"what {name} stands for; scenario.toml [resources.{name}] slots",
        )
        return Change(fix, on_resource(name, resource.model_copy(update={"slots": size})))

    yield Size(slots, grown)


def _parallelism(scenario: Scenario) -> Size:
    now = scenario.cluster.parallelism

    def grown(size: int) -> Change:
        where = "airflow.cfg [core] parallelism"
        fix = Fix(setting="parallelism", before=str(now), after=str(size), where=where)
        return Change(fix, on_cluster(parallelism=size))

    return Size(now, grown)


def _looked_at(scenario: Scenario) -> Size:
    """How many task instances the scheduler looks at in one loop."""
    now = scenario.cluster.max_tis_per_query

    def grown(size: int) -> Change:
        where = "airflow.cfg [scheduler] max_tis_per_query"
        fix = Fix(setting="max_tis_per_query", before=str(now), after=str(size), where=where)
        return Change(fix, on_cluster(max_tis_per_query=size))

    return Size(now, grown)


def _nodes(scenario: Scenario) -> Size:
    settings = scenario.cluster.kubernetes_executor
    now = settings.nodes or 0

    def grown(size: int) -> Change:
        fix = Fix(setting="nodes", before=str(now), after=str(size), where="nodes of the cluster")
        larger = settings.model_copy(update={"nodes": size})
        return Change(fix, on_cluster(kubernetes_executor=larger))

    return Size(now, grown)


def _now(scenario: Scenario, dag: Dag, name: str) -> int:
    now: int | None = getattr(dag, name)
    default: int = getattr(scenario.cluster, f"{name}_per_dag")
    return default if now is None else now


def _of_dag(scenario: Scenario, limit: Limit) -> Iterator[Size]:
    for dag in scenario.fleet.dags:
        if dag.dag_id == limit.subject:
            now = _now(scenario, dag, limit.kind)
            yield Size(now, _grown_of_dag(scenario, dag, limit.kind, now))


def _grown_of_dag(scenario: Scenario, dag: Dag, name: str, now: int) -> Callable[[int], Change]:
    return lambda size: _dag_size(scenario, dag, name, now, size)


def _dag_size(scenario: Scenario, dag: Dag, name: str, now: int, size: int) -> Change:
    fix = Fix(
        setting=f"{name} of {dag.dag_id}",
        before=str(now),
        after=str(size),
        edits=tuple(dag_edits(scenario, (dag.dag_id,), name, size)),
    )
    return Change(fix, on_dags((dag.dag_id,), **{name: size}))


def _of_task(scenario: Scenario, limit: Limit) -> Iterator[Size]:
    for dag in scenario.fleet.dags:
        for task in dag.tasks:
            now = getattr(task, limit.kind, None)
            if f"{dag.dag_id}.{task.task_id}" == limit.subject and now is not None:
                yield Size(now, _grown_of_task(scenario, dag, task, limit.kind))


def _grown_of_task(scenario: Scenario, dag: Dag, task: Task, name: str) -> Callable[[int], Change]:
    names = ((dag.dag_id, task.task_id),)

    def grown(size: int) -> Change:
        fix = Fix(
            setting=f"{name} of {dag.dag_id}.{task.task_id}",
            before=str(getattr(task, name)),
            after=str(size),
            edits=tuple(edits(scenario, names, name, size)),
        )
        return Change(fix, on_tasks(names, lambda task: with_arguments(task, **{name: size})))

    return grown
