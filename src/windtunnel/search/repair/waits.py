"""Waits: other ways to wait for tasks that hold, while they wait, what others need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from windtunnel.detect import Finding, Fix, Limit
from windtunnel.model import (
    Dag,
    ExternalTaskSensor,
    Pool,
    Scenario,
    Sensor,
    Task,
    TriggerDagRun,
)
from windtunnel.search.repair.change import (
    Change,
    Name,
    Tries,
    both,
    edits,
    on_pool,
    on_tasks,
    shown,
    with_arguments,
    with_kind,
)
from windtunnel.search.repair.limits import pool_set

OWN_POOL = "waits"
TIMEOUTS_S = (6 * 3600.0, 3600.0)
"""Timeouts that are offered where a wait may last for longer."""


def other_ways(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """mode, deferrable, a pool of their own, not to wait; for those that hold the limits of the
    finding, and if that is not enough for all that use these limits."""
    for limit in finding.limits:
        pool = scenario.cluster.pools.get(limit.subject)
        if limit.kind == "pool" and pool is not None and pool.include_deferred:
            yield [_deferred_free(limit.subject, pool)]
    for setting, after, can, changed in _WAYS_TO_WAIT:
        groups = _users(scenario, finding, can)
        if groups:
            yield [_waiting(scenario, names, setting, after, changed) for names in groups]
    waiters = _users(scenario, finding, _waits)
    if waiters:
        yield list(_own_pools(scenario, finding, waiters[-1]))
    starters = _users(scenario, finding, _waits_for_run)
    if starters:
        yield [_not_waiting(scenario, names) for names in starters]


def in_vain(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """What makes a wait end that can't come true: the states that end it."""
    for party in finding.holding:
        task = _task(scenario, (party.dag_id, party.task_id))
        if isinstance(task.kind if task else None, ExternalTaskSensor):
            assert task is not None
            yield from _states(scenario, (party.dag_id, party.task_id), task)


