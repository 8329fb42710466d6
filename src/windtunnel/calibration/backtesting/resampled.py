"""Resampled: the behavior that draws, for each try, one of those that were measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from windtunnel.calibration.past import Past, PastTry
from windtunnel.model import Behavior, Branch, Dag, Fleet, Rule, Sample, Sensor, Task

KEPT = 50
GLANCE_S = 0.5


def resampled(past: Past, fleet: Fleet) -> Behavior:
    """A rule for each task of the fleet that ran: measured durations, share of failures, for
    sensors when their condition came true after the run was due, for branches what they followed
    most often, and the usual number of mapped instances."""
    tasks = {(dag.dag_id, task.task_id): (dag, task) for dag in fleet.dags for task in dag.tasks}
    of_run: dict[tuple[str, str], dict[str, PastTry]] = {}
    for one in past.tries:
        if one.last:
            of_run.setdefault(one.run, {})[one.task_id] = one
    due = {run.key: run.run_after for run in past.runs}
    rules = []
    for key, tries in past.tries_by_task():
        ended = [one for one in tries if one.seconds is not None and one.state != "running"]
        if key in tasks and ended:
            dag, task = tasks[key]
            said = {"tasks": ".".join(key), **_times(task, ended, due)}
            said |= dict(_choices(dag, task, ended, of_run))
            rules.append(Rule.model_validate(said))
    return Behavior(rules=tuple(rules))


def _times(
    task: Task, ended: Sequence[PastTry], due: dict[tuple[str, str], datetime | None]
) -> dict[str, Any]:
    failed = sum(one.state == "failed" for one in ended) / len(ended)
    if not isinstance(task.kind, Sensor):
        seconds = [one.seconds for one in ended if one.seconds is not None]
        return {"duration_s": _sample(seconds), "fail_share": failed}
    half = task.kind.poke_interval_s / 2
    after = [
        max(0.0, (one.end - at).total_seconds() - half)
        for one in ended
        if one.end and (at := due.get(one.run)) and one.state == "success"
    ]
    said: dict[str, Any] = {"duration_s": GLANCE_S, "fail_share": failed}
    return said | ({"true_after_s": _sample(after)} if after else {})


def _choices(
    dag: Dag,
    task: Task,
    ended: Sequence[PastTry],
    of_run: dict[tuple[str, str], dict[str, PastTry]],
) -> Iterator[tuple[str, Any]]:
    below = [one.task_id for one in dag.tasks if task.task_id in one.upstream]
    if isinstance(task.kind, Branch):
        ways = Counter(
            tuple(t for t in below if t in run and run[t].state != "skipped")
            for run in (of_run[one.run] for one in ended)
        )
        yield "follow", max(ways, key=lambda way: (ways[way], way))
    mapped = [one.task_id for one in dag.tasks if task.task_id in (one.expand or ())]
    lengths = Counter(
        run[t].map_index + 1
        for run in (of_run[one.run] for one in ended)
        for t in mapped
        if t in run
    )
    if lengths:
        yield "length", max(lengths, key=lambda length: (lengths[length], length))


def _sample(values: Sequence[float]) -> Sample:
    ordered = sorted(values)
    count = min(KEPT, len(ordered))
    kept = (ordered[(2 * n + 1) * len(ordered) // (2 * count)] for n in range(count))
    return Sample(values_s=tuple(round(value, 3) for value in kept))
