"""Difference: what lands later, waits more or ends otherwise in a second simulation of a fleet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Generic, TypeVar

from windtunnel.detect import Finding
from windtunnel.result.changes import LEAST_S, ChangedRun, ChangedTask
from windtunnel.result.dag_runs import DagRun
from windtunnel.result.difference_text import changed_findings, changed_runs, changed_tasks
from windtunnel.result.lines import wrapped
from windtunnel.result.outcome import Outcome
from windtunnel.result.tasks import Task
from windtunnel.units import count

DATED = ("scheduled", "backfill")
"""Types of runs that are the same if they were due at the same instant."""
ALONE = timedelta(days=1)
"""What is taken for the period of a schedule that has a single run."""

T = TypeVar("T")
Key = tuple[str, str, str, int]
"""dag_id, type, and instant of a run; of one that somebody triggers, which of its kind it is."""


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
        said = [
            *changed_runs(self.runs),
            *changed_tasks(self.tasks),
            *changed_findings(self.new, self.gone),
        ]
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

    Runs are the same if they were due at the same instant, or, where a schedule was moved, at the
    nearest one; those that somebody or something triggers, if they are the first, second, ... of
    their DAG.

    Args:
        before: A result, or a report, of which its first simulation is looked at.
        after: As *before*.
    """
    runs = _pairs(_runs_of(before), _runs_of(after))
    changed = [pair for pair in runs if _is_changed(pair)]
    known = {finding.identity for finding in before.findings}
    left = {finding.identity for finding in after.findings}
    return Difference(
        tuple(_changed_run(pair) for pair in changed),
        tuple(task for pair in runs for task in _changed_tasks(pair)),
        tuple(finding for finding in after.findings if finding.identity not in known),
        tuple(finding for finding in before.findings if finding.identity not in left),
    )


def moved_runs(before: Outcome, after: Outcome) -> dict[tuple[str, str], str]:
    """What runs of a first simulation are called in the second, where they are called otherwise
    because their dates are others: by dag_id and run."""
    pairs = _pairs(_runs_of(before), _runs_of(after))
    return {
        (one.dag_id, one.run): other.run
        for one, other in ((pair.before, pair.after) for pair in pairs)
        if one is not None and other is not None and one.run != other.run
    }


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
        found[(*kind, run.due.isoformat() if dated else "", 0 if dated else place)] = run
    return found


def _pairs(before: dict[Key, DagRun], after: dict[Key, DagRun]) -> list[_Pair[DagRun]]:
    """Runs that are the same; those of a schedule that was moved by the nearest instant."""
    pairs = _paired(before, after)
    gone = [p for p in pairs if p.after is None and p.before and p.before.run_type in DATED]
    new = [p for p in pairs if p.before is None and p.after and p.after.run_type in DATED]
    period = {dag_id: _period(dag_id, before, after) for dag_id in {p.either.dag_id for p in gone}}
    places: dict[tuple[str, str], list[int]] = {}
    for j, a in enumerate(new):
        places.setdefault(_kind(a.either), []).append(j)
    near = sorted(
        (abs(b.either.due - new[j].either.due), b.either.due, b.either.dag_id, i, j)
        for i, b in enumerate(gone)
        for j in places.get(_kind(b.either), ())
        if abs(b.either.due - new[j].either.due) * 2 <= period[b.either.dag_id]
    )
    moved: dict[int, int] = {}
    taken: set[int] = set()
    for *_, i, j in near:
        if i not in moved and j not in taken:
            moved[i] = j
            taken.add(j)
    same = {id(gone[i]): _Pair(gone[i].before, new[j].after) for i, j in moved.items()}
    dropped = {id(new[j]) for j in taken}
    return [same.get(id(pair), pair) for pair in pairs if id(pair) not in dropped]


def _kind(run: DagRun) -> tuple[str, str]:
    return run.dag_id, run.run_type


def _period(dag_id: str, *sides: dict[Key, DagRun]) -> timedelta:
    """The shortest time between two runs of a DAG, on either side."""
    gaps = []
    for side in sides:
        dues = sorted(r.due for r in side.values() if r.dag_id == dag_id and r.run_type in DATED)
        gaps += [later - due for due, later in pairwise(dues)]
    return min(gaps, default=ALONE)


def _is_changed(pair: _Pair[DagRun]) -> bool:
    if pair.before is None or pair.after is None or pair.before.state != pair.after.state:
        return True
    later = _later_s(pair)
    return later is not None and abs(later) >= LEAST_S


def _later_s(pair: _Pair[DagRun]) -> float | None:
    one, other = pair.before, pair.after
    if one is None or other is None or one.ended is None or other.ended is None:
        return None
    if _was_moved(pair):
        return (other.ended - one.ended).total_seconds()
    return ((other.ended - other.due) - (one.ended - one.due)).total_seconds()


def _was_moved(pair: _Pair[DagRun]) -> bool:
    one, other = pair.before, pair.after
    return one is not None and other is not None and one.run_type in DATED and one.due != other.due


def _changed_run(pair: _Pair[DagRun]) -> ChangedRun:
    one, other = pair.before, pair.after
    return ChangedRun(
        pair.either.dag_id,
        pair.either.run,
        pair.either.due,
        one.due if one is not None and _was_moved(pair) else None,
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
