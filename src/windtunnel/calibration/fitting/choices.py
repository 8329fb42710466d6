"""Choices: which way branches went, and over how many items tasks were mapped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from windtunnel.calibration.fitting.laws import KEPT
from windtunnel.calibration.past import PastTry
from windtunnel.model import Branch, Dag, OneOf, ShortCircuit, Task

Runs = Mapping[tuple[str, str], Mapping[str, Sequence[PastTry]]]
"""The latest tries of each run, by task."""


def latest_of(tries: Iterable[PastTry]) -> Runs:
    """The latest try of each task instance, by run and task."""
    found: dict[tuple[str, str], dict[str, list[PastTry]]] = {}
    for one in tries:
        if one.last:
            found.setdefault(one.run, {}).setdefault(one.task_id, []).append(one)
    return found


def decided_of(dag: Dag, task: Task, runs: Runs) -> dict[str, Any]:
    """What a rule says of what a task decides for those downstream: as its runs show."""
    mine = [of for (dag_id, _), of in runs.items() if dag_id == dag.dag_id and _succeeded(of, task)]
    said: dict[str, Any] = {}
    if isinstance(task.kind, Branch):
        said |= _followed(dag, task, mine)
    if isinstance(task.kind, ShortCircuit):
        said |= _true(dag, task, mine)
    if lengths := _lengths(dag, task, mine):
        said["length"] = lengths
    return said


def _succeeded(of: Mapping[str, Sequence[PastTry]], task: Task) -> bool:
    return any(one.state == "success" for one in of.get(task.task_id, ()))


def _below(dag: Dag, task: Task) -> list[str]:
    return [one.task_id for one in dag.tasks if task.task_id in one.upstream]


def _skipped(of: Mapping[str, Sequence[PastTry]], task_id: str) -> bool | None:
    """Whether all of a task was skipped before it ran; ``None``: nobody knows yet."""
    states = {one.state for one in of.get(task_id, ())}
    if states & {None, "scheduled", "none"} or not states:
        return None
    return states == {"skipped"}


def _followed(dag: Dag, task: Task, runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    below = _below(dag, task)
    ways: Counter[str] = Counter()
    for of in runs:
        found = {task_id: _skipped(of, task_id) for task_id in below}
        if None not in found.values():
            ways[", ".join(sorted(t for t, skipped in found.items() if not skipped))] += 1
    total = sum(ways.values())
    if not total or set(ways) == {", ".join(sorted(below))}:
        return {}
    if len(ways) == 1:
        (way,) = ways
        return {"follow": way.split(", ") if way else None}
    # Rounded, and still 1 together: what is left would be runs that follow nothing.
    shares = {way: round(count / total, 4) for way, count in sorted(ways.items())}
    most = max(shares, key=lambda way: shares[way])
    shares[most] = round(shares[most] + 1 - sum(shares.values()), 4)
    return {"follow_shares": {way: share for way, share in shares.items() if way}}


def _true(dag: Dag, task: Task, runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    below = _below(dag, task)
    found = []
    for of in runs:
        states = [_skipped(of, task_id) for task_id in below]
        if states and None not in states:
            found.append(not all(states))
    if not found or all(found):
        return {}
    if not any(found):
        return {"condition": False}
    return {"condition_share": round(sum(found) / len(found), 4)}


def _lengths(dag: Dag, task: Task, runs: Sequence[Mapping[str, Any]]) -> int | OneOf | None:
    """How many items it returned, as what is mapped over it shows."""
    mapped = [one.task_id for one in dag.tasks if one.expand == (task.task_id,)]
    groups = {group.group_id for group in dag.groups if group.expand == (task.task_id,)}
    mapped += [one.task_id for one in dag.tasks if one.group in groups]
    counts: list[int] = []
    for of in runs:
        there = [of[task_id] for task_id in mapped if _is_expanded(of.get(task_id, ()))]
        if there:
            counts.append(max(sum(one.map_index >= 0 for one in some) for some in there))
    if not counts:
        return None
    if len(set(counts)) == 1:
        return counts[0]
    ordered = sorted(counts)
    kept = min(KEPT, len(ordered))
    values = (ordered[(2 * n + 1) * len(ordered) // (2 * kept)] for n in range(kept))
    return OneOf(values=tuple(float(value) for value in values))


def _is_expanded(some: Sequence[PastTry]) -> bool:
    """Whether it is known over how many items a task was mapped; over none, it is skipped."""
    return any(one.map_index >= 0 or one.state == "skipped" for one in some)
