"""Later: what became of waits after the snapshot that shows them, and what may still change them.

A snapshot says that something can't go on as things are. People change things: they clear what
failed, and make a pool large again. A wait that somebody ended, or may still end, is no finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from math import inf

from windtunnel.model import (
    Cleared,
    DagChanged,
    DagPaused,
    DagUnpaused,
    OfWorkers,
    PoolDeleted,
    PoolResized,
    ResourceDown,
    ResourceResized,
    RunMarked,
    Scenario,
    TaskMarked,
)
from windtunnel.model.faults.times import Moment, Windowed
from windtunnel.trace import Actor, Snapshot, TaskState, Trace

BY_HAND = (Cleared, TaskMarked, RunMarked, DagChanged, DagPaused, DagUnpaused)
POOLS = (PoolDeleted, PoolResized)

Place = tuple[str, str, str, int]
"""DAG, run, task, map index."""


def place_of(actor: Actor) -> Place:
    """Which task instance an actor is, under the names that a trace has."""
    return actor.dag_id, actor.run_name, actor.task_id, actor.map_index


def number_of(trace: Trace, wanted: Collection[Place]) -> dict[Place, int]:
    """The numbers of these task instances in a trace."""
    names = {(dag_id, run) for dag_id, run, *_ in wanted}
    runs = {
        number: name
        for number, run in enumerate(trace.runs)
        if (name := (trace.dag_ids[run.dag], run.name)) in names
    }
    found: dict[Place, int] = {}
    for ti, run in enumerate(trace.ti_run):
        if run in runs:
            task_id = trace.task_ids[trace.runs[run].dag][trace.ti_task[ti]]
            place = (*runs[run], task_id, trace.ti_map[ti])
            if place in wanted:
                found[place] = ti
    return found


class Later:
    """The changes of some task instances, and of the runs that they are about."""

    def __init__(self, trace: Trace, actors: Iterable[Actor], runs: Collection[int] = ()) -> None:
        self._number = number_of(trace, {place_of(actor) for actor in actors})
        self.instances: dict[int, list[int]] = {run: [] for run in sorted(runs)}
        """Task instances by run."""
        for ti, run in enumerate(trace.ti_run if self.instances else ()):
            if run in self.instances:
                self.instances[run].append(ti)
        followed = set(self._number.values())
        for run in runs:
            followed.update((*self.instances[run], ~run))
        self.changes: dict[int, list[tuple[int, int]]] = {who: [] for who in followed}
        """(when, state) of each that was asked for, and of all of the runs."""
        for at, who, state in trace.history if followed else ():
            if who in followed:
                self.changes[who].append((at, state))

    def went_on(self, actor: Actor, snapshot: Snapshot) -> bool:
        """Whether a task instance did go on after all: what waits on a worker or in the triggerer
        succeeded, what waits to begin began."""
        number = self._number.get(place_of(actor))
        ends = {int(TaskState.SUCCESS)}
        if actor.state in ("none", "scheduled", "queued") and actor.wish is None:
            ends.add(int(TaskState.RUNNING))
        found = () if number is None else self.changes[number]
        return any(at >= snapshot.at_us and state in ends for at, state in found)

    def state_at(self, who: int, at_us: int) -> tuple[int, int]:
        """(since when, which) state a task instance, or a run ``~who``, has at an instant."""
        before = [change for change in self.changes[who] if change[0] <= at_us]
        return before[-1] if before else (0, int(TaskState.NONE))


def may_be_mended(scenario: Scenario, at_us: int, kinds: tuple[type[Moment], ...]) -> bool:
    """Whether any fault of these kinds still strikes, or ends, after an instant."""
    return any(
        isinstance(fault, kinds) and _last_s(fault, scenario.start) > at_us / 1e6
        for fault in scenario.faults
    )


def changes_again(
    scenario: Scenario, at_us: int, limits: Iterable[tuple[str, str]]
) -> tuple[int, str] | None:
    """When a fault next changes the size of one of these limits (kind, subject), and of which; None
    if none does."""
    wanted = list(limits)
    found: list[tuple[int, str]] = []
    for fault in scenario.faults:
        changed = _changed(fault)
        for kind, subject in wanted:
            if isinstance(fault, Moment) and changed in ((kind, subject), (kind, "")):
                moments = (round(s * 1e6) for s in _moments_s(fault, scenario.start, at_us / 1e6))
                found.extend((at, f"{kind} {subject}") for at in moments if at > at_us)
    return min(found, default=None)


def _changed(fault: object) -> tuple[str, str] | None:
    """Kind and subject of the limit that a fault changes; no subject: any of them."""
    if isinstance(fault, PoolDeleted | PoolResized):
        return "pool", fault.pool
    if isinstance(fault, ResourceDown | ResourceResized):
        return "resource", fault.resource
    return ("worker slots", "") if isinstance(fault, OfWorkers) else None


def _moments_s(fault: Moment, start: datetime, after_s: float) -> Iterator[float]:
    """When a fault begins and ends, the first times of each after an instant; in seconds since the
    scenario's start."""
    first, every = fault.begins_s(start), fault.every_s
    gone = 0 if every is None else max(0, int((after_s - first) // every))
    last = 0 if every is None else gone + 1
    if fault.times is not None:
        last = min(last, fault.times - 1)
    for number in range(gone, last + 1):
        begins = first + number * (every or 0.0)
        yield begins
        if isinstance(fault, Windowed) and fault.for_s is not None:
            yield begins + fault.for_s


def _last_s(fault: Moment, start: datetime) -> float:
    """When it does anything for the last time: seconds since the scenario's start."""
    if fault.every_s is not None and fault.times is None:
        return inf
    again = (fault.every_s or 0.0) * ((fault.times or 1) - 1)
    lasts = fault.for_s if isinstance(fault, Windowed) else None
    return fault.begins_s(start) + again + (lasts or 0.0)
