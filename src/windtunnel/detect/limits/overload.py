"""Overload: more work for a limit than it can do, in every part of the window (WT403).

A queue that a burst leaves behind drains. One that grows because work comes faster than it is done
does not, whatever the order. So it is told only where each quarter of the window brought more slot
time than the limit has in a quarter, and left a longer queue than the one before; of a window
shorter than a day only schedules that go on at night count. What waits in its slots, as sensors do,
is no work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding, Limit, Party
from windtunnel.model import (
    Cron,
    Dag,
    Every,
    ExternalTaskSensor,
    PoolDeleted,
    PoolResized,
    Scenario,
    Sensor,
    TriggerDagRun,
)
from windtunnel.trace import TaskState, Trace

CODE = "WT403"
PARTS = 4
FULL = 0.75
"""Share of the window for which the limit must have kept something waiting."""
DAY_US = 86_400_000_000
NAMED = 3
SCHEDULED, QUEUED, RUNNING = TaskState.SCHEDULED, TaskState.QUEUED, TaskState.RUNNING


def find_overload(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each pool, or `parallelism`, that gets more than it can do."""
    full: dict[str, int] = {}
    for limit, begin, over in trace.bindings:
        full[limit] = full.get(limit, 0) + over - begin
    limits = {
        limit: size
        for limit, length in full.items()
        if length >= FULL * trace.end_us and (size := _size(scenario, limit)) is not None
    }
    if not limits:
        return []
    load = _Loads(scenario, trace, limits)
    return [load.finding(one) for _, one in sorted(load.all.items()) if load.is_too_much(one)]


def _size(scenario: Scenario, limit: str) -> int | None:
    """Slots of a limit that has so many all the time."""
    if limit == "parallelism":
        return scenario.cluster.executor_slots
    if not limit.startswith("pool "):
        return None
    name = limit.removeprefix("pool ")
    changes = (f for f in scenario.faults if isinstance(f, PoolResized | PoolDeleted))
    pool = scenario.cluster.pool(name)
    if pool is None or pool.slots <= 0 or any(fault.pool == name for fault in changes):
        return None
    return pool.slots


@dataclass(slots=True)
class _Load:
    """What one limit was asked for. Times are in slots and microseconds."""

    limit: str
    size: int
    asked: list[int] = field(default_factory=lambda: [0] * PARTS)
    """Slot time of the work that came, by part of the window."""
    used: int = 0
    """Slot time that was used."""
    waiting: int = 0
    """Task instances that are ready and wait."""
    queue: list[int] = field(default_factory=list)
    """How many waited at the end of each part."""
    by_dag: Counter[str] = field(default_factory=Counter)
    """Slot time that was asked for, by DAG."""

    @property
    def grows(self) -> bool:
        """Whether each part leaves a longer queue, the last one longer than what can be done at
        once."""
        pairs = pairwise([0, *self.queue])
        return self.queue[-1] > self.size and all(before < after for before, after in pairs)


