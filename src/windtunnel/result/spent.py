"""Spent: how the time of a task instance, or of a dag run, went by, piece by piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from windtunnel.engine.faults.timeline import Window
from windtunnel.explain import Stretch
from windtunnel.loaders import said_fault
from windtunnel.model import ExternalTaskSensor, Sensor, Task, TaskFails, TriggerDagRun
from windtunnel.model.pattern import matches
from windtunnel.result.record import Record
from windtunnel.trace import TaskInstance, TaskState
from windtunnel.trace.trace import begins_try
from windtunnel.units import clock, duration

NAMED = 2
"""Holders of a limit that are named."""
ROWS = 16
"""Pieces that are told, the longest; the others are only counted."""
OVER = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})


@dataclass(frozen=True, slots=True)
class Spent:
    """Some time that a task instance ran, or waited for one thing."""

    name: str
    """``dag_id.task_id``, with the map index in brackets if it has one."""
    since: datetime
    until: datetime
    does: str
    """``ran``, ``ran (try 1: execution_timeout)``, ``waited for pool db (1 slot), held by ...``."""
    limit: str = ""
    """What it waited for, as in ``Task.waited_on``; empty: it ran."""

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.until - self.since).total_seconds()


def of_instance(record: Record, instance: TaskInstance) -> list[Spent]:
    """All the time of an instance from when its run was due, in order."""
    waits = [_waited(record, instance, one) for one in record.explain(instance).stretches]
    return sorted([*waits, *_ran(record, instance)], key=lambda one: (one.since, one.until))


def until_landed(record: Record, run: int) -> list[Spent]:
    """The chain of what a run waited for at its end, each link ending where the next begins: of the
    task instance that ended last, of the upstream one that it waited for last, and so on."""
    own = record.of_run(run)
    one = _last(own)
    found: list[Spent] = []
    seen: set[int] = set()
    while one is not None and one.index not in seen:
        seen.add(one.index)
        pieces = of_instance(record, one)
        begins = max((p.until for p in pieces if p.limit == "upstream"), default=None)
        found = [p for p in pieces if begins is None or p.since >= begins] + found
        one = None if begins is None else _before(record, one, own, begins)
    return [*_not_yet_made(record, run), *found]


def _not_yet_made(record: Record, run: int) -> Iterator[Spent]:
    """The time from when a run was due until it was created: Airflow creates none where
    max_active_runs are active (``jobs/scheduler_job_runner.py: _create_dag_runs``)."""
    made, at = record.trace.runs[run], record.trace.at
    due, created = record.due(run), at(made.created_us)
    due = max(due, record.trace.start.astimezone(UTC))
    if due >= created:
        return
    dag_id = record.trace.dag_ids[made.dag]
    active = [
        one.run
        for one in record.runs
        if one.dag_id == dag_id
        and one.started_us is not None
        and at(one.started_us) <= due
        and (one.ended_us is None or at(one.ended_us) > due)
    ]
    limit = record.max_active_runs(dag_id)
    held = f": max_active_runs ({limit}), held by {_holders(active)}"
    is_full = bool(limit) and len(active) >= limit
    does = "waited for its run to be created" + (held if is_full else "")
    yield Spent(dag_id, due, created, does, "max_active_runs" if is_full else "scheduler")


def told(pieces: Sequence[Spent], *, named: bool = True) -> list[str]:
    """The pieces as lines, the shortest left out if there are many; *named*: whose they are."""
    if not pieces:
        return []
    kept = sorted(pieces, key=lambda one: -one.seconds)[:ROWS]
    day = pieces[0].since
    lines = [
        f"  {clock(one.since, beside=day)}  {duration(one.seconds):>7}  "
        + (f"{one.name} {one.does}" if named else one.does)
        for one in pieces
        if one in kept
    ]
    if len(pieces) > ROWS:
        lines.append(f"  ... and {len(pieces) - ROWS} shorter ones")
    return lines


def worst(pieces: Iterable[Spent], most: int = 3) -> str:
    """The longest pieces in a few words: ``load waited 3h for pool db (1 slot), ran 1h 55m``."""
    longest = sorted(pieces, key=lambda one: -one.seconds)[:most]
    return "; ".join(f"{duration(one.seconds)} {one.name} {_short(one)}" for one in longest)


def _short(one: Spent) -> str:
    return one.does.partition(", held by")[0].partition("; ")[0]


def _last(own: Sequence[TaskInstance]) -> TaskInstance | None:
    """The instance that ended last; if some have not ended, one of these that got farthest."""
    open_ = [ti for ti in own if ti.state not in OVER and ti.state != "none"]
    if open_:
        return open_[0]
    ended = [ti for ti in own if ti.ended_us is not None]
    # A task that is skipped ends with the one that skips it; the reason is there.
    return max(ended, key=lambda ti: (ti.ended_us or 0, ti.started_us or -1), default=None)


def _before(
    record: Record, one: TaskInstance, own: Sequence[TaskInstance], begins: datetime
) -> TaskInstance | None:
    """The direct upstream instance that ended last by then."""
    task = record.task(one)
    upstream = [
        ti
        for ti in own
        if task is not None
        and ti.task_id in task.upstream
        and ti.ended_us is not None
        and record.trace.at(ti.ended_us) <= begins
    ]
    return max(upstream, key=lambda ti: (ti.ended_us or 0, ti.started_us or -1), default=None)


def _waited(record: Record, instance: TaskInstance, one: Stretch) -> Spent:
    why = record.sized(one.limit, instance) if one.why == one.limit else one.why
    if one.limit == "max_active_runs":
        why = f"its run to start: {record.sized(one.limit, instance)} of {instance.dag_id}"
    held = f", held by {_holders(one.holders)}" if one.holders else ""
    return Spent(instance.name, one.since, one.until, f"waited for {why}{held}", one.limit)


def _holders(holders: Sequence[str]) -> str:
    """A few of them, each once with the number of its runs."""
    times = Counter(name.partition(" (")[0] for name in holders)
    named = [f"{name} ({n} runs)" if n > 1 else name for name, n in times.items()]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return ", ".join(named[:NAMED]) + more


def _ran(record: Record, instance: TaskInstance) -> Iterator[Spent]:
    at, trace = record.trace.at, record.trace
    changes = record.changes.get(instance.index, [])
    after = [*changes[1:], (-1, trace.end_us, -1)]
    task = record.task(instance)
    number, before = 0, int(TaskState.NONE)
    for (change, began, state), (then, ended, became) in zip(changes, after, strict=True):
        number += begins_try(before, state, by_hand=change in trace.reasons)
        before = state
        if state != TaskState.RUNNING:
            continue
        said = [f"try {number}"] if task is not None and task.retries else []
        if became in (TaskState.FAILED, TaskState.UP_FOR_RETRY):
            why = first_line(trace.reasons.get(then, "")) or blamed(record, instance, number, began)
            said.append(f"failed: {why}" if why else "failed")
        elif became < 0:
            said.append("the window ended")
        more = f" ({', '.join(said)})" if said else ""
        yield Spent(instance.name, at(began), at(ended), f"{_does(task)}{more}")


def _does(task: Task | None) -> str:
    """What a task does while it runs; some only wait, and hold their slots."""
    kind = None if task is None else task.kind
    if isinstance(kind, ExternalTaskSensor):
        tasks = kind.external_task_ids
        which = f".{tasks[0]}" if len(tasks) == 1 else ""
        return f"poked for {kind.external_dag_id}{which}"
    if isinstance(kind, Sensor):
        return "poked"
    if isinstance(kind, TriggerDagRun) and kind.wait_for_completion:
        return f"waited for its run of {kind.trigger_dag_id} to end"
    return "ran"


def first_line(reason: str) -> str:
    """A reason in one line: of a traceback its last, which names the exception."""
    lines = reason.strip().splitlines()
    return lines[-1] if lines else ""


def blamed(record: Record, instance: TaskInstance, number: int, began_us: int) -> str:
    """The fault that fails this try, where the trace has no reason of its own."""
    dag, task = record.dag(instance.dag_id), record.task(instance)
    if dag is None or task is None:
        return ""
    for fault in record.scenario.faults:
        strikes = (
            isinstance(fault, TaskFails)
            and (not fault.tries or number in fault.tries)
            and matches(fault.tasks, dag, task)
            and Window(fault, record.scenario.start).covers(began_us)
        )
        if strikes:
            return f"fault {said_fault(fault)!r}"
    return ""


def why_failed(record: Record, instance: TaskInstance) -> str:
    """Why an instance is failed, or upstream_failed, in a few words; empty if it is neither, or
    nobody knows."""
    if instance.state == "failed":
        said = first_line(record.why(instance))
        began = instance.started_us
        if said or began is None:
            return said
        return blamed(record, instance, instance.try_number, began)
    if instance.state != "upstream_failed":
        return ""
    cause = _failed_above(record, instance)
    if cause is None:
        return ""
    why = why_failed(record, cause)
    return f"{cause.name} failed: {why}" if why else f"{cause.name} failed"


def _failed_above(record: Record, instance: TaskInstance) -> TaskInstance | None:
    """The first task instance upstream, directly or not, that failed itself."""
    dag = record.dag(instance.dag_id)
    own = record.of_run(record.trace.ti_run[instance.index])
    asked, seen = [instance.task_id], set[str]()
    while dag is not None and asked:
        task = dag.find(asked.pop(0))
        for above in () if task is None else task.upstream:
            failed = [ti for ti in own if ti.task_id == above and ti.state == "failed"]
            if failed:
                return failed[0]
            if above not in seen:
                seen.add(above)
                asked.append(above)
    return None
