"""Changes that keep tries apart which must not meet, or keep work from being done again.

As with all changes, each is simulated before it is named: max_active_runs=1 keeps the runs of a DAG
apart, and not a backfill, and neither a process that was given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from windtunnel.detect import Finding, Fix
from windtunnel.model import Dag, Pool, Scenario, Task
from windtunnel.search.changes import Change, with_cluster, with_dags, with_tasks

Name = tuple[str, str]
"""A DAG and a task of it."""
NEW_POOL = "one_at_a_time"


def apart(scenario: Scenario, finding: Finding) -> Iterator[list[Change]]:
    """For each setting what to try, by what was found."""
    if finding.code in _BY_CODE:
        yield from _BY_CODE[finding.code](scenario, finding)


def _parties(finding: Finding) -> list[Name]:
    """The tasks that take part, each once."""
    named = ((one.dag_id, one.task_id) for one in finding.holding if one.task_id)
    return list(dict.fromkeys(named))


def _meeting(scenario: Scenario, finding: Finding) -> Iterator[list[Change]]:
    tasks = _parties(finding)
    dags = {dag_id for dag_id, _ in tasks}
    runs = {one.run for one in finding.holding}
    tries_of_one = len(tasks) == 1 and len({(one.run, one.name) for one in finding.holding}) == 1
    if tries_of_one:
        yield _of_tasks(scenario, tasks, "retries", 0)
    elif len(dags) == 1 and len(runs) > 1:
        yield _of_dag(scenario, min(dags), "max_active_runs", 1)
    if len(tasks) == 1 and not tries_of_one:
        limit = "max_active_tis_per_dag" if len(runs) > 1 else "max_active_tis_per_dagrun"
        yield _of_tasks(scenario, tasks, limit, 1)
        if len(runs) > 1:
            yield _of_tasks(scenario, tasks, "depends_on_past", after=True)
    if len(tasks) > 1:
        yield _in_one_pool(scenario, tasks, 1, "so that one of them is at work at a time")


def _again(scenario: Scenario, finding: Finding) -> Iterator[list[Change]]:
    yield _of_tasks(scenario, _parties(finding), "retries", 0)


def _too_many(scenario: Scenario, finding: Finding) -> Iterator[list[Change]]:
    for limit in finding.limits:
        given = scenario.resources.get(limit.subject)
        users = [
            (dag.dag_id, task.task_id)
            for dag in scenario.fleet.dags
            for task in dag.tasks
            if any(
                limit.subject in rule.needs
                or any(step.acquire == limit.subject for step in rule.steps or ())
                for rule in scenario.behavior.rules
                if rule.is_for(dag, task)
            )
        ]
        if given is not None and given.slots is not None and users:
            note = f"for all that use {limit.subject}, deferred or not"
            yield _in_one_pool(scenario, users, given.slots, note)


def _passed_over(scenario: Scenario, finding: Finding) -> Iterator[list[Change]]:
    yield _of_dag(scenario, finding.dag_id or "", "catchup", after=True)


_BY_CODE: dict[str, Callable[[Scenario, Finding], Iterator[list[Change]]]] = {
    "WT202": _meeting,
    "WT204": _again,
    "WT211": _too_many,
    "WT220": _passed_over,
}


# -- how to say them -------------------------------------------------------------------------------


def _dag(scenario: Scenario, dag_id: str) -> Dag | None:
    return next((dag for dag in scenario.fleet.dags if dag.dag_id == dag_id), None)


def _of_dag(scenario: Scenario, dag_id: str, setting: str, after: object) -> list[Change]:
    dag = _dag(scenario, dag_id)
    if dag is None or getattr(dag, setting) == after:
        return []
    fix = Fix(
        setting=f"{setting} of {dag_id}", before=_shown(getattr(dag, setting)), after=str(after)
    )
    return [(fix, with_dags(scenario, {dag_id: dag.model_copy(update={setting: after})}))]


def _of_tasks(
    scenario: Scenario, names: Iterable[Name], setting: str, after: object
) -> list[Change]:
    """Each of these tasks gets this value."""
    known = [(name, task) for name in names if (task := _task(scenario, name)) is not None]
    differ = [(name, task) for name, task in known if getattr(task, setting) != after]
    if not differ:
        return []
    (dag_id, task_id), task = differ[0]
    fix = Fix(
        setting=f"{setting} of {dag_id}.{task_id}",
        before=_shown(getattr(task, setting)),
        after=str(after),
    )
    return [(fix, _changed(scenario, [name for name, _ in differ], {setting: after}))]


def _in_one_pool(scenario: Scenario, names: list[Name], slots: int, note: str) -> list[Change]:
    """All of these tasks in a new pool."""
    tasks = [task for name in names if (task := _task(scenario, name)) is not None]
    pool = NEW_POOL
    while pool in scenario.cluster.pools:
        pool += "_"
    pools = {**scenario.cluster.pools, pool: Pool(slots=slots, include_deferred=True)}
    fix = Fix(
        setting=f"pool of {', '.join(f'{dag}.{task}' for dag, task in names[:3])}"
        + (f" and {len(names) - 3} more" if len(names) > 3 else ""),
        before=", ".join(sorted({task.pool for task in tasks})),
        after=f"one pool of {slots} slot{'' if slots == 1 else 's'}",
        note=note,
    )
    changed = _changed(with_cluster(scenario, pools=pools), names, {"pool": pool})
    return [(fix, changed)]


def _changed(scenario: Scenario, names: Iterable[Name], update: dict[str, Any]) -> Scenario:
    of_dag: dict[str, list[str]] = {}
    for dag_id, task_id in names:
        of_dag.setdefault(dag_id, []).append(task_id)
    dags = {}
    for dag in scenario.fleet.dags:
        chosen = [task for task in dag.tasks if task.task_id in of_dag.get(dag.dag_id, ())]
        dags[dag.dag_id] = with_tasks(
            dag, {task.task_id: task.model_copy(update=update) for task in chosen}
        )
    return with_dags(scenario, dags)


def _task(scenario: Scenario, name: Name) -> Task | None:
    dag = _dag(scenario, name[0])
    return None if dag is None else dag.find(name[1])


def _shown(value: object) -> str:
    return "the default" if value is None else str(value)
