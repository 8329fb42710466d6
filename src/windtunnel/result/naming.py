"""Naming: which task is meant, by ``dag_id.task_id`` or by a task_id that only one DAG has."""

from __future__ import annotations

import re

from windtunnel.errors import InvalidInput
from windtunnel.model import DagChanged, Scenario
from windtunnel.model.pattern import nearest


def find_task(name: str, scenario: Scenario) -> str:
    """``dag_id.task_id`` of a task, with the map index if *name* has one.

    Raises:
        InvalidInput: no DAG has it, or several do; the message lists what there is.
    """
    bare = re.sub(r"\[\d+\]$", "", name)
    index = name.removeprefix(bare)
    tasks = _tasks(scenario)
    if bare in tasks:
        return name
    of = [full for full, task_id in tasks.items() if task_id == bare]
    if len(of) == 1:
        return of[0] + index
    if of:
        raise InvalidInput(f"several DAGs have a task {bare!r}; say which: {', '.join(sorted(of))}")
    raise InvalidInput(_unknown(bare, sorted(tasks), scenario))


def _tasks(scenario: Scenario) -> dict[str, str]:
    """``dag_id.task_id`` -> task_id of all tasks: of the fleet, and of what its DAGs become."""
    become = [f.dag for f in scenario.faults if isinstance(f, DagChanged) and f.dag is not None]
    return {
        f"{dag.dag_id}.{task.task_id}": task.task_id
        for dag in (*scenario.fleet.dags, *become)
        for task in dag.tasks
    }


def _unknown(name: str, known: list[str], scenario: Scenario) -> str:
    dags = sorted(dag.dag_id for dag in scenario.fleet.dags)
    dag_id = next((dag for dag in dags if name.startswith(f"{dag}.")), "")
    if dag_id:
        own = ", ".join(full for full in known if full.startswith(f"{dag_id}."))
        return f"no task {name!r}; of this DAG: {own or 'none'}"
    if "." in name and name.partition(".")[0] not in dags:
        said = f"DAG {name.partition('.')[0]!r} is not in the fleet; DAGs: {', '.join(dags)}"
    else:
        said = f"no DAG has a task {name!r}; {nearest(name, known)}"
    problems = scenario.fleet.problems
    return said + "".join(f"\nnot used: {problem}" for problem in problems)
