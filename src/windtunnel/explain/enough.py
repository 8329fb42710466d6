"""Enough: the smallest value of a limit with which a task instance would not have waited for it.

Nothing is named that was not simulated with exactly that value; one less was simulated, too, and
was not enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from windtunnel.detect import Finding, Limit
from windtunnel.engine import simulate
from windtunnel.explain.instances import Which, stretches_of
from windtunnel.model import Scenario
from windtunnel.search.repair.change import Size
from windtunnel.search.repair.limits import larger
from windtunnel.trace import TaskState, Trace

ROOM = 65_536
"""A size that no fleet fills: if this is not enough, none is."""


@dataclass(frozen=True, slots=True)
class Enough:
    """A value with which the waits on one limit are gone."""

    limit: str
    setting: str
    before: str
    after: str
    note: str
    started: datetime | None
    """When its first try starts with it; None: never in this window."""
    left: tuple[tuple[str, float], ...]
    """What it still waits for with it, and for how long (s); the longest first."""


def is_a_number(limit: str) -> bool:
    """Whether a wait ends earlier if some number is larger."""
    return limit.startswith(("pool ", "max_active_", "resource ")) or limit in (
        "max_tis_per_query",
        "parallelism",
        "worker slots",
        "nodes",
    )


def find_enough(scenario: Scenario, which: Which, limit: str) -> list[Enough]:
    """One for each setting that alone is enough; none if none is."""
    return [
        found
        for size in _sizes(scenario, which, limit)
        if (found := _smallest(scenario, which, limit, size)) is not None
    ]


def _sizes(scenario: Scenario, which: Which, limit: str) -> Iterator[Size]:
    kind, subject = _limit(scenario, which, limit)
    asked = Finding(code="", title="", summary="", limits=(Limit(kind=kind, subject=subject),))
    yield from larger(scenario, asked)


def _limit(scenario: Scenario, which: Which, limit: str) -> tuple[str, str]:
    """How findings call this limit of this task instance."""
    for kind in ("pool", "resource"):
        if limit.startswith(f"{kind} "):
            return kind, limit.removeprefix(f"{kind} ")
    if limit in ("worker slots", "nodes"):
        dag = scenario.fleet.dag(which.dag_id)
        task = dag.find(which.task_id)
        queue = "default" if task is None else task.queue
        executor = scenario.cluster.executor_for(task.executor if task else None, queue)
        if limit == "nodes":
            return "worker slots", "nodes"
        in_processes = executor in ("LocalExecutor", "SequentialExecutor")
        return "worker slots", str(executor) if in_processes else queue
    if limit.startswith("max_active_tis_"):
        return limit, which.name
    return limit, which.dag_id if limit.startswith("max_active_") else ""


def _smallest(scenario: Scenario, which: Which, limit: str, size: Size) -> Enough | None:
    scenario = scenario.model_copy(update={"choices": None})
    tried: dict[int, tuple[Trace, bool]] = {}

    def is_enough(value: int) -> bool:
        if value not in tried:
            trace = simulate(size.grown(value).apply(scenario))
            ti = which.index(trace)
            waits = None if ti is None else stretches_of(trace, ti)
            tried[value] = trace, waits is not None and all(one.limit != limit for one in waits)
        return tried[value][1]

    value = smallest_above(size.now, is_enough)
    if value is None:
        return None
    trace, fix = tried[value][0], size.grown(value).fix
    ti = which.index(trace)
    assert ti is not None
    left: dict[str, float] = {}
    for wait in stretches_of(trace, ti):
        left[wait.limit] = left.get(wait.limit, 0.0) + wait.seconds
    ranked = tuple(sorted(left.items(), key=lambda one: (-one[1], one[0])))
    began = first_start(trace, ti)
    started = None if began is None else trace.at(began)
    return Enough(limit, fix.setting, fix.before, fix.after, fix.note, started, ranked)


def smallest_above(too_small: int, is_enough: Callable[[int], bool]) -> int | None:
    """A number that is enough while one less is not; None if not even a huge one is."""
    if not is_enough(too_small + ROOM):
        return None
    low, step = too_small, 1
    while not is_enough(low + step):
        low, step = low + step, min(2 * step, too_small + ROOM - low - step)
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def first_start(trace: Trace, ti: int) -> int | None:
    """When the first try of a task instance started."""
    for at, who, state in trace.history:
        if who == ti and state == TaskState.RUNNING:
            return at
    return None
