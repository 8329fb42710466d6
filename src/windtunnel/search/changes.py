"""Changes: single settings of a scenario that may cure a finding, each with how to say it.

A setting is offered only if it takes part: a limit that keeps the circle closed, or the way of
waiting of tasks that use one of these limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from windtunnel.detect import Finding, Fix, Limit
from windtunnel.model import (
    Cluster,
    Dag,
    ExternalTaskSensor,
    Fleet,
    Pool,
    Scenario,
    Task,
    TriggerDagRun,
    WorkerGroup,
)
from windtunnel.model.resources import LOCK

SHOWN = 4
"""Tasks that a change of many names; it counts the others."""

Change = tuple[Fix, Scenario]


@dataclass(frozen=True, slots=True)
class Size:
    """A limit of which any larger size may be tried."""

    now: int
    grown: Callable[[int], Change]
    """The change to this size."""


def sizes(scenario: Scenario, finding: Finding) -> Iterator[Size]:
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
        elif limit.kind == "resource":
            yield from _resource(scenario, limit.subject)
        elif limit.kind in ("max_active_runs", "max_active_tasks"):
            yield from _of_dag(scenario, limit)
        else:
            yield from _of_task(scenario, limit)


def switches(scenario: Scenario, finding: Finding) -> Iterator[list[Change]]:
    """Settings that are on or off: for each, what to try, the smallest change first."""
    for limit in finding.limits:
        pool = scenario.cluster.pools.get(limit.subject)
        if limit.kind == "pool" and pool is not None and pool.include_deferred:
            yield [_deferred_free(scenario, limit.subject, pool)]
    holding = {(party.dag_id, party.task_id) for party in finding.holding}
    for setting, after, can, changed in _WAYS_TO_WAIT:
        users = [
            (dag.dag_id, task.task_id)
            for dag in scenario.fleet.dags
            for task in dag.tasks
            if can(task) and any(_uses(scenario, limit, dag, task) for limit in finding.limits)
        ]
        first = [name for name in users if name in holding]
        if users:
            tries = [first, users] if first and first != users else [users]
            yield [_waiting(scenario, names, setting, after, changed) for names in tries]


# -- limits -----------------------------------------------------------------------------------


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
            )
            # Workers of one group are alike to the queue, so one with the rest is as good.
            rest = group.model_copy(update={"count": 1, "slots": size - now})
            larger = (*groups[: number + 1], rest, *groups[number + 1 :])
            return fix, with_cluster(scenario, workers=larger)

        yield Size(now, grown)


def _pool(scenario: Scenario, name: str) -> Iterator[Size]:
    pool = scenario.cluster.pool(name)
    if pool is None or pool.slots < 0:
        return

    def grown(size: int) -> Change:
        larger = Pool(slots=size, include_deferred=pool.include_deferred)
        fix = Fix(setting=f"pool {name}", before=str(pool.slots), after=str(size))
        return fix, with_cluster(scenario, pools={**scenario.cluster.pools, name: larger})

    yield Size(pool.slots, grown)


def _resource(scenario: Scenario, name: str) -> Iterator[Size]:
    """A lock has one slot, and more of them would be no cure."""
    resource = scenario.resources.get(name)
    if resource is None or resource.slots is None or name.startswith(LOCK):
        return
    slots = resource.slots

    def grown(size: int) -> Change:
        larger = resource.model_copy(update={"slots": size})
        fix = Fix(setting=f"resource {name}", before=str(slots), after=str(size))
        return fix, scenario.model_copy(update={"resources": {**scenario.resources, name: larger}})

    yield Size(slots, grown)


def _parallelism(scenario: Scenario) -> Size:
    now = scenario.cluster.parallelism

    def grown(size: int) -> Change:
        fix = Fix(setting="parallelism", before=str(now), after=str(size))
        return fix, with_cluster(scenario, parallelism=size)

    return Size(now, grown)


def _nodes(scenario: Scenario) -> Size:
    settings = scenario.cluster.kubernetes_executor
    now = settings.nodes or 0

    def grown(size: int) -> Change:
        fix = Fix(setting="nodes", before=str(now), after=str(size))
        larger = settings.model_copy(update={"nodes": size})
        return fix, with_cluster(scenario, kubernetes_executor=larger)

    return Size(now, grown)


def _of_dag(scenario: Scenario, limit: Limit) -> Iterator[Size]:
    for dag in scenario.fleet.dags:
        if dag.dag_id == limit.subject:
            now = getattr(dag, limit.kind)
            if now is None:
                now = getattr(scenario.cluster, f"{limit.kind}_per_dag")
            yield Size(now, _grown_of_dag(scenario, dag, limit.kind, now))


def _grown_of_dag(scenario: Scenario, dag: Dag, name: str, now: int) -> Callable[[int], Change]:
    def grown(size: int) -> Change:
        fix = Fix(setting=f"{name} of {dag.dag_id}", before=str(now), after=str(size))
        return fix, with_dags(scenario, {dag.dag_id: dag.model_copy(update={name: size})})

    return grown


def _of_task(scenario: Scenario, limit: Limit) -> Iterator[Size]:
    for dag in scenario.fleet.dags:
        for task in dag.tasks:
            now = getattr(task, limit.kind)
            if f"{dag.dag_id}.{task.task_id}" == limit.subject and now is not None:
                yield Size(now, _grown_of_task(scenario, dag, task, limit.kind))


def _grown_of_task(scenario: Scenario, dag: Dag, task: Task, name: str) -> Callable[[int], Change]:
    def grown(size: int) -> Change:
        setting = f"{name} of {dag.dag_id}.{task.task_id}"
        fix = Fix(setting=setting, before=str(getattr(task, name)), after=str(size))
        changed = with_tasks(dag, {task.task_id: task.model_copy(update={name: size})})
        return fix, with_dags(scenario, {dag.dag_id: changed})

    return grown


# -- ways to wait -----------------------------------------------------------------------------


def _deferred_free(scenario: Scenario, name: str, pool: Pool) -> Change:
    fix = Fix(setting=f"include_deferred of pool {name}", before="True", after="False")
    free = pool.model_copy(update={"include_deferred": False})
    return fix, with_cluster(scenario, pools={**scenario.cluster.pools, name: free})


def _can_reschedule(task: Task) -> bool:
    kind = task.kind
    return isinstance(kind, ExternalTaskSensor) and kind.mode == "poke" and not kind.deferrable


def _can_defer(task: Task) -> bool:
    kind = task.kind
    if isinstance(kind, TriggerDagRun):
        return kind.wait_for_completion and not kind.deferrable
    return isinstance(kind, ExternalTaskSensor) and not kind.deferrable


_WAYS_TO_WAIT: tuple[tuple[str, str, Callable[[Task], bool], dict[str, object]], ...] = (
    ("mode", "reschedule", _can_reschedule, {"mode": "reschedule"}),
    ("deferrable", "True", _can_defer, {"deferrable": True}),
)
"""(setting, its new value, which tasks have it, the change of a task's kind)."""

_PLACES = {
    "LocalExecutor": "LocalExecutor",
    "SequentialExecutor": "SequentialExecutor",
    "nodes": "KubernetesExecutor",
}
"""Worker slots that are not those of a queue -> whose they are."""
_BEFORE = {"mode": "poke", "deferrable": "False"}


def _uses(scenario: Scenario, limit: Limit, dag: Dag, task: Task) -> bool:
    """Whether a task that runs holds this limit."""
    if limit.kind == "pool":
        return task.pool == limit.subject
    if limit.kind == "worker slots":
        executor = scenario.cluster.executor_for(task.executor, task.queue)
        if limit.subject in _PLACES:
            return executor == _PLACES[limit.subject]
        groups = scenario.cluster.workers or ()
        queues = {q for g in groups if limit.subject in g.queues for q in g.queues}
        return task.queue in queues
    if limit.kind == "max_active_tasks":
        return dag.dag_id == limit.subject
    if limit.kind == "max_active_runs":
        return False
    return limit.kind == "parallelism" or f"{dag.dag_id}.{task.task_id}" == limit.subject


def _waiting(
    scenario: Scenario,
    names: Sequence[tuple[str, str]],
    setting: str,
    after: str,
    changed: Mapping[str, object],
) -> Change:
    """These tasks wait in another way."""
    of_dag: dict[str, set[str]] = {}
    for dag_id, task_id in names:
        of_dag.setdefault(dag_id, set()).add(task_id)
    dags = {
        dag.dag_id: with_tasks(
            dag,
            {
                task.task_id: task.model_copy(
                    update={"kind": task.kind.model_copy(update=dict(changed))}
                )
                for task in dag.tasks
                if task.task_id in of_dag[dag.dag_id]
            },
        )
        for dag in scenario.fleet.dags
        if dag.dag_id in of_dag
    }
    shown = ", ".join(f"{dag_id}.{task_id}" for dag_id, task_id in names[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    fix = Fix(setting=f"{setting} of {shown}{more}", before=_BEFORE[setting], after=after)
    return fix, with_dags(scenario, dags)


# -- the changed scenario ---------------------------------------------------------------------


def with_cluster(scenario: Scenario, **changes: object) -> Scenario:
    """The scenario on a cluster with other settings."""
    cluster: Cluster = scenario.cluster.model_copy(update=changes)
    return scenario.model_copy(update={"cluster": cluster, "choices": None})


def with_dags(scenario: Scenario, changed: Mapping[str, Dag]) -> Scenario:
    """The scenario with some DAGs in the place of those of the same dag_id."""
    dags = tuple(changed.get(dag.dag_id, dag) for dag in scenario.fleet.dags)
    fleet: Fleet = scenario.fleet.model_copy(update={"dags": dags})
    return scenario.model_copy(update={"fleet": fleet, "choices": None})


def with_tasks(dag: Dag, changed: Mapping[str, Task]) -> Dag:
    """The DAG with some tasks in the place of those of the same task_id."""
    tasks = tuple(changed.get(task.task_id, task) for task in dag.tasks)
    return dag.model_copy(update={"tasks": tasks})
