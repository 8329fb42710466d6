"""Cuts: what can be left out of a scenario, by kind, so that what is left is a scenario still.

What others need stays: nothing waits for a task, or triggers a DAG, that is not there any more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any

from windtunnel.model import Dag, ExternalTaskSensor, Scenario, Task, TriggerDagRun

Item = Any
Cut = tuple[list[Item], Callable[[list[Item]], Scenario]]
"""What there is, and the scenario with only some of it."""


def cuts(scenario: Scenario) -> Iterator[Callable[[Scenario], Cut]]:
    """Each kind of thing that can be left out; those that take the most with them first."""
    yield of_dags
    for name in ("manual_runs", "arrivals", "backfills", "asset_updates"):
        if getattr(scenario, name):
            yield _of_field(name)
    if scenario.faults:
        yield of_faults
    yield of_schedules
    yield of_tasks


def _of_field(name: str) -> Callable[[Scenario], Cut]:
    def cut(scenario: Scenario) -> Cut:
        def keep(some: list[Item]) -> Scenario:
            return scenario.model_copy(update={name: tuple(some)})

        return list(getattr(scenario, name) or ()), keep

    return cut


def of_faults(scenario: Scenario) -> Cut:
    """Faults; what was chosen of the others finds them under their new numbers."""

    def keep(some: list[Item]) -> Scenario:
        numbers = {f"fault {old}": f"fault {new}" for new, old in enumerate(some)}
        choices = None
        if scenario.choices is not None:
            choices = tuple(
                one.model_copy(update={"kind": numbers.get(one.kind, one.kind)})
                for one in scenario.choices
                if not one.kind.startswith("fault ") or one.kind in numbers
            )
        faults = tuple(scenario.faults[number] for number in some)
        return scenario.model_copy(update={"faults": faults, "choices": choices})

    return list(range(len(scenario.faults))), keep


# -- DAGs -------------------------------------------------------------------------------------


def of_dags(scenario: Scenario) -> Cut:
    """DAGs, with their runs; those that others name stay with these."""
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    triggered = _triggered_by_steps(scenario)

    def needs(dag_id: str) -> set[str]:
        named = {name for task in dags[dag_id].tasks for name in _dags_named(task)}
        return (named | triggered.get(dag_id, set())) & dags.keys()

    def keep(some: list[str]) -> Scenario:
        return _with_dags(scenario, _closed(some, needs))

    return list(dags), keep


def of_schedules(scenario: Scenario) -> Cut:
    """Schedules: a DAG without one has only the runs that somebody triggers."""
    scheduled = [dag.dag_id for dag in scenario.fleet.dags if dag.schedule is not None]

    def keep(some: list[str]) -> Scenario:
        dags = (
            dag if dag.dag_id in some or dag.schedule is None else _unscheduled(dag)
            for dag in scenario.fleet.dags
        )
        return _with_fleet(scenario, dags)

    return scheduled, keep


def _unscheduled(dag: Dag) -> Dag:
    return dag.model_copy(update={"schedule": None})


def _with_dags(scenario: Scenario, kept: set[str]) -> Scenario:
    """Only these DAGs, and what people do with them."""
    fleet = _with_fleet(scenario, (d for d in scenario.fleet.dags if d.dag_id in kept))
    return fleet.model_copy(
        update={
            name: tuple(one for one in getattr(scenario, name) if one.dag_id in kept)
            for name in ("manual_runs", "arrivals", "backfills")
        }
    )


def _with_fleet(scenario: Scenario, dags: Iterable[Dag]) -> Scenario:
    fleet = scenario.fleet.model_copy(update={"dags": tuple(dags)})
    return scenario.model_copy(update={"fleet": fleet})


def _dags_named(task: Task) -> Iterator[str]:
    if isinstance(task.kind, ExternalTaskSensor):
        yield task.kind.external_dag_id
    elif isinstance(task.kind, TriggerDagRun):
        yield task.kind.trigger_dag_id


def _triggered_by_steps(scenario: Scenario) -> dict[str, set[str]]:
    """By DAG: those that steps of its tasks trigger."""
    found: dict[str, set[str]] = {}
    for rule in scenario.behavior.rules:
        named = {step.trigger for step in rule.steps or () if step.trigger is not None}
        if named:
            for dag in scenario.fleet.dags:
                if any(rule.is_for(dag, task) for task in dag.tasks):
                    found.setdefault(dag.dag_id, set()).update(named)
    return found


# -- tasks ------------------------------------------------------------------------------------

Name = tuple[str, str]


def of_tasks(scenario: Scenario) -> Cut:
    """Tasks; what came after one that is left out comes after those that were before it."""
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    tasks = {(dag.dag_id, task.task_id): task for dag in dags.values() for task in dag.tasks}

    def needs(name: Name) -> set[Name]:
        return {other for other in _tasks_named(name, tasks[name], dags) if other in tasks}

    def keep(some: list[Name]) -> Scenario:
        kept = _closed(some, needs)
        return _with_fleet(
            scenario,
            (with_tasks(dag, {t for d, t in kept if d == dag.dag_id}) for dag in dags.values()),
        )

    return list(tasks), keep


def _tasks_named(name: Name, task: Task, dags: dict[str, Dag]) -> Iterator[Name]:
    """What a task waits for by name, and whose results it is mapped over."""
    own = dags[name[0]]
    groups = {group.group_id: group for group in own.groups}
    expansions = [task.expand or ()]
    group_id = task.group
    while group_id is not None and group_id in groups:
        expansions.append(groups[group_id].expand or ())
        group_id = groups[group_id].parent
    for expansion in expansions:
        yield from ((name[0], source) for source in expansion if isinstance(source, str))
    kind = task.kind
    if not isinstance(kind, ExternalTaskSensor) or kind.external_dag_id not in dags:
        return
    waited = dags[kind.external_dag_id]
    yield from ((waited.dag_id, task_id) for task_id in kind.external_task_ids)
    if kind.external_task_group_id is not None:
        within = f"{kind.external_task_group_id}."
        yield from (
            (waited.dag_id, other.task_id)
            for other in waited.tasks
            if f"{other.group}.".startswith(within)
        )


def with_tasks(dag: Dag, kept: set[str]) -> Dag:
    """The DAG with only these tasks; what came after another comes after those before that."""
    if len(kept) == len(dag.tasks):
        return dag
    upstream = {task.task_id: task.upstream for task in dag.tasks}
    known: dict[str, tuple[str, ...]] = {}

    def bridged(task_id: str) -> tuple[str, ...]:
        """The nearest tasks before this one that are kept."""
        if task_id not in known:
            found: dict[str, None] = {}
            for up in upstream[task_id]:
                found.update(dict.fromkeys((up,) if up in kept else bridged(up)))
            known[task_id] = tuple(found)
        return known[task_id]

    tasks = tuple(
        task.model_copy(update={"upstream": bridged(task.task_id)})
        for task in dag.tasks
        if task.task_id in kept
    )
    used = {task.group for task in tasks}
    groups = tuple(
        group
        for group in dag.groups
        if any(f"{name}.".startswith(f"{group.group_id}.") for name in used)
    )
    return dag.model_copy(update={"tasks": tasks, "groups": groups})


Node = Any


def _closed(some: Sequence[Node], needs: Callable[[Node], set[Any]]) -> set[Any]:
    """These, and all that they need, directly or not."""
    found: set[Hashable] = set()
    open_ = list(some)
    while open_:
        one = open_.pop()
        if one not in found:
            found.add(one)
            open_.extend(needs(one))
    return found
