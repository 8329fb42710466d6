"""Segments: the life of each task instance without gaps, one piece for each thing that it did or
waited for."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from windtunnel.trace import TaskState, Trace, Wait

MOST = 1_500_000
"""Segments of one page; beyond, the shortest are told as part of their neighbours."""

RAN = "running"
POKED = "poke"
FAILED = "failed try"
HELD = "waiting on its worker"
"""It runs, and only waits for others: a sensor that pokes."""
NOTHING = "nothing"
"""Between what it did: none of Airflow's limits."""

GROUPS = {
    "max_active_runs": "dag run limit",
    "max_active_tasks": "task limit",
    "max_active_tis_per_dag": "task limit",
    "max_active_tis_per_dagrun": "task limit",
    "parallelism": "parallelism",
    "worker slots": "workers",
    "nodes": "workers",
    "pod creation": "workers",
    "scheduler": "scheduler",
    "max_tis_per_query": "scheduler",
    "open pool slots": "scheduler",
    "executor": "scheduler",
    "retry delay": "retry",
    "reschedule": "outside",
    "trigger": "outside",
    "upstream": "upstream",
    "depends_on_past": "upstream",
    RAN: "running",
    POKED: "outside",
    HELD: "holding",
    FAILED: "failed",
    NOTHING: "nothing",
}
"""What is coloured alike, by limit; ``pool NAME`` and ``resource NAME`` have their own."""

Segment = tuple[str, int, int]
"""(what it did or waited for, from_us, to_us)."""


def group_of(kind: str) -> str:
    """The colour of a limit, or of what else a task instance does."""
    first = kind.partition(" ")[0]
    return first if first in ("pool", "resource") else GROUPS.get(kind, "scheduler")


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of all task instances."""

    of: tuple[tuple[Segment, ...], ...]
    """By task instance, in order of time, each beginning where the one before ends."""
    shortest_us: int
    """Those that were shorter are told as part of the one before; 0: all are there."""


def segments(
    trace: Trace,
    waits: Sequence[Sequence[Wait]],
    *,
    holding: Container[tuple[int, int]] = (),
) -> Segments:
    """Of each task instance from when its run was created until its end. *holding*: (DAG, task) of
    those that only wait while they run."""
    ran = _ran(trace, holding)
    all_of = tuple(tuple(_without_gaps(waited, ran.get(ti, ()))) for ti, waited in enumerate(waits))
    shortest = 0
    while sum(map(len, all_of)) > MOST and shortest < trace.end_us:
        shortest = max(1_000, shortest * 4)
        all_of = tuple(tuple(_folded(one, shortest)) for one in all_of)
    return Segments(all_of, shortest)


def _ran(trace: Trace, holding: Container[tuple[int, int]]) -> dict[int, list[Segment]]:
    """The stretches on a worker, by what became of them."""
    found: dict[int, list[Segment]] = {}
    since: dict[int, int] = {}

    def held(ti: int) -> bool:
        return (trace.runs[trace.ti_run[ti]].dag, trace.ti_task[ti]) in holding

    for at, who, state in trace.history:
        if who < 0:
            continue
        begin = since.pop(who, None)
        if begin is not None:
            found.setdefault(who, []).append((_became(state, held(who)), begin, at))
        if state == TaskState.RUNNING:
            since[who] = at
    for who, begin in since.items():
        found.setdefault(who, []).append((HELD if held(who) else RAN, begin, trace.end_us))
    return found


def _became(state: int, held: bool) -> str:
    if state in (TaskState.FAILED, TaskState.UP_FOR_RETRY):
        return FAILED
    if state == TaskState.UP_FOR_RESCHEDULE:
        return POKED
    return HELD if held else RAN


def _without_gaps(waits: Iterable[Wait], ran: Iterable[Segment]) -> Iterator[Segment]:
    """Waits and stretches on a worker in one line. Where a try waits on its worker, for a resource,
    that wait is told; pokes and the waits between them, where nothing else is between, are one."""
    pieces = [(w.limit, w.from_us, w.to_us) for w in waits]
    ordered = sorted([*_around(ran, pieces), *pieces], key=lambda one: (one[1], one[2]))
    last: Segment | None = None
    for kind, begin, end in ordered:
        if last is not None and begin < last[2]:
            begin = last[2]  # noqa: PLW2901 - what was told first stands
        if end <= begin:
            continue
        if last is not None and begin > last[2]:
            yield last
            last = (NOTHING, last[2], begin)
        if last is not None and _alike(last[0], kind):
            last = ("reschedule" if kind == POKED else kind, last[1], end)
            continue
        if last is not None:
            yield last
        last = (kind, begin, end)
    if last is not None:
        yield last


def _alike(one: str, other: str) -> bool:
    poking = (POKED, "reschedule")
    return one == other or (one in poking and other in poking)


def _around(ran: Iterable[Segment], waits: list[Segment]) -> Iterator[Segment]:
    """Stretches on a worker without the waits in them."""
    paused = [one for one in waits if one[0].startswith("resource ")]
    for kind, begin, end in ran:
        at = begin
        for _, first, last in paused:
            if at <= first < end:
                yield kind, at, first
                at = last
        yield kind, at, max(at, end)


def _folded(own: Iterable[Segment], shortest: int) -> Iterator[Segment]:
    last: Segment | None = None
    for one in own:
        if last is not None and (one[2] - one[1] < shortest or one[0] == last[0]):
            last = (last[0], last[1], one[2])
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last
