"""Backfill sheet: how long filling dates takes, what it takes from the daily load, and how many of
its runs may run at once without making others late.

Each ``max_active_runs`` is simulated under the same seeds, and so is the same fleet without the
backfill: arrivals, durations and failures are the same, and what differs is because of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

from windtunnel.capacity.estimating.estimate import Estimate, mean
from windtunnel.capacity.usage.occupancy import holding
from windtunnel.choices import Calm
from windtunnel.engine import Simulation, compiled
from windtunnel.engine.luck import draw
from windtunnel.engine.program import Program
from windtunnel.errors import InvalidInput
from windtunnel.loaders import check_backfills
from windtunnel.model import Backfill, Scenario
from windtunnel.sweep import Progress, prepared, sweep
from windtunnel.trace import RunState, TaskState, Trace

VALUES = (1, 2, 4, 8, 16, 32, 64)
"""``max_active_runs`` that are tried, if nobody says which; up to the number of runs."""
LONGEST_S = 32 * 86400.0
"""A backfill that takes longer is not simulated to its end."""
DRAWN = ("lengths", "amounts", "chances")


@dataclass(frozen=True, slots=True)
class Later:
    """What a backfill does to the landing of one DAG's other runs."""

    dag_id: str
    runs: int
    """Those that landed without it, in all simulations."""
    later: int
    """Those of them that land later with it."""
    usual_s: float
    """Half of them land so much later, or less."""
    worst_s: float
    """The one that lands most late; infinite: it does not land in the window."""


@dataclass(frozen=True, slots=True)
class Filled:
    """One ``max_active_runs``."""

    max_active_runs: int
    makespan_s: Estimate
    """From when it is asked for until its last run has ended; infinite: not within 32 days."""
    peak_slots: int
    """Task instances of the backfill that hold a slot of the executor at once, at most."""
    mean_slots: float
    """And on average while it lasts."""
    failed: int
    """Its runs that failed, in all simulations."""
    later: tuple[Later, ...]
    """Other runs, by DAG; those that it makes most late first. Its own DAG's scheduled runs are
    among them."""

    @property
    def worst_s(self) -> float:
        """How much later the run lands that it makes most late."""
        return max((one.worst_s for one in self.later), default=0.0)


@dataclass(frozen=True, slots=True)
class BackfillSheet:
    """What a backfill comes to."""

    backfill: Backfill
    runs: int
    """Dates that are filled."""
    slots: int | None
    """Of the executor; None: without limit."""
    filled: tuple[Filled, ...]
    """By ``max_active_runs``, growing."""
    best: Filled | None
    """The one that ends first of those that make nobody later than is allowed; of two that end
    within a hundredth of each other that with fewer runs at once. None: none of them."""
    most_later_s: float
    """How much later others may land."""
    simulations: int
    days: int
    """Simulations of each value."""
    asked_for: datetime
    """When somebody asks for it."""
    not_over: int
    """Further dates of the range, which Airflow 3 passes over: they are not over by then."""
    in_waves: bool = False
    """Airflow 2: the DAG's own ``max_active_runs`` is what is varied."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all simulations share."""

    scenario: Scenario
    backfill: Backfill


def backfill_sheet(
    scenario: Scenario,
    backfill: Backfill,
    *,
    values: Sequence[int] = (),
    most_later_s: float = 300.0,
    days: int = 10,
    confidence: float = 0.95,
    tell: Progress | None = None,
    **how: Any,
) -> BackfillSheet:
    """Simulate a backfill with several ``max_active_runs``, and the fleet without it.

    Args:
        scenario: The fleet with its daily load; its window begins when somebody asks.
        backfill: Which dates of which DAG.
        values: ``max_active_runs`` to try; without them powers of two.
        most_later_s: How much later any other run may land, in seconds.
        days: Simulations of each value; one, if nothing is drawn.
        confidence: Of the intervals.
        tell: Called on the way.
        how: Where it is simulated, as for `windtunnel.sweep.sweep`.

    Raises:
        InvalidInput: there is no such DAG, or Airflow would not take the backfill.
    """
    check_backfills(scenario.model_copy(update={"backfills": (backfill,)}))
    shared = _Shared(scenario, backfill)
    days = days if _is_drawn(scenario) else 1
    windows, runs = _windows(shared, sorted(set(values)))
    longest = max(windows.values())
    items = [(0, longest, day) for day in range(days)]
    items += [(value, window, day) for value, window in windows.items() for day in range(days)]
    answers = list(sweep(simulate_backfill, shared, items, tell=tell, **how))
    without, each = answers[:days], answers[days:]
    filled = [
        _filled(value, each[number * days :][:days], without, windows[value], confidence)
        for number, value in enumerate(windows)
    ]
    return BackfillSheet(
        backfill,
        runs,
        scenario.cluster.executor_slots,
        tuple(filled),
        _best(filled, most_later_s),
        most_later_s,
        len(items),
        days,
        _asked_for(shared),
        _not_over(shared),
        not scenario.cluster.airflow.backfills_in_scheduler,
    )


