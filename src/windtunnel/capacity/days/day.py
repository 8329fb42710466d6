"""One day: a simulation of the window under one seed, and what a plan wants to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zlib import crc32

from windtunnel.capacity.days.counted import ON_PURPOSE, counted_of
from windtunnel.capacity.days.due import Awaited, awaited
from windtunnel.capacity.days.workers import busy_worker_seconds, peak_running
from windtunnel.choices import Calm
from windtunnel.detect import detect, sort_out
from windtunnel.engine import Simulation, compiled
from windtunnel.engine.luck import draw
from windtunnel.engine.program import Program
from windtunnel.loaders import with_setting
from windtunnel.model import Deadline, Scenario
from windtunnel.sweep import prepared
from windtunnel.trace import Trace, Waits

UNSOUND = ("WT1", "WT4")
"""Families of findings with which no setting is a good answer: no progress, and things used up."""
MOVING = "offset of "
"""Begins the name of the setting that moves a DAG's schedule, by minutes."""
DRAWN = ("lengths", "amounts", "chances")
Settings = tuple[tuple[str, int], ...]
Item = tuple[Settings, int, float]
"""The settings, the number of the day, and the seconds that are simulated before the window."""


@dataclass(frozen=True, slots=True)
class Days:
    """What all simulations of one question share."""

    scenario: Scenario
    deadlines: tuple[Deadline, ...]

    def of(self, settings: Settings) -> Variant:
        """The scenario with these settings, compiled once in each process, and what is due in it.

        Raises:
            InvalidInput: there is no such setting, or nothing of a deadline can be on time.
        """
        known: dict[Settings, Variant] = prepared(self, _nothing_yet)
        if settings not in known:
            scenario = self.scenario
            for name, value in settings:
                scenario = with_setting(scenario, name, value)
            moved = {
                name.removeprefix(MOVING): timedelta(minutes=value)
                for name, value in settings
                if name.startswith(MOVING)
            }
            due = tuple(awaited(one, scenario, moved) for one in self.deadlines)
            known[settings] = Variant(scenario, compiled(scenario), due)
        return known[settings]


@dataclass(frozen=True, slots=True)
class Variant:
    """A scenario with some settings."""

    scenario: Scenario
    program: Program
    due: tuple[Awaited, ...]


def _nothing_yet(_: Days) -> dict[Settings, Variant]:
    return {}


def seed_of(scenario: Scenario, day: int) -> int:
    """The seed of a day: the first has that of the scenario. It is the same for all settings, so
    that they meet the same luck, and other for each seed of the scenario."""
    return scenario.seed if day == 0 else draw(scenario.seed, "day", day) % 1_000_000_000


def simulate_day(days: Days, item: Item) -> dict[str, Any]:
    """One day with some settings, as plain data.

    ``on_time`` and ``due`` count for each deadline what was due in the window; ``landed`` are
    seconds after they were due, None for what did not land; ``waits`` are task-seconds by limit in
    as much time as the window has, as are ``busy_s``; ``print`` is alike for days that are alike.
    """
    settings, day, before_s = item
    variant = days.of(tuple((str(name), int(value)) for name, value in settings))
    seed = seed_of(variant.scenario, day)
    window_s = variant.scenario.duration_s
    scenario = variant.scenario.model_copy(update={"seed": seed, "duration_s": window_s + before_s})
    trace = Simulation(scenario, program=variant.program).run()
    waits = Waits(trace)
    counted = [counted_of(one, trace, waits, before_s) for one in variant.due]
    part = window_s / scenario.duration_s
    busy_s = busy_worker_seconds(scenario, trace)
    found = sort_out(scenario.accept, detect(scenario, trace)).findings
    return {
        "on_time": [sum(one.on_time) for one in counted],
        "due": [len(one.on_time) for one in counted],
        "landed": [one.landed for one in counted],
        "waits": {limit: spent * part for limit, spent in _waits(trace, waits).items()},
        "codes": sorted({one.code for one in found}),
        "peak": peak_running(trace),
        "busy_s": None if busy_s is None else busy_s * part,
        "print": _print(trace),
    }


def is_drawn(days: Days, settings: Settings) -> bool:
    """Whether anything is drawn with these settings; if not, each day is like the other."""
    variant = days.of(settings)
    asked = Simulation(variant.scenario, Calm(), program=variant.program).run().asked
    return bool(variant.scenario.arrivals) or any(asked[kind] for kind in DRAWN)


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