class _Loads:
    """The loads of all limits that may be too small."""

    def __init__(self, scenario: Scenario, trace: Trace, limits: dict[str, int]) -> None:
        self._scenario = scenario
        self._trace = trace
        self._attempts = Attempts(scenario, trace)
        self.all = {limit: _Load(limit, size) for limit, size in limits.items()}
        self._counts = self._what_counts()
        self._of: dict[tuple[int, int], list[tuple[_Load, int]]] = {}
        self._count_queues()
        if self.all:
            self._replay()

    def _what_counts(self) -> dict[tuple[int, int], bool]:
        """By DAG and task, by number: whether what comes is work, and comes all the time."""
        short = self._trace.end_us < DAY_US
        dags = {dag.dag_id: dag for dag in self._scenario.fleet.dags}
        found = {}
        for number, dag_id in enumerate(self._trace.dag_ids):
            dag = dags.get(dag_id)
            steady = dag is not None and (not short or _goes_on(dag))
            for task, task_id in enumerate(self._trace.task_ids[number]):
                one = None if dag is None else dag.find(task_id)
                waits = one is None or isinstance(
                    one.kind, Sensor | ExternalTaskSensor | TriggerDagRun
                )
                found[number, task] = steady and not waits
        return found

    def _loads(self, ti: int) -> list[tuple[_Load, int]]:
        """The limits over a task instance, with the slots that it takes of each; none if what it
        does is not counted."""
        key = self._trace.runs[self._trace.ti_run[ti]].dag, self._trace.ti_task[ti]
        found = self._of.get(key)
        if found is None:
            pool = f"pool {self._trace.pools[key[0]][key[1]]}"
            task = self._attempts.task(ti)
            slots = {"parallelism": 1, pool: 1 if task is None else task.pool_slots}
            both = ((self.all.get(limit), count) for limit, count in slots.items())
            found = [(load, n) for load, n in both if load is not None and self._counts[key]]
            self._of[key] = found
        return found

    def _count_queues(self) -> None:
        """Who waits at the end of each part; then only the limits stay whose queue grows."""
        trace, part_us = self._trace, self._trace.end_us / PARTS
        waiting: dict[int, list[tuple[_Load, int]]] = {}
        parts = 0
        for at, who, state in trace.history:
            if state == SCHEDULED:
                if who >= 0 and who not in waiting and (loads := self._loads(who)):
                    while at >= (parts + 1) * part_us and parts < PARTS - 1:
                        parts += 1
                        self._note_queues()
                    waiting[who] = loads
                    for load, _ in loads:
                        load.waiting += 1
            elif who in waiting:
                while at >= (parts + 1) * part_us and parts < PARTS - 1:
                    parts += 1
                    self._note_queues()
                for load, _ in waiting.pop(who):
                    load.waiting -= 1
        for _ in range(parts, PARTS):
            self._note_queues()
        self.all = {limit: load for limit, load in self.all.items() if load.grows}
        self._of.clear()

    def _note_queues(self) -> None:
        for load in self.all.values():
            load.queue.append(load.waiting)

    def _replay(self) -> None:
        """What came, and how long it takes."""
        trace = self._trace
        came: list[tuple[int, int]] = []
        took: dict[tuple[int, int], tuple[int, int]] = {}
        since: dict[int, int] = {}
        seen: set[int] = set()
        for at, who, state in trace.history:
            if state == SCHEDULED:
                if who >= 0 and who not in seen and self._loads(who):
                    seen.add(who)
                    came.append((at, who))
            elif state in (QUEUED, RUNNING):
                if who in seen:
                    since.setdefault(who, at)
                continue
            if who in since:
                key, length = self._attempts.key(who), at - since.pop(who)
                times, total = took.get(key, (0, 0))
                took[key] = times + 1, total + length
                self._use(who, length)
        for who, at in since.items():
            self._use(who, trace.end_us - at)
        self._ask(came, {key: total // times for key, (times, total) in took.items()})

    def _use(self, ti: int, length_us: int) -> None:
        for load, slots in self._loads(ti):
            load.used += slots * length_us

    def _ask(self, came: list[tuple[int, int]], takes: dict[tuple[int, int], int]) -> None:
        """What takes how long is known of tasks that have ended at least once; of others nothing
        is counted."""
        trace = self._trace
        for at, who in came:
            part = min(PARTS - 1, at * PARTS // trace.end_us)
            for load, slots in self._loads(who):
                asked = slots * takes.get(self._attempts.key(who), 0)
                load.asked[part] += asked
                load.by_dag[self._attempts.dag_id(who)] += asked

    def is_too_much(self, load: _Load) -> bool:
        """Whether each part asks for more than there is."""
        room = load.size * self._trace.end_us / PARTS
        return all(asked > room for asked in load.asked)

    # -- words --------------------------------------------------------------------------------

    def finding(self, load: _Load) -> Finding:
        """The finding about one limit."""
        trace = self._trace
        whole = load.size * trace.end_us
        asked = sum(load.asked)
        kind, _, subject = load.limit.partition(" ")
        first = next(dag for dag, _ in load.by_dag.most_common())
        dag = next((dag for dag in self._scenario.fleet.dags if dag.dag_id == first), None)
        return Finding(
            code=CODE,
            title="More work than a limit can do",
            summary=f"More work comes for {load.limit} than its {load.size} slots can do: "
            f"{100 * asked / whole:.0f} % of their time, of which {100 * load.used / whole:.0f} % "
            f"was used. At the end {load.queue[-1]} tasks wait, and the queue grows.",
            dag_id=first,
            file=None if dag is None else dag.file,
            line=None if dag is None else dag.line,
            since=trace.at(0),
            ended_by="less work comes, or there is more room",
            holding=tuple(self._shares(load, whole)),
            limits=(Limit(kind=kind, subject=subject),),
            notes=(
                "At the ends of the quarters of the window "
                f"{', '.join(map(str, load.queue))} tasks were waiting.",
                f"At least {ceil(asked / trace.end_us)} slots would be used all the time.",
            ),
        )

    def _shares(self, load: _Load, whole: int) -> Iterator[Party]:
        """The DAGs that ask for most, each by its task instance that began last."""
        last: dict[str, tuple[int, int]] = {}
        for at, who, state in self._trace.history:
            if who >= 0 and state == TaskState.QUEUED:
                last[self._attempts.dag_id(who)] = at, who
        for dag_id, asked in load.by_dag.most_common(NAMED):
            if dag_id in last and asked:
                at, who = last[dag_id]
                share = f"{dag_id} asks for {100 * asked / whole:.0f} % of {load.limit}"
                yield self._attempts.party(who, share, at)


def _goes_on(dag: Dag) -> bool:
    """Whether its schedule is the same at every hour of every day."""
    schedule = dag.schedule
    if isinstance(schedule, Every):
        return True
    if not isinstance(schedule, Cron):
        return False
    if schedule.expression == "@hourly":
        return True
    fields = schedule.expression.split()
    return len(fields) == 5 and set(fields[1:]) == {"*"}