def timeouts(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """Shorter timeouts of those that wait; they end it, if they don't cure it."""
    if finding.since is None:
        return
    lasts = None if finding.until is None else (finding.until - finding.since).total_seconds()
    held = dict.fromkeys((party.dag_id, party.task_id) for party in finding.holding)
    tasks = {name: task for name in held if (task := _task(scenario, name)) is not None}
    offered = [s for s in TIMEOUTS_S if lasts is None or s < lasts]
    sensors = [n for n, t in tasks.items() if isinstance(t.kind, Sensor | ExternalTaskSensor)]
    hangs = finding.code == "WT102"
    others = [n for n in tasks if n not in sensors and (hangs or _waits(tasks[n]))]
    for names, is_sensor in ((sensors, True), (others, False)):
        if names and offered:
            yield [_timeout(scenario, tasks, names, s, is_sensor=is_sensor) for s in offered]


def _timeout(
    scenario: Scenario,
    tasks: Mapping[Name, Task],
    names: list[Name],
    seconds: float,
    *,
    is_sensor: bool,
) -> Change:
    setting = "timeout" if is_sensor else "execution_timeout"
    before = {_timeout_of(tasks[name]) for name in names}
    fix = Fix(
        setting=f"{setting} of {shown(names)}",
        before=" or ".join(sorted("none" if b is None else f"{b / 3600:g} h" for b in before)),
        after=f"{seconds / 3600:g} h",
        edits=tuple(edits(scenario, names, "timeout", seconds)) if is_sensor else (),
        where="" if is_sensor else "the DAG file",
    )

    def shorter(task: Task) -> Task:
        if is_sensor:
            return with_kind(task, timeout_s=seconds)
        return with_arguments(task, execution_timeout_s=seconds)

    return Change(fix, on_tasks(names, shorter), touched=len(names), ends_waits=True)


def _timeout_of(task: Task) -> float | None:
    kind = task.kind
    return kind.timeout_s if isinstance(kind, Sensor | ExternalTaskSensor) else (
        task.execution_timeout_s
    )  # fmt: skip


def _states(scenario: Scenario, name: Name, task: Task) -> Iterator[Tries]:
    kind = task.kind
    assert isinstance(kind, ExternalTaskSensor)
    for argument, states in (
        ("failed_states", ("failed", "upstream_failed")),
        ("skipped_states", ("skipped",)),
    ):
        now: tuple[str, ...] = getattr(kind, argument)
        new = tuple(dict.fromkeys((*now, *(s for s in states if s not in kind.allowed_states))))
        if new == now:
            continue
        fix = Fix(
            setting=f"{argument} of {shown([name])}",
            before=str(list(now)),
            after=str(list(new)),
            note="it then fails at once" if argument == "failed_states" else "it is then skipped",
            edits=tuple(edits(scenario, [name], argument, list(new))),
        )
        changed: dict[str, Any] = {argument: new}
        yield [Change(fix, on_tasks([name], partial(with_kind, **changed)))]


def _users(scenario: Scenario, finding: Finding, can: Callable[[Task], bool]) -> list[list[Name]]:
    """The tasks that hold something; and, if these are not all, all that use the same limits."""
    users = [
        (dag.dag_id, task.task_id)
        for dag in scenario.fleet.dags
        for task in dag.tasks
        if can(task) and any(uses(scenario, limit, dag, task) for limit in finding.limits)
    ]
    holding = {(party.dag_id, party.task_id) for party in finding.holding}
    first = [name for name in users if name in holding]
    if not users:
        return []
    return [first, users] if first and first != users else [users]


def _task(scenario: Scenario, name: Name) -> Task | None:
    return next((dag.find(name[1]) for dag in scenario.fleet.dags if dag.dag_id == name[0]), None)


def _deferred_free(name: str, pool: Pool) -> Change:
    fix = Fix(
        setting=f"include_deferred of pool {name}",
        before="True",
        after="False",
        where=f"{pool_set(name, pool.slots)}, without --include-deferred",
    )
    return Change(fix, on_pool(name, pool.model_copy(update={"include_deferred": False})))


def _can_reschedule(task: Task) -> bool:
    kind = task.kind
    return (
        isinstance(kind, Sensor | ExternalTaskSensor)
        and kind.mode == "poke"
        and not kind.deferrable
    )


def _can_defer(task: Task) -> bool:
    kind = task.kind
    if isinstance(kind, TriggerDagRun):
        return kind.wait_for_completion and not kind.deferrable
    return isinstance(kind, ExternalTaskSensor) and not kind.deferrable


def _waits(task: Task) -> bool:
    kind = task.kind
    if isinstance(kind, TriggerDagRun):
        return kind.wait_for_completion
    return isinstance(kind, Sensor | ExternalTaskSensor)


def _waits_for_run(task: Task) -> bool:
    return isinstance(task.kind, TriggerDagRun) and task.kind.wait_for_completion


_WAYS_TO_WAIT: tuple[tuple[str, object, Callable[[Task], bool], dict[str, object]], ...] = (
    ("mode", "reschedule", _can_reschedule, {"mode": "reschedule"}),
    ("deferrable", True, _can_defer, {"deferrable": True}),
)
"""(setting, its new value, which tasks have it, the change of a task's kind)."""

_PLACES = {
    "LocalExecutor": "LocalExecutor",
    "SequentialExecutor": "SequentialExecutor",
    "nodes": "KubernetesExecutor",
}
"""Worker slots that are not those of a queue -> whose they are."""
_BEFORE = {"mode": "poke", "deferrable": "False"}


def uses(scenario: Scenario, limit: Limit, dag: Dag, task: Task) -> bool:
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
    if limit.kind in ("max_active_runs", "resource"):
        return False
    return limit.kind == "parallelism" or f"{dag.dag_id}.{task.task_id}" == limit.subject


def _waiting(
    scenario: Scenario,
    names: Sequence[Name],
    setting: str,
    after: object,
    changed: Mapping[str, object],
) -> Change:
    """These tasks wait in another way."""
    fix = Fix(
        setting=f"{setting} of {shown(names)}",
        before=_BEFORE[setting],
        after=str(after),
        edits=tuple(edits(scenario, names, setting, after)),
    )
    return Change(fix, on_tasks(names, lambda task: with_kind(task, **changed)), len(names))


def _own_pools(scenario: Scenario, finding: Finding, names: list[Name]) -> Iterator[Change]:
    """A pool for all that wait, so that what they wait for finds room: as large as theirs, or one
    smaller than the limit that they fill."""
    name = OWN_POOL
    while scenario.cluster.pool(name) is not None:
        name += "_only"
    sizes = []
    pools = {limit.subject for limit in finding.limits if limit.kind == "pool"}
    for limit in finding.limits:
        pool = scenario.cluster.pool(limit.subject)
        if limit.kind == "pool" and pool is not None and pool.slots > 0:
            sizes.append(pool.slots)
        elif limit.kind == "parallelism":
            sizes.append(scenario.cluster.parallelism - 1)
        elif limit.kind == "worker slots":
            groups = scenario.cluster.workers or ()
            sizes.append(sum(g.count * g.slots for g in groups if limit.subject in g.queues) - 1)
    size = min(sizes, default=0)
    if size < 1:
        return
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    before = sorted(pools) or sorted({dags[d].task(t).pool for d, t in names})
    fix = Fix(
        setting=f"pool of {shown(names)}",
        before=", ".join(before),
        after=name,
        note=f"a new pool of {size} slot{'s' if size > 1 else ''} for those that wait",
        where=pool_set(name, size),
        edits=tuple(edits(scenario, names, "pool", name)),
    )
    own = both(
        on_pool(name, Pool(slots=size)),
        on_tasks(names, lambda task: with_arguments(task, pool=name)),
    )
    yield Change(fix, own, len(names) + 1)


def _not_waiting(scenario: Scenario, names: list[Name]) -> Change:
    fix = Fix(
        setting=f"wait_for_completion of {shown(names)}",
        before="True",
        after="False",
        note="what comes after it no longer waits for the other DAG",
        edits=tuple(edits(scenario, names, "wait_for_completion", False)),
    )
    free = on_tasks(names, lambda task: with_kind(task, wait_for_completion=False))
    return Change(fix, free, 10 * len(names))
