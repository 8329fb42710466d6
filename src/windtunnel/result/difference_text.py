"""The text of a difference: dag runs, task instances and findings, the most telling first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from windtunnel.detect import Finding
from windtunnel.result.changes import LEAST_S, ChangedRun, ChangedTask
from windtunnel.units import clock, duration

ROWS = 20
"""Lines below each title; the values have all."""
OTHERWISE = float("inf")
"""How much another state is different: more than any shift."""

_Line = tuple[float, str]


def changed_runs(runs: Sequence[ChangedRun]) -> list[str]:
    """Lines about dag runs; those of one DAG that changed alike are one."""
    lines: list[_Line] = []
    for dag_id in dict.fromkeys(run.dag_id for run in runs):
        own = [run for run in runs if run.dag_id == dag_id]
        said = {run: _run_said(run) for run in own}
        for kind in dict.fromkeys(what for what, _ in said.values()):
            alike = [run for run in own if said[run][0] == kind]
            worst = max(alike, key=lambda run: abs(run.later_s or 0))
            text = f"  {dag_id} {worst.run}: {said[worst][1]}"
            if len(alike) > 1:
                text = f"  {dag_id}: {len(alike)} runs {kind}; most: {worst.run}, {said[worst][1]}"
            is_late = worst.state_before == worst.state_after
            lines.append((abs(worst.later_s or 0) if is_late else OTHERWISE, text))
    return _most_telling("Dag runs", lines)


def _most_telling(title: str, lines: list[_Line]) -> list[str]:
    """The lines below a title: those of other states first, then by how much is different."""
    if not lines:
        return []
    ranked = [text for _, text in sorted(lines, key=lambda line: -line[0])]
    more = [f"  ... and {len(ranked) - ROWS} more"] if len(ranked) > ROWS else []
    return [title, *ranked[:ROWS], *more]


def _run_said(run: ChangedRun) -> tuple[str, str]:
    """What is said of many runs, and what of this one."""
    if run.state_before is None:
        return "are new", f"new, {run.state_after}"
    if run.state_after is None:
        return "are gone", f"gone, was {run.state_before}"
    if run.state_before != run.state_after:
        said = f"{run.state_before} -> {run.state_after}"
        return said, said
    late = run.later_s or 0.0
    way = "later" if late > 0 else "earlier"
    assert run.ended_before is not None
    assert run.ended_after is not None
    ends = (clock(at, beside=run.due) for at in (run.ended_before, run.ended_after))
    times = " -> ".join(ends)
    if run.due_before is not None:
        times += f"; was due at {clock(run.due_before, beside=run.due)}"
    return f"end {way}", f"ends {duration(abs(late))} {way} ({times})"


def changed_tasks(tasks: Sequence[ChangedTask]) -> list[str]:
    """Lines about task instances; those of one task that changed alike are one."""
    lines: list[_Line] = []
    for name in dict.fromkeys(task.name for task in tasks):
        own = [task for task in tasks if task.name == name]
        said = [(*one, task.run) for task in own for one in _task_said(task)]
        for kind in dict.fromkeys(what for what, *_ in said):
            alike = [one for one in said if one[0] == kind]
            _, much, text, run = max(alike, key=lambda one: one[1])
            if len(alike) == 1:
                lines.append((much, f"  {name} of {run}: {text}"))
            else:
                lines.append((much, f"  {name}: {len(alike)} {kind}; most: {text} ({run})"))
    return _most_telling("Task instances", lines)


def _task_said(task: ChangedTask) -> Iterator[tuple[str, float, str]]:
    """What is said of many instances, how much it is, and what is said of this one."""
    if task.state_before != task.state_after:
        said = f"{task.state_before or 'not there'} -> {task.state_after or 'gone'}"
        yield said, OTHERWISE, said
    elif task.tries_before != task.tries_after:
        said = f"try {task.tries_before} -> try {task.tries_after}"
        yield said, OTHERWISE, said
    if abs(task.runs_longer_s) >= LEAST_S and task.state_before == task.state_after:
        way = "longer" if task.runs_longer_s > 0 else "shorter"
        length = abs(task.runs_longer_s)
        yield f"run {way}", length, f"runs {duration(length)} {way}"
    for limit, before, after in task.waits:
        way = "more" if after > before else "less"
        times = f"{duration(before)} -> {duration(after)}"
        text = f"waits {duration(abs(after - before))} {way} for {limit} ({times})"
        yield f"wait {way} for {limit}", abs(after - before), text


def changed_findings(new: Iterable[Finding], gone: Iterable[Finding]) -> Iterator[str]:
    """Lines about findings."""
    lines = [f"  new   {one.headline}" for one in new]
    lines += [f"  gone  {one.headline}" for one in gone]
    if lines:
        yield "Findings"
    yield from lines
