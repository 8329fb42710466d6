"""DAGs that start each other in a circle, by triggers or by assets: runs without end (WT401).

If each of them also waits for the run that it started, none ever ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from windtunnel.detect import Finding
from windtunnel.lint.relatives import Relatives
from windtunnel.model import (
    AssetCondition,
    Branch,
    Dag,
    LatestOnly,
    Scenario,
    ShortCircuit,
    Task,
    TriggerDagRun,
)

CODE = "WT401"
CHOOSING = Branch | ShortCircuit | LatestOnly


@dataclass(frozen=True, slots=True)
class _Start:
    """A task whose success brings a run of another DAG, or of its own."""

    dag: Dag
    task: Task
    target: str
    how: str
    waits: bool
    always: bool
    """Whether no branch before it may leave it out."""


def find_feedback(scenario: Scenario) -> list[Finding]:
    """One finding for each circle; a DAG is told of once."""
    starts: dict[str, list[_Start]] = {}
    for dag in scenario.fleet.dags:
        if not dag.is_paused:
            starts[dag.dag_id] = list(_starts(scenario, dag))
    told: set[str] = set()
    found = []
    for dag_id in starts:
        circle = () if dag_id in told else _circle(dag_id, starts)
        if circle:
            told.update(one.dag.dag_id for one in circle)
            found.append(_finding(circle))
    return found


def _starts(scenario: Scenario, dag: Dag) -> Iterator[_Start]:
    relatives = Relatives(dag)
    choosers = {task.task_id for task in dag.tasks if isinstance(task.kind, CHOOSING)}
    for task in dag.tasks:
        kind = task.kind
        if not isinstance(kind, TriggerDagRun) and not task.outlets:
            continue
        choosing = not choosers.isdisjoint(relatives.before(task.task_id))
        # A run_id or a date of the trigger's own is there already when it comes round again.
        if isinstance(kind, TriggerDagRun) and not (kind.trigger_run_id or kind.logical_date):
            waits = kind.wait_for_completion
            yield _Start(dag, task, kind.trigger_dag_id, "triggers", waits, not choosing)
        for other in scenario.fleet.dags if task.outlets else ():
            if other.awaited is not None and _is_met(other.awaited, task.outlets):
                how = f"updates {', '.join(task.outlets)}, which starts"
                yield _Start(dag, task, other.dag_id, how, False, not choosing)


def _is_met(condition: AssetCondition, updated: Collection[str]) -> bool:
    """Whether these assets alone are enough for a run."""
    if isinstance(condition, str):
        return condition in updated
    parts = [_is_met(part, updated) for part in condition.of]
    return bool(parts) and (any(parts) if condition.type == "any" else all(parts))


def _circle(start: str, starts: dict[str, list[_Start]]) -> tuple[_Start, ...]:
    """The shortest way from a DAG back to itself."""
    ways: deque[tuple[_Start, ...]] = deque((one,) for one in starts.get(start, ()))
    seen: set[str] = set()
    while ways:
        way = ways.popleft()
        here = way[-1].target
        if here == start:
            return way
        if here not in seen:
            seen.add(here)
            ways.extend((*way, one) for one in starts.get(here, ()))
    return ()


def _finding(circle: tuple[_Start, ...]) -> Finding:
    first = circle[0]
    parts = [f"{one.dag.dag_id}.{one.task.task_id} {one.how} {one.target}" for one in circle]
    always = all(one.always for one in circle)
    waits = all(one.waits for one in circle)
    unless = "" if always else ", unless the branch before it ends that"
    if waits:
        what = f"each waits for the run that it started, so none of them ends{unless}, and each "
        what += "holds its slots"
    else:
        what = f"each run brings another one, without end{unless}"
    return Finding(
        code=CODE,
        title="DAGs that start each other" if len(circle) > 1 else "DAG that starts itself",
        summary=f"{'; '.join(parts)}: {what}.",
        certain=waits and always,
        about=", ".join(f"{one.dag.dag_id}.{one.task.task_id}" for one in circle),
        dag_id=first.dag.dag_id,
        file=first.dag.file,
        line=first.task.line,
        cycle=(*(one.dag.dag_id for one in circle), first.dag.dag_id),
    )
