"""Sensors that look at tasks which their DAG doesn't have, or doesn't have once (WT112), and waits
for DAGs that are paused (WT114)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from windtunnel.detect import Finding
from windtunnel.lint.awaited import Awaited, awaited
from windtunnel.lint.relatives import instances
from windtunnel.model import Dag, DagPaused, Fleet, Scenario, Task, TriggerDagRun

NO_TARGET = "WT112"
PAUSED = "WT114"


def find_missing_targets(scenario: Scenario) -> list[Finding]:
    """One finding for each sensor or trigger and what is wrong with its target."""
    fleet = scenario.fleet
    found = [_no_target(one, *missing) for one in awaited(fleet) for missing in _missing(one)]
    if not any(isinstance(fault, DagPaused) for fault in scenario.faults):
        found.extend(_waits_for_paused(fleet))
    return found


def _missing(one: Awaited) -> Iterator[tuple[str, str, bool]]:
    """What is looked for, what is wrong with it, and whether that is certain: where something that
    isn't installed took part in making the DAG, nobody knows all of its tasks."""
    target = one.target
    ids = [task.task_id for task in target.tasks]
    calls = target.unknown_calls
    unless = f", unless {calls[0]}(), which isn't installed here, makes it" if calls else ""
    for name in one.kind.external_task_ids:
        if name not in ids:
            near = unless or _near(name, ids)
            yield name, f"DAG {target.dag_id} has no task {name!r}{near}", not calls
        elif (count := instances(target, name)) is not None and count != 1:
            mapped = (
                f"{target.dag_id}.{name} is mapped to {count} task instances; the sensor counts "
                "each of them and expects one, so it is content only while exactly one has "
                "succeeded"
            )
            yield name, mapped, True
    group = one.kind.external_task_group_id
    groups = [known.group_id for known in target.groups]
    if group is not None and group not in groups:
        near = unless or _near(group, groups)
        yield group, f"DAG {target.dag_id} has no task group {group!r}{near}", not calls


def _no_target(one: Awaited, name: str, why: str, sure: bool) -> Finding:
    return Finding(
        certain=sure,
        code=NO_TARGET,
        title="Sensor waits for what its DAG does not have",
        summary=f"{one.name}: {why}. {one.ends}.",
        about=f"{one.name} {one.target.dag_id}.{name}",
        dag_id=one.dag.dag_id,
        file=one.dag.file,
        line=one.task.line,
    )


def _waits_for_paused(fleet: Fleet) -> Iterator[Finding]:
    paused = {dag.dag_id for dag in fleet.dags if dag.is_paused}
    for one in awaited(fleet):
        if one.target.dag_id in paused and not one.dag.is_paused:
            yield _paused(one.dag, one.task, one.target.dag_id, f"{one.ends}.")
    for dag in fleet.dags:
        for task in dag.tasks:
            kind = task.kind
            if isinstance(kind, TriggerDagRun) and kind.trigger_dag_id in paused:
                waits = kind.wait_for_completion and not dag.is_paused
                if waits and not kind.fail_when_dag_is_paused:
                    said = "The run that it triggers stays queued, and nothing ends the wait."
                    yield _paused(dag, task, kind.trigger_dag_id, said)


def _paused(dag: Dag, task: Task, target: str, what: str) -> Finding:
    return Finding(
        code=PAUSED,
        title="Task waits for a DAG that is paused",
        summary=f"{dag.dag_id}.{task.task_id} waits for DAG {target}, which is paused when it is "
        f"created (is_paused_upon_creation=True). {what} Unpause {target} first.",
        about=f"{dag.dag_id}.{task.task_id}",
        dag_id=dag.dag_id,
        file=dag.file,
        line=task.line,
    )


def _near(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
