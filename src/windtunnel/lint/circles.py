"""Sensors that wait for each other (WT117): for runs of the same logical dates none can come true.

A sensor that looks at a task succeeds only after all that this task needs, and a sensor before that
task is among what it needs. Where such steps lead back to the first sensor and to the same run of
it, or to a later one, no order of events lets any of them succeed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from windtunnel.detect import Finding
from windtunnel.lint.awaited import Awaited, awaited
from windtunnel.lint.relatives import Relatives
from windtunnel.model import Branch, Dag, LatestOnly, Scenario, ShortCircuit, TriggerRule

CODE = "WT117"
CHOOSING = Branch | ShortCircuit | LatestOnly
"""What may skip the tasks behind it."""


@dataclass(frozen=True, slots=True)
class _Step:
    """From one sensor to another that must succeed before it can."""

    to: int
    delta_s: float
    """How much older the run is in which the other one is."""


def find_circles(scenario: Scenario) -> list[Finding]:
    """One finding for each circle; a sensor is told of once."""
    sensors = [one for one in awaited(scenario.fleet) if _is_plain(one)]
    steps = _steps(sensors)
    told: set[int] = set()
    found = []
    for start in range(len(sensors)):
        if start not in told and (circle := _circle(start, steps)):
            told.update(circle)
            found.append(_finding([sensors[i] for i in circle]))
    return found


def _is_plain(one: Awaited) -> bool:
    """Whether it is known for which run it looks, and that only a success will do."""
    if one.dag.is_paused or one.target.is_paused or one.kind.execution_date_fn:
        return False
    wants = {"success"} if _looks_at_tasks(one) else {"success", "failed"}
    return set(one.kind.allowed_states) <= wants


def _looks_at_tasks(one: Awaited) -> bool:
    return bool(one.kind.external_task_ids or one.kind.external_task_group_id)


def _steps(sensors: list[Awaited]) -> list[list[_Step]]:
    """For each sensor those that must succeed before it; without those that are on no circle."""
    in_dag: dict[str, list[int]] = {}
    for number, one in enumerate(sensors):
        in_dag.setdefault(one.dag.dag_id, []).append(number)
    relatives = {dag_id: Relatives(sensors[first[0]].dag) for dag_id, first in in_dag.items()}
    steps: list[list[_Step]] = []
    for one in sensors:
        others = in_dag.get(one.target.dag_id, [])
        first = _needed(one, relatives[one.target.dag_id]) if others else None
        deltas = (one.kind.execution_delta_s, *one.kind.other_deltas_s)
        steps.append(
            [
                _Step(other, delta)
                for other in others
                if first is not None and first(sensors[other].task.task_id)
                for delta in deltas
            ]
        )
    return _pruned(steps)


def _needed(one: Awaited, relatives: Relatives) -> Callable[[str], bool]:
    """Which tasks of the other DAG must have succeeded, or be over, before this sensor can."""
    if not _looks_at_tasks(one):
        return lambda task_id: not _may_be_skipped(one.target, task_id, relatives)
    wanted = set(one.kind.external_task_ids)
    if one.kind.external_task_group_id is not None:
        wanted |= relatives.of_group(one.kind.external_task_group_id)
    needed = set(wanted)
    for task_id in wanted:
        needed |= relatives.before(task_id, rule=TriggerRule.ALL_SUCCESS)
    return needed.__contains__


def _may_be_skipped(dag: Dag, task_id: str, relatives: Relatives) -> bool:
    """Whether a run may end without it, although nothing failed: then it is not waited for."""
    return any(isinstance(dag.task(up).kind, CHOOSING) for up in relatives.before(task_id))


def _pruned(steps: list[list[_Step]]) -> list[list[_Step]]:
    left = steps
    while True:
        alive = {number for number, own in enumerate(left) if own}
        kept = [[step for step in own if step.to in alive] for own in left]
        if kept == left:
            return kept
        left = kept


def _circle(start: int, steps: list[list[_Step]]) -> list[int]:
    """The shortest way from a sensor back to itself in the same run or a later one."""
    level: dict[int, tuple[float, list[int]]] = {start: (0.0, [start])}
    for _ in range(len(steps)):
        further: dict[int, tuple[float, list[int]]] = {}
        for here, (older, way) in level.items():
            for step in steps[here]:
                total = older + step.delta_s
                if step.to == start and total <= 0:
                    return way
                best = further.get(step.to)
                if step.to not in way and (best is None or total < best[0]):
                    further[step.to] = total, [*way, step.to]
        if not further:
            return []
        level = further
    return []


def _finding(circle: list[Awaited]) -> Finding:
    following = [*circle[1:], circle[0]]
    parts = [_said(one, then) for one, then in zip(circle, following, strict=True)]
    first = circle[0]
    dags = {one.dag.dag_id for one in circle}
    what = "Sensors that wait for each other" if len(circle) > 1 else "Sensor that waits for itself"
    end = min(circle, key=lambda one: one.kind.timeout_s)
    return Finding(
        code=CODE,
        title=what,
        summary=f"{'; '.join(parts)}. In runs of the same logical dates "
        f"{'none of them' if len(circle) > 1 else 'it'} can come true. {end.ends}"
        f"{f' ({end.name} is the first)' if len(circle) > 1 else ''}.",
        about=", ".join(one.name for one in circle),
        dag_id=first.dag.dag_id,
        file=first.dag.file,
        line=first.task.line,
        cycle=tuple(one.name for one in (*circle, first)),
        notes=() if len(dags) > 1 else ("All of it is within one DAG.",),
    )


def _said(one: Awaited, then: Awaited) -> str:
    wanted = [f"{one.target.dag_id}.{name}" for name in one.kind.external_task_ids]
    if one.kind.external_task_group_id is not None:
        wanted.append(f"group {one.kind.external_task_group_id} of {one.target.dag_id}")
    if not wanted:
        return f"{one.name} waits for the run of {one.target.dag_id}, which ends after {then.name}"
    return f"{one.name} waits for {' and '.join(wanted)}, which comes after {then.name}"