def _asked_for(shared: _Shared) -> datetime:
    return shared.scenario.start + timedelta(seconds=shared.backfill.at_s)


def _not_over(shared: _Shared) -> int:
    """``models/backfill.py: _get_info_list``; the command of 2.x makes them all."""
    scenario, backfill = shared.scenario, shared.backfill
    if not scenario.cluster.airflow.backfills_in_scheduler:
        return 0
    program = compiled(scenario)
    timetable = program.dags[program.number[backfill.dag_id]].timetable
    dates = timetable.between(backfill.from_date.astimezone(UTC), backfill.to_date.astimezone(UTC))
    return sum(run.end >= _asked_for(shared) for run in dates)


def simulate_backfill(shared: _Shared, item: tuple[int, float, int]) -> dict[str, Any]:
    """One simulation: with this ``max_active_runs`` (0: without the backfill), so long, of this
    day. Times are seconds; what has not ended is None."""
    value, window, day = item
    scenario = _with(shared, value, window)
    programs = prepared(shared, _programs)
    if value not in programs:
        programs[value] = compiled(scenario)
    seed = scenario.seed if day == 0 else draw(scenario.seed, "day", day) % 10**9
    scenario = scenario.model_copy(update={"seed": seed})
    trace = Simulation(scenario, program=programs[value]).run()
    ends = _ends(trace)
    own = {n for n, run in enumerate(trace.runs) if run.run_type == "backfill"}
    peak, area = _held(trace, own, holding(scenario.cluster))
    ended = [ends.get(run) for run in own] or [None]
    return {
        "runs": len(own),
        "took": max(at[0] for at in ended if at) - shared.backfill.at_s if all(ended) else None,
        "failed": sum(at is not None and not at[1] for at in ended),
        "peak": peak,
        "area": area,
        "refused": [said for _, said in trace.refused],
        "landed": [
            [trace.dag_ids[run.dag], run.name, run.created_us / 1e6, _landed(ends.get(n))]
            for n, run in enumerate(trace.runs)
            if n not in own
        ],
    }


def _programs(_: _Shared) -> dict[int, Program]:
    """Those that were compiled, by ``max_active_runs``."""
    return {}


def _with(shared: _Shared, value: int, window: float) -> Scenario:
    scenario = shared.scenario.model_copy(update={"duration_s": window})
    if not value:
        return scenario
    backfill = shared.backfill.model_copy(update={"max_active_runs": value})
    changes: dict[str, Any] = {"backfills": (*scenario.backfills, backfill)}
    if not scenario.cluster.airflow.backfills_in_scheduler:
        dags = tuple(
            dag.model_copy(update={"max_active_runs": value})
            if dag.dag_id == backfill.dag_id
            else dag
            for dag in scenario.fleet.dags
        )
        changes["fleet"] = scenario.fleet.model_copy(update={"dags": dags})
    return scenario.model_copy(update=changes)


