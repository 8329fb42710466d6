"""Rooms: for tasks that fit nowhere, that look at dates which are not there, or that use up memory
together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from windtunnel.detect import Finding, Fix
from windtunnel.lint.dates import distances
from windtunnel.model import Cron, Every, ExternalTaskSensor, Pool, Scenario, Task
from windtunnel.search.repair.change import (
    Change,
    Tries,
    both,
    edits,
    on_cluster,
    on_pool,
    on_tasks,
    shown,
    with_arguments,
    with_kind,
)
from windtunnel.search.repair.limits import pool_of, pool_set
from windtunnel.search.repair.settings import parties

STEP_S = 300
DAY_S = 86_400
LONGER = (2, 4, 8, 16, 32)
"""Times as long that a task may stay queued."""


def for_tasks(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """A pool that is large enough, a queue that somebody serves."""
    tasks = [t for d in scenario.fleet.dags if d.dag_id == finding.dag_id for t in d.tasks]
    dag_id = finding.dag_id or ""
    for name in dict.fromkeys(task.pool for task in tasks):
        pool = scenario.cluster.pool(name)
        most = max(task.pool_slots for task in tasks if task.pool == name)
        if pool is not None and 0 <= pool.slots < most:
            yield [pool_of(name, pool, most)]
        elif pool is None:
            where = pool_set(name, most)
            fix = Fix(setting=f"pool {name}", before="missing", after=str(most), where=where)
            yield [Change(fix, on_pool(name, Pool(slots=most)))]
    groups = scenario.cluster.workers or ()
    served = {queue for group in groups for queue in group.queues}
    for queue in dict.fromkeys(task.queue for task in tasks):
        if groups and queue not in served:
            wider = groups[0].model_copy(update={"queues": (*groups[0].queues, queue)})
            fix = Fix(
                setting=f"queues of {groups[0].name}",
                before=", ".join(groups[0].queues),
                after=", ".join(wider.queues),
                where=f"airflow celery worker --queues {','.join(wider.queues)}",
            )
            yield [Change(fix, on_cluster(workers=(wider, *groups[1:])))]
    known = [(dag_id, task.task_id) for task in tasks if scenario.cluster.lacks_executor(task)]
    if known:
        fix = Fix(
            setting=f"executor of {shown(known)}",
            before="unknown",
            after="None",
            note="the default one runs it",
            edits=tuple(edits(scenario, known, "executor", None)),
        )
        free = on_tasks(known, lambda task: with_arguments(task, executor=None))
        yield [Change(fix, free, len(known))]


def pool_of_queue(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """A pool of as many slots as the workers of a queue have: what waits for it is not queued."""
    for queue in [limit.subject for limit in finding.limits]:
        pool = queue
        while scenario.cluster.pool(pool) is not None:
            pool += "_"
        serving = [group for group in scenario.cluster.workers or () if queue in group.queues]
        slots = sum(group.count * group.slots for group in serving)
        both_ids = [(d.dag_id, t) for d in scenario.fleet.dags for t in d.tasks if t.queue == queue]
        names = [(dag_id, task.task_id) for dag_id, task in both_ids]
        fix = Fix(
            setting=f"pool of {shown(names)}",
            before=", ".join(sorted({task.pool for _, task in both_ids})),
            after=pool,
            note=f"a new pool of {slots} slot{'s' if slots > 1 else ''}",
            where=pool_set(pool, slots),
            edits=tuple(edits(scenario, names, "pool", pool)),
        )
        pooled = both(
            on_pool(pool, Pool(slots=slots)),
            on_tasks(names, _in_pool(pool)),
        )
        if slots:
            yield [Change(fix, pooled, len(names) + 1)]


def _in_pool(pool: str) -> Callable[[Task], Task]:
    return lambda task: with_arguments(task, pool=pool, pool_slots=1)


def longer_in_the_queue(scenario: Scenario, _: Finding) -> Iterator[Tries]:
    """More patience with what is queued."""
    now = scenario.cluster.task_queued_timeout_s
    yield [
        Change(
            Fix(
                setting="task_queued_timeout",
                before=f"{now:g} s",
                after=f"{times * now:g} s",
                where="airflow.cfg [scheduler] task_queued_timeout",
            ),
            on_cluster(task_queued_timeout_s=times * now),
        )
        for times in LONGER
    ]


def other_dates(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """A distance at which the other DAG has its runs, the nearest one first."""
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    dag = dags.get(finding.dag_id or "")
    for task in () if dag is None else dag.tasks:
        kind = task.kind
        if task.line != finding.line or not isinstance(kind, ExternalTaskSensor) or dag is None:
            continue
        other = dags.get(kind.external_dag_id)
        if other is None or other.end_date or not isinstance(other.schedule, Cron | Every):
            continue
        name = (dag.dag_id, task.task_id)
        meets = distances(scenario, *name)
        tries = []
        for delta in range(0, DAY_S + 1, STEP_S):
            if delta == kind.execution_delta_s or not meets(delta):
                continue
            fix = Fix(
                setting=f"execution_delta of {shown([name])}",
                before=_hours(kind.execution_delta_s),
                after=_hours(delta),
                where="the DAG file",
            )
            tries.append(Change(fix, on_tasks([name], _distant(float(delta)))))
            break
        yield tries


def _hours(seconds: float) -> str:
    sign = "-" if seconds < 0 else ""
    hours, rest = divmod(abs(int(seconds)), 3600)
    return f"{sign}{hours}:{rest // 60:02}"


def _distant(seconds: float) -> Callable[[Task], Task]:
    return lambda task: with_kind(task, execution_delta_s=seconds)


def fewer_at_once(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """Fewer of those that use up memory, or disk space, on one worker at once: fewer of this task,
    or fewer slots on each worker."""
    names = [name for name, _ in parties(scenario, finding)]
    if not names:
        return
    pool = "heavy"
    while scenario.cluster.pool(pool) is not None:
        pool += "_"
    tries = []
    for slots in (4, 2, 1):
        fix = Fix(
            setting=f"pool of {shown(names)}",
            before=", ".join(sorted({t.pool for _, t in parties(scenario, finding)})),
            after=pool,
            note=f"a new pool of {slots} slot{'s' if slots > 1 else ''}",
            where=pool_set(pool, slots),
            edits=tuple(edits(scenario, names, "pool", pool)),
        )
        few = both(
            on_pool(pool, Pool(slots=slots)),
            on_tasks(names, _in_pool(pool)),
        )
        tries.append(Change(fix, few, len(names) + 1))
    yield tries
    groups = scenario.cluster.workers or ()
    most = max((group.slots for group in groups if group.memory_mb is not None), default=0)
    tries = []
    for slots in [n for n in (most // 2, most // 4, 1) if 0 < n < most]:
        fewer = tuple(
            g.model_copy(update={"slots": min(g.slots, slots)}) if g.memory_mb is not None else g
            for g in groups
        )
        fix = Fix(
            setting="worker_concurrency",
            before=str(most),
            after=str(slots),
            where="airflow.cfg [celery] worker_concurrency",
        )
        tries.append(Change(fix, on_cluster(workers=fewer), 2))
    yield tries
