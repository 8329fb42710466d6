"""Change: one setting of a scenario, another value, and how to say it.

A change is applied to whatever scenario there is: the whole fleet, or the few DAGs that a
counterexample was shrunk to. What is not in it is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from windtunnel.detect import Edit, Fix
from windtunnel.model import Dag, Pool, Resource, Scenario, Task

Apply = Callable[[Scenario], Scenario]
Name = tuple[str, str]
"""dag_id and task_id."""
SHOWN = 4
"""Tasks that a change of many names; it counts the others."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a setting."""

    fix: Fix
    apply: Apply
    touched: int = 1
    """Settings, files or tasks that it takes: the fewer, the sooner it is named."""
    ends_waits: bool = False
    """Whether it is also worth telling if it only ends sooner what is found."""
    may_fail: bool = False
    """Whether it says so itself that dag runs may fail which did not."""


@dataclass(frozen=True, slots=True)
class Size:
    """A limit of which any larger size may be tried."""

    now: int
    grown: Callable[[int], Change]
    """The change to this size."""


Tries = Sequence[Change]
"""Values of one setting, the best one first: the first that is enough is the one to name."""
Offer = Size | Tries


def on_cluster(**changes: object) -> Apply:
    """Settings of the deployment."""
    return lambda scenario: scenario.model_copy(
        update={"cluster": scenario.cluster.model_copy(update=changes)}
    )


def on_pool(name: str, pool: Pool) -> Apply:
    """A pool, there or new."""
    return lambda scenario: on_cluster(pools={**scenario.cluster.pools, name: pool})(scenario)


def on_resource(name: str, resource: Resource) -> Apply:
    """A resource of the scenario's."""
    return lambda scenario: scenario.model_copy(
        update={"resources": {**scenario.resources, name: resource}}
    )


def on_dags(dag_ids: Iterable[str], **changes: object) -> Apply:
    """Arguments of DAGs."""
    wanted = frozenset(dag_ids)
    return _dag_by_dag(lambda dag: dag.model_copy(update=changes) if dag.dag_id in wanted else dag)


def on_tasks(names: Iterable[Name], update: Callable[[Task], Task]) -> Apply:
    """Arguments of tasks."""
    wanted: dict[str, set[str]] = {}
    for dag_id, task_id in names:
        wanted.setdefault(dag_id, set()).add(task_id)

    def changed(dag: Dag) -> Dag:
        ids = wanted.get(dag.dag_id)
        if ids is None:
            return dag
        tasks = tuple(update(task) if task.task_id in ids else task for task in dag.tasks)
        return dag.model_copy(update={"tasks": tasks})

    return _dag_by_dag(changed)


def both(*changes: Apply) -> Apply:
    """One after the other."""

    def applied(scenario: Scenario) -> Scenario:
        for change in changes:
            scenario = change(scenario)
        return scenario

    return applied


def with_arguments(task: Task, **changes: object) -> Task:
    """A task with other arguments."""
    return task.model_copy(update=changes)


def with_kind(task: Task, **changes: object) -> Task:
    """A task with other arguments of its own operator's."""
    return task.model_copy(update={"kind": task.kind.model_copy(update=changes)})


def edits(scenario: Scenario, names: Iterable[Name], argument: str, value: object) -> list[Edit]:
    """A keyword argument of tasks, in their DAG files."""
    found = []
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    for dag_id, task_id in names:
        dag = dags.get(dag_id)
        if dag is not None and dag.file is not None:
            line = dag.line_of(task_id)
            found.append(Edit(file=dag.file, line=line, dag_id=dag_id, task_id=task_id,
                              argument=argument, value=_python(value)))  # fmt: skip
    return found


def dag_edits(
    scenario: Scenario, dag_ids: Iterable[str], argument: str, value: object
) -> list[Edit]:
    """A keyword argument of DAGs, in their files."""
    wanted = set(dag_ids)
    return [
        Edit(file=dag.file, line=dag.line, dag_id=dag.dag_id, task_id=None,
             argument=argument, value=_python(value))
        for dag in scenario.fleet.dags
        if dag.dag_id in wanted and dag.file is not None
    ]  # fmt: skip


def shown(names: Iterable[Name]) -> str:
    """Tasks for people; of many the first ones."""
    listed = list(names)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(f"{dag_id}.{task_id}" for dag_id, task_id in listed[:SHOWN]) + more


def _python(value: object) -> str:
    """A value as it is written in a DAG file."""
    return json.dumps(value) if isinstance(value, str | list) else repr(value)


def _dag_by_dag(update: Callable[[Dag], Dag]) -> Apply:
    def applied(scenario: Scenario) -> Scenario:
        dags = tuple(update(dag) for dag in scenario.fleet.dags)
        fleet = scenario.fleet.model_copy(update={"dags": dags})
        return scenario.model_copy(update={"fleet": fleet})

    return applied