def _windows(shared: _Shared, values: list[int]) -> tuple[dict[int, float], int]:
    """How long the simulations of each value are, so that the backfill ends in them; and how many
    runs it has."""
    first = max(shared.scenario.duration_s, shared.backfill.at_s + 1.0)
    found: dict[int, float] = {}
    runs, window = 0, first
    for value in reversed(values or VALUES):
        while True:
            one = simulate_backfill(shared, (value, window, 0))
            if one["refused"] or not one["runs"]:
                why = "; ".join(one["refused"]) or "no run of it is due in this range"
                raise InvalidInput(f"backfill of DAG {shared.backfill.dag_id!r}: {why}")
            if one["took"] is not None or window >= LONGEST_S:
                break
            window = min(2 * window, LONGEST_S)
        runs = max(runs, one["runs"])
        # Others that are drawn longer end in it, too.
        took = LONGEST_S if one["took"] is None else one["took"]
        found[value] = min(LONGEST_S, max(first, shared.backfill.at_s + 2 * took))
    if not values:
        found = {value: found[value] for value in VALUES if value < 2 * runs}
    return dict(sorted(found.items())), runs


def _filled(
    value: int,
    answers: Sequence[dict[str, Any]],
    without: Sequence[dict[str, Any]],
    window: float,
    confidence: float,
) -> Filled:
    took = [inf if one["took"] is None else one["took"] for one in answers]
    slots = [
        one["area"] / (min(span, window) or 1.0) for one, span in zip(answers, took, strict=True)
    ]
    return Filled(
        value,
        mean([[span] for span in took], confidence),
        max(one["peak"] for one in answers),
        sum(slots) / len(slots),
        sum(one["failed"] for one in answers),
        tuple(_later(answers, without, window)),
    )


def _later(
    answers: Sequence[dict[str, Any]], without: Sequence[dict[str, Any]], window: float
) -> list[Later]:
    """Run by run, under the same luck. A run that is not there with the backfill, such as one that
    it has made itself, or one that assets start at another time, can't be compared."""
    found: dict[str, list[float]] = {}
    for one, other in zip(answers, without, strict=True):
        with_it = {(dag_id, run): landed for dag_id, run, _, landed in one["landed"]}
        for dag_id, run, _, landed in other["landed"]:
            if landed is not None and landed < window and (dag_id, run) in with_it:
                now = with_it[dag_id, run]
                found.setdefault(dag_id, []).append(inf if now is None else now - landed)
    later = [
        Later(
            dag_id,
            len(by),
            sum(each > 0 for each in by),
            sorted(by)[(len(by) - 1) // 2],
            max(0.0, *by),
        )
        for dag_id, by in found.items()
    ]
    return sorted(later, key=lambda one: (-one.worst_s, one.dag_id))


def _best(filled: Sequence[Filled], most_later_s: float) -> Filled | None:
    able = [one for one in filled if one.worst_s <= most_later_s and one.makespan_s.value < inf]
    if not able:
        return None
    soonest = min(one.makespan_s.value for one in able)
    return next(one for one in able if one.makespan_s.value <= 1.01 * soonest)


def _ends(trace: Trace) -> dict[int, tuple[float, bool]]:
    """By run that has ended: when, and whether with success. One that is cleared ends twice."""
    ends: dict[int, tuple[float, bool]] = {}
    for at, who, state in trace.history:
        if who < 0:
            ends.pop(~who, None)
            if state in (RunState.SUCCESS, RunState.FAILED):
                ends[~who] = (at / 1e6, state == RunState.SUCCESS)
    return ends


def _landed(end: tuple[float, bool] | None) -> float | None:
    return end[0] if end is not None and end[1] else None


def _held(trace: Trace, runs: set[int], holds: Set[TaskState]) -> tuple[int, float]:
    """Slots of the executor that task instances of these runs hold: at most, and slot-seconds."""
    held: Counter[int] = Counter()
    peak = now = since = area = 0
    for at, who, state in trace.history:
        if who < 0 or trace.ti_run[who] not in runs:
            continue
        if at != since:
            peak, area, since = max(peak, now), area + now * (at - since), at
        now += (state in holds) - held[who]
        held[who] = int(state in holds)
    return max(peak, now), (area + now * (trace.end_us - since)) / 1e6


def _is_drawn(scenario: Scenario) -> bool:
    asked = Simulation(scenario, Calm()).run().asked
    return bool(scenario.arrivals) or any(asked[kind] for kind in DRAWN)
