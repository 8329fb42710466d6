"""What a scenario says beforehand about where trouble may be, so that a search looks there first.

Late is best whoever others wait for; and those who take the same lock, touch the same data, update
the same asset, or use the same resource, are best brought together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from windtunnel.choices import Hints, Meeting
from windtunnel.model import (
    Dag,
    ExternalTaskSensor,
    Rule,
    RuleBook,
    Scenario,
    Task,
    TriggerDagRun,
)

Group = frozenset[tuple[str, str]]
MOST = 200
"""Groups of a kind: beyond that a strategy would not come back to any of them."""


def hints_of(scenario: Scenario) -> Hints:
    """Tasks for which others wait, and tasks that share something."""
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    awaited: dict[Group, None] = {}
    for dag in scenario.fleet.dags:
        for task in dag.tasks:
            for other, task_ids in _waits_for(task):
                if other in dags:
                    awaited[_up_to(dags[other], task_ids)] = None
    return Hints(tuple(awaited)[:MOST], tuple(_meetings(scenario))[:MOST])


def _waits_for(task: Task) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(DAG, tasks; all of them, if none) whose end a task waits for."""
    kind = task.kind
    if isinstance(kind, ExternalTaskSensor):
        yield kind.external_dag_id, kind.external_task_ids
    elif isinstance(kind, TriggerDagRun) and kind.wait_for_completion:
        yield kind.trigger_dag_id, ()


def _meetings(scenario: Scenario) -> Iterator[Meeting]:
    book = RuleBook(scenario.behavior.rules)
    members: dict[str, set[tuple[str, str]]] = defaultdict(set)
    holding: dict[str, set[tuple[str, str]]] = defaultdict(set)
    matters: dict[str, None] = {}
    for dag in scenario.fleet.dags:
        for task in dag.tasks:
            for thing, makes_a_difference in _shared(task, book.of(dag, task)):
                members[thing] |= _up_to(dag, (task.task_id,))
                holding[thing].add((dag.dag_id, task.task_id))
                if makes_a_difference:
                    matters[thing] = None
    for thing in matters:
        yield Meeting(frozenset(members[thing]), frozenset(holding[thing]))


def _shared(task: Task, rules: tuple[Rule, ...]) -> Iterator[tuple[str, bool]]:
    """(what a task shares with others, whether that makes a difference to them)."""
    yield from ((f"asset {asset}", True) for asset in task.outlets)
    for rule in rules:
        yield from ((f"resource {name}", True) for name in rule.needs)
        for step in rule.steps or ():
            if step.acquire is not None:
                yield f"resource {step.acquire}", True
            for name in (step.write, step.append):
                if name is not None:
                    yield f"data {name}", True
            if step.read is not None:
                # A writer, if there is one, says that it matters.
                yield f"data {step.read}", False


def _up_to(dag: Dag, task_ids: tuple[str, ...]) -> Group:
    """These tasks and all that comes before them; all tasks, if none is named."""
    if not task_ids:
        return frozenset((dag.dag_id, task.task_id) for task in dag.tasks)
    upstream = {task.task_id: task.upstream for task in dag.tasks}
    found: set[tuple[str, str]] = set()
    todo = [task_id for task_id in task_ids if task_id in upstream]
    while todo:
        one = todo.pop()
        if (dag.dag_id, one) not in found:
            found.add((dag.dag_id, one))
            todo.extend(upstream[one])
    return frozenset(found)
