"""Difference: what lands later, waits more or ends otherwise in a second simulation of a fleet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from windtunnel.detect import Finding
from windtunnel.result.dag_runs import DagRun
from windtunnel.result.lines import wrapped
from windtunnel.result.outcome import Outcome
from windtunnel.result.tasks import Task
from windtunnel.units import clock, count, duration

LEAST_S = 1.0
"""A shift that is shorter is none."""
DATED = ("scheduled", "backfill")
"""Types of runs that are the same if they have the same logical date."""

ROWS = 20
"""Lines of the text below each title; the fields have all."""
OTHERWISE = float("inf")
"""How much another state is different: more than any shift."""

T = TypeVar("T")
_Line = tuple[float, str]
Key = tuple[str, str, str, int]
"""dag_id, type, and name of a run; of one that is named after a moment, which of its kind it is."""


@dataclass(frozen=True, slots=True)
class ChangedRun:
    """A dag run that ends at another time, or in another way."""

    dag_id: str
    run: str
    due: datetime
    state_before: str | None
    """None: the run was not there."""
    state_after: str | None
    """None: the run is not there any more."""
    ended_before: datetime | None
    ended_after: datetime | None
    later_s: float | None
    """How much later after it was due it ends, negative if earlier; None if it did not end in
    both."""


@dataclass(frozen=True, slots=True)
class ChangedTask:
    """A task instance that ends in another way, takes another number of tries, runs longer, or
    waits for something else; not one that is only moved by those before it."""

    name: str
    run: str
    state_before: str | None
    state_after: str | None
    tries_before: int
    tries_after: int
    runs_longer_s: float
    """Of its last try; negative: shorter."""
    waits: tuple[tuple[str, float, float], ...]
    """(limit, seconds before, seconds after) where they differ, what changed most first; without
    the time that it waited for upstream tasks."""


@dataclass(frozen=True, repr=False)
class Difference:
    """What is different after a change; true if anything is. Its text is ``str(...)``."""

    runs: tuple[ChangedRun, ...]
    """In order of when they were due."""
    tasks: tuple[ChangedTask, ...]
    """By run, in the order of the DAG."""
    new: tuple[Finding, ...]
    """Findings that were not there."""
    gone: tuple[Finding, ...]
    """Findings that are not there any more."""

    def __bool__(self) -> bool:
        return bool(self.runs or self.tasks or self.new or self.gone)

    @property
    def later(self) -> tuple[ChangedRun, ...]:
        """Runs that end later, the worst first."""
        late = [run for run in self.runs if run.later_s is not None and run.later_s > 0]
        return tuple(sorted(late, key=lambda run: -(run.later_s or 0)))

    def told(self) -> list[str]:
        """The text, line by line."""
        if not self:
            return ["No difference."]
        said = [*_runs(self.runs), *_tasks(self.tasks), *_findings(self.new, self.gone)]
        return [line for one in said for line in wrapped(one, "", " " * 6)]

    def __str__(self) -> str:
        return "\n".join(self.told())

    def __repr__(self) -> str:
        alike = [run for run in self.runs if run.state_before == run.state_after]
        late = [run for run in alike if run in self.later]
        parts = [
            count(len(self.runs) - len(alike), "dag run otherwise", "dag runs otherwise"),
            count(len(late), "dag run later", "dag runs later"),
            count(len(alike) - len(late), "dag run earlier", "dag runs earlier"),
            count(len(self.tasks), "task instance"),
            count(len(self.new), "new finding"),
            count(len(self.gone), "finding less", "findings less"),
        ]
        return f"<Difference: {', '.join(p for p in parts if not p.startswith('0 ')) or 'none'}>"


def diff(before: Outcome, after: Outcome) -> Difference:
    """What is different in a second simulation: of the same fleet after a change, on another
    cluster, with a fault.

    Runs are the same if they have the same logical date; those that somebody or something triggers,
    if they are the first, second, ... of their DAG.

    Args:
        before: A result, or a report, of which its first simulation is looked at.
        after: As *before*.
    """
    runs = _paired(_runs_of(before), _runs_of(after))
    changed = [pair for pair in runs if _is_changed(pair)]
    known = {finding.identity for finding in before.findings}
    left = {finding.identity for finding in after.findings}
    return Difference(
        tuple(_changed_run(pair) for pair in changed),
        tuple(task for pair in runs for task in _changed_tasks(pair)),
        tuple(finding for finding in after.findings if finding.identity not in known),
        tuple(finding for finding in before.findings if finding.identity not in left),
    )


# -- runs and tasks, in pairs -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pair(Generic[T]):
    before: T | None
    after: T | None

    @property
    def either(self) -> T:
        found = self.after if self.after is not None else self.before
        assert found is not None
        return found


def _paired(before: dict[Key, T], after: dict[Key, T]) -> list[_Pair[T]]:
    return [_Pair(before.get(key), after.get(key)) for key in {**before, **after}]


def _runs_of(outcome: Outcome) -> dict[Key, DagRun]:
    found: dict[Key, DagRun] = {}
    places: dict[tuple[str, str], int] = {}
    for run in sorted(outcome.dag_runs(), key=lambda run: (run.due, run.dag_id, run.index)):
        kind = (run.dag_id, run.run_type)
        places[kind] = place = places.get(kind, 0) + 1
        dated = run.run_type in DATED
        found[(*kind, run.run if dated else "", 0 if dated else place)] = run
    return found


def _is_changed(pair: _Pair[DagRun]) -> bool:
    if pair.before is None or pair.after is None or pair.before.state != pair.after.state:
        return True
    later = _later_s(pair)
    return later is not None and abs(later) >= LEAST_S


def _later_s(pair: _Pair[DagRun]) -> float | None:
    one, other = pair.before, pair.after
    if one is None or other is None or one.ended is None or other.ended is None:
        return None
    return ((other.ended - other.due) - (one.ended - one.due)).total_seconds()


def _changed_run(pair: _Pair[DagRun]) -> ChangedRun:
    one, other = pair.before, pair.after
    return ChangedRun(
        pair.either.dag_id,
        pair.either.run,
        pair.either.due,
        None if one is None else str(one.state),
        None if other is None else str(other.state),
        None if one is None else one.ended,
        None if other is None else other.ended,
        _later_s(pair),
    )


def _changed_tasks(pair: _Pair[DagRun]) -> Iterator[ChangedTask]:
    if pair.before is None or pair.after is None:
        return  # that the run is there or not says it
    tasks = _paired(_tasks_of(pair.before), _tasks_of(pair.after))
    for one in tasks:
        changed = _changed_task(one, pair.either.run)
        if changed is not None:
            yield changed


def _tasks_of(run: DagRun) -> dict[Key, Task]:
    return {(task.name, "", "", task.map_index): task for task in run.tasks()}


def _changed_task(pair: _Pair[Task], run: str) -> ChangedTask | None:
    one, other = pair.before, pair.after
    states = [None if task is None else str(task.state) for task in (one, other)]
    tries = [0 if task is None else task.try_number for task in (one, other)]
    longer = _took_s(other) - _took_s(one) if one is not None and other is not None else 0.0
    waits = tuple(_waits(one, other))
    if states[0] == states[1] and tries[0] == tries[1] and abs(longer) < LEAST_S and not waits:
        return None
    return ChangedTask(
        pair.either.name, run, states[0], states[1], tries[0], tries[1], longer, waits
    )


def _took_s(task: Task) -> float:
    return 0.0 if task.took is None else task.took.total_seconds()


def _waits(before: Task | None, after: Task | None) -> list[tuple[str, float, float]]:
    spent: dict[str, list[float]] = {}
    for place, task in enumerate((before, after)):
        for wait in () if task is None else task.waited_on:
            if wait.limit != "upstream":
                spent.setdefault(wait.limit, [0.0, 0.0])[place] += wait.seconds
    changed = [(limit, was, now) for limit, (was, now) in spent.items() if _differ(was, now)]
    return sorted(changed, key=lambda one: (-abs(one[2] - one[1]), one[0]))


def _differ(one: float, other: float) -> bool:
    return abs(one - other) >= LEAST_S


# -- text ---------------------------------------------------------------------------------------


def _runs(runs: Sequence[ChangedRun]) -> list[str]:
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
    return f"end {way}", f"ends {duration(abs(late))} {way} ({times})"


def _tasks(tasks: Sequence[ChangedTask]) -> list[str]:
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
    if _differ(task.runs_longer_s, 0.0) and task.state_before == task.state_after:
        way = "longer" if task.runs_longer_s > 0 else "shorter"
        length = abs(task.runs_longer_s)
        yield f"run {way}", length, f"runs {duration(length)} {way}"
    for limit, before, after in task.waits:
        way = "more" if after > before else "less"
        times = f"{duration(before)} -> {duration(after)}"
        text = f"waits {duration(abs(after - before))} {way} for {limit} ({times})"
        yield f"wait {way} for {limit}", abs(after - before), text


def _findings(new: Iterable[Finding], gone: Iterable[Finding]) -> Iterator[str]:
    lines = [f"  new   {one.headline}" for one in new]
    lines += [f"  gone  {one.headline}" for one in gone]
    if lines:
        yield "Findings"
    yield from lines
