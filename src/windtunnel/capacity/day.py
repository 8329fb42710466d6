"""One day: a simulation of the window under one seed, and what a plan wants to know of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zlib import crc32

from windtunnel.capacity.due import Awaited, awaited
from windtunnel.capacity.workers import busy_worker_seconds, peak_running
from windtunnel.choices import Calm
from windtunnel.detect import detect, sort_out
from windtunnel.engine import Simulation, compiled
from windtunnel.engine.luck import draw
from windtunnel.engine.program import Program
from windtunnel.loaders import with_setting
from windtunnel.model import Deadline, Scenario
from windtunnel.trace import RunState, TaskState, Trace, Waits

UNSOUND = ("WT1", "WT4")
"""Families of findings with which no setting is a good answer: no progress, and things used up."""
ON_PURPOSE = frozenset(("upstream", "depends_on_past", "retry delay", "reschedule", "trigger"))
"""What is waited for and is no limit: more of nothing would help."""
THINNED = 200
DRAWN = ("lengths", "amounts", "chances")
Settings = tuple[tuple[str, int], ...]
Item = tuple[Settings, int]
"""The settings, and the number of the day."""


@dataclass(slots=True)
class Days:
    """What all simulations of one question share."""

    scenario: Scenario
    deadlines: tuple[Deadline, ...]
    known: dict[Settings, tuple[Scenario, Program, tuple[Awaited, ...]]] = field(
        default_factory=dict, compare=False
    )
    """What was compiled in this process."""

    def of(self, settings: Settings) -> tuple[Scenario, Program, tuple[Awaited, ...]]:
        """The scenario with these settings, compiled, and what is due in it."""
        if settings not in self.known:
            scenario = self.scenario
            for name, value in settings:
                scenario = with_setting(scenario, name, value)
            due = tuple(awaited(one, scenario) for one in self.deadlines)
            self.known[settings] = scenario, compiled(scenario), due
        return self.known[settings]

    def __getstate__(self) -> tuple[Scenario, tuple[Deadline, ...]]:
        # Another process compiles for itself.
        return self.scenario, self.deadlines

    def __setstate__(self, state: tuple[Scenario, tuple[Deadline, ...]]) -> None:
        self.scenario, self.deadlines = state
        self.known = {}


def seed_of(scenario: Scenario, day: int) -> int:
    """The seed of a day: the first has that of the scenario. It is the same for all settings, so
    that they meet the same luck, and other for each seed of the scenario."""
    return scenario.seed if day == 0 else draw(scenario.seed, "day", day) % 1_000_000_000


def simulate_day(days: Days, item: Item) -> dict[str, Any]:
    """One day with some settings, as plain data.

    ``on_time`` and ``due`` count for each deadline; ``landed`` are seconds after they were due,
    None for what did not land; ``waits`` are task-seconds by limit; ``print`` is alike for days
    that are alike.
    """
    settings, day = item
    scenario, program, due = days.of(tuple((str(name), int(value)) for name, value in settings))
    scenario = scenario.model_copy(update={"seed": seed_of(scenario, day)})
    trace = Simulation(scenario, program=program).run()
    waits = Waits(trace)
    counted = [_counted(one, trace, waits) for one in due]
    found = sort_out(scenario.accept, detect(scenario, trace)).findings
    return {
        "on_time": [on_time for on_time, _, _ in counted],
        "due": [of for _, of, _ in counted],
        "landed": [landed for _, _, landed in counted],
        "waits": _waits(trace, waits),
        "codes": sorted({one.code for one in found}),
        "peak": peak_running(trace),
        "busy_s": busy_worker_seconds(scenario, trace),
        "print": _print(trace),
    }


def is_drawn(days: Days, settings: Settings) -> bool:
    """Whether anything is drawn with these settings; if not, each day is like the other."""
    scenario, program, _ = days.of(settings)
    asked = Simulation(scenario, Calm(), program=program).run().asked
    return any(asked[kind] for kind in DRAWN)


def _counted(one: Awaited, trace: Trace, waits: Waits) -> tuple[int, int, list[float | None]]:
    """(on time, due, seconds after they were due)."""
    if one.tasks:
        queued = list(_queued(one, trace, waits))
        return sum(on_time for on_time, _ in queued), len(queued), _thinned(queued)
    runs = _landings(one, trace)
    if one.runs:
        by_due = {trace.due(run): at for run, at in runs.items() if _is_scheduled(trace, run)}
        pairs = [(due, by_due.get(due), until) for due, until in one.runs]
    elif one.days:
        landed = [(_landed_in(trace, runs, since), until) for since, until in one.days]
        return sum(_is_before(trace, at, until) for at, until in landed), len(landed), []
    else:
        seconds = int((one.deadline.within_s or 0.0) * 1e6)
        due_us = {run: _us(trace, trace.due(run)) for run in runs}
        counted = {run: at for run, at in runs.items() if due_us[run] + seconds <= trace.end_us}
        after = {run: None if at is None else at - due_us[run] for run, at in counted.items()}
        late = [at is None or at >= seconds for at in after.values()]
        return len(late) - sum(late), len(late), [_s(at) for at in after.values()]
    on_time = sum(_is_before(trace, at, until) for _, at, until in pairs)
    return on_time, len(pairs), [_after(trace, due, at) for due, at, _ in pairs]


def _is_scheduled(trace: Trace, run: int) -> bool:
    return trace.runs[run].run_type == "scheduled"


def _landings(one: Awaited, trace: Trace) -> dict[int, int | None]:
    """By run of the DAG: when it, or its task, ended with success."""
    ends: dict[int, int | None] = {}
    of_task: dict[int, list[int]] = {}
    dag = trace.dag_ids.index(one.dag_id) if one.dag_id in trace.dag_ids else -1
    own = {number for number, run in enumerate(trace.runs) if run.dag == dag}
    ends.update(dict.fromkeys(sorted(own)))
    wanted = -1
    if one.task_id is not None and own:
        wanted = trace.task_ids[dag].index(one.task_id)
    last: dict[int, tuple[int, int]] = {}
    for at, who, state in trace.history:
        if who < 0:
            if ~who in own and one.task_id is None:
                ends[~who] = at if state == RunState.SUCCESS else None
        elif trace.ti_task[who] == wanted and trace.ti_run[who] in own:
            last[who] = at, state
    for who, run in enumerate(trace.ti_run):
        if wanted >= 0 and trace.ti_task[who] == wanted and run in own:
            of_task.setdefault(run, []).append(who)
    for run, instances in of_task.items():
        # All instances of a mapped task have to be there.
        found = [last.get(who, (0, int(TaskState.NONE))) for who in instances]
        there = all(state in (TaskState.SUCCESS, TaskState.SKIPPED) for _, state in found)
        ends[run] = max(at for at, _ in found) if there else None
    return ends


def _landed_in(trace: Trace, runs: dict[int, int | None], since: datetime) -> int | None:
    """The first landing from some instant on."""
    begin = _us(trace, since)
    return min((at for at in runs.values() if at is not None and at >= begin), default=None)


def _is_before(trace: Trace, at: int | None, until: datetime) -> bool:
    return at is not None and at < _us(trace, until)


def _queued(one: Awaited, trace: Trace, waits: Waits) -> Iterator[tuple[bool, float]]:
    """(on time, seconds) of each task instance that had its turn; one that still waits when the
    window ends counts only if it is late already."""
    limit = one.deadline.queued_s or 0.0
    turn = {who for _, who, state in trace.history if who >= 0 and state == TaskState.RUNNING}
    for ti, run in enumerate(trace.ti_run):
        dag = trace.runs[run].dag
        if (trace.dag_ids[dag], trace.task_ids[dag][trace.ti_task[ti]]) not in one.tasks:
            continue
        seconds = sum(w.seconds for w in waits.of(ti) if w.limit not in ON_PURPOSE)
        if ti in turn or seconds > limit:
            yield seconds <= limit, seconds


def _thinned(queued: Sequence[tuple[bool, float]]) -> list[float | None]:
    """At most so many values that stand for all: a day may have a million task instances."""
    ordered = sorted(seconds for _, seconds in queued)
    if len(ordered) <= THINNED:
        return list(ordered)
    step = (len(ordered) - 1) / (THINNED - 1)
    return [ordered[round(number * step)] for number in range(THINNED)]


def _waits(trace: Trace, waits: Waits) -> dict[str, float]:
    """Task-seconds of waiting by limit; of a run that may not start yet, once and not for each of
    its tasks."""
    spent: dict[str, float] = {}
    runs: set[int] = set()
    for ti, run in enumerate(trace.ti_run):
        for wait in waits.of(ti):
            if wait.limit in ON_PURPOSE or (wait.limit == "max_active_runs" and run in runs):
                continue
            spent[wait.limit] = spent.get(wait.limit, 0.0) + wait.seconds
        runs.add(run)
    return dict(sorted(spent.items()))


def _print(trace: Trace) -> int:
    """Alike for simulations in which the same happens at the same time."""
    history = trace.history
    found = crc32(history.instants.tobytes())
    found = crc32(history.who.tobytes(), found)
    return crc32(history.states, found)


def _us(trace: Trace, at: datetime) -> int:
    return round((at - trace.start).total_seconds() * 1e6)


def _after(trace: Trace, due: datetime, at: int | None) -> float | None:
    return None if at is None else max(0.0, (at - _us(trace, due)) / 1e6)


def _s(at: int | None) -> float | None:
    return None if at is None else max(0.0, at / 1e6)
