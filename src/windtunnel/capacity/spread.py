"""Spread: schedules some minutes later, so that fewer tasks want to run at once.

Most schedules say minute 0, so at each full hour a herd comes, and an hour of idling follows. Each
DAG's load by the clock is taken from simulations; the minutes are chosen one DAG after the other,
the heaviest first, each where the peak of all is lowest (then where the load is most even), until
none can be moved for the better. What is proposed is then simulated under the same seeds as before.

DAGs whose sensors wait for each other's runs move together, so that logical dates still match; what
can't be moved, has to land by a time of day, or would be late for its deadline, stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from windtunnel.capacity.days.day import MOVING, Days, seed_of, simulate_day
from windtunnel.engine import Simulation, compiled
from windtunnel.errors import InvalidInput
from windtunnel.lint.awaited import awaited
from windtunnel.loaders import said_deadline, with_setting
from windtunnel.model import Cron, Deadline, Scenario
from windtunnel.sweep import Progress, sweep
from windtunnel.trace import TaskState, Trace

STEP = 5
"""Minutes between two places on the clock."""
FARTHEST = 55
"""Minutes that a schedule is moved at most."""
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Move:
    """One schedule, and what it should be."""

    dag_id: str
    minutes: int
    before: str
    """A cron expression, as are those after it."""
    after: str


@dataclass(frozen=True, slots=True)
class Side:
    """What a fleet does with its schedules as they are, or as proposed; per simulation."""

    peak: int
    """Tasks that run at once, at most."""
    wanted: float
    """Tasks that want to run in the fullest five minutes, on average, if nothing limited them."""
    waits_s: float
    """Task-seconds of waiting for limits."""
    on_time: tuple[float, ...]
    """Of each deadline, the share of runs that are on time."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Schedules that flatten the herd; none, if they are flat, or nothing may be moved."""

    scenario: Scenario
    moves: tuple[Move, ...]
    before: Side
    after: Side
    stays: tuple[tuple[str, str], ...]
    """(dag_id, why) of scheduled DAGs that could not be moved."""
    deadlines: tuple[str, ...]
    """In words."""
    days: int
    """Simulations of each."""


def make_spread(
    scenario: Scenario,
    deadlines: Sequence[Deadline] = (),
    *,
    days: int = 5,
    tell: Progress | None = None,
    **how: Any,
) -> Spread:
    """Propose minutes for the schedules of a fleet.

    Args:
        scenario: The fleet and its deployment.
        deadlines: What has to stay as often on time as it is.
        days: Simulations, before and after.
        tell: Called on the way.
        how: Where it is simulated, as for `windtunnel.sweep.sweep`.

    Raises:
        InvalidInput: a deadline can't be asked of this scenario.
    """
    together, stays = _movable(scenario, deadlines)
    loads: list[dict[str, list[float]]] = list(
        sweep(loads_of_day, scenario, list(range(days)), tell=tell, **how)
    )
    shared = Days(scenario, tuple(deadlines))
    fixed: set[str] = set()
    before = _side(shared, (), _total(loads, {}), days, {"tell": tell, **how})
    while True:
        moves = _chosen(loads, [one for one in together if not fixed & set(one)])
        settings = tuple((MOVING + name, minutes) for name, minutes in moves.items())
        after = _side(shared, settings, _total(loads, moves), days, {"tell": tell, **how})
        late = [
            one.of
            for one, then, now in zip(deadlines, before.on_time, after.on_time, strict=True)
            if now < then
        ]
        held = {name for name in moves if _is_late(name, late)}
        if not late or not moves:
            break
        stays += [(name, "moved, a deadline would be missed") for name in sorted(held)]
        fixed |= held or set(moves)
    better = (after.wanted, after.waits_s) < (before.wanted, before.waits_s)
    if not better or after.peak > before.peak:
        moves, after = {}, before
    return Spread(
        scenario,
        tuple(_move(scenario, name, minutes) for name, minutes in moves.items()),
        before,
        after,
        tuple(sorted(stays)),
        tuple(map(said_deadline, deadlines)),
        days,
    )


def loads_of_day(scenario: Scenario, day: int) -> dict[str, list[float]]:
    """By DAG: tasks that want to run in each five minutes of the window, on average, as if each
    began when it was ready."""
    scenario = scenario.model_copy(update={"seed": seed_of(scenario, day)})
    trace = Simulation(scenario, program=compiled(scenario)).run()
    width = STEP * 60_000_000
    bins = -(-trace.end_us // width)
    found: dict[str, list[float]] = {}
    for ti, (ready, took) in _wishes(trace).items():
        dag_id = trace.dag_ids[trace.runs[trace.ti_run[ti]].dag]
        load = found.setdefault(dag_id, [0.0] * bins)
        at, end = ready, min(ready + took, trace.end_us)
        while at < end:
            place = at // width
            until = min(end, (place + 1) * width)
            load[place] += (until - at) / width
            at = until
    return found


def _wishes(trace: Trace) -> dict[int, tuple[int, int]]:
    """(ready, how long it runs in all) of each task instance that ran."""
    ready: dict[int, int] = {}
    since: dict[int, int] = {}
    took: dict[int, int] = {}
    for at, who, state in trace.history:
        if who < 0:
            continue
        if state in (TaskState.SCHEDULED, TaskState.QUEUED, TaskState.RUNNING):
            ready.setdefault(who, at)
        if who in since:
            took[who] = took.get(who, 0) + at - since.pop(who)
        if state == TaskState.RUNNING:
            since[who] = at
    for who, at in since.items():
        took[who] = took.get(who, 0) + trace.end_us - at
    # Waits for limits are no wish; a run that started late is as late as its limit made it.
    return {who: (ready[who], each) for who, each in took.items()}


def _movable(
    scenario: Scenario, deadlines: Sequence[Deadline]
) -> tuple[list[tuple[str, ...]], list[tuple[str, str]]]:
    """DAGs that move together, and those that stay, with the reason."""
    scheduled = [d for d in scenario.fleet.dags if d.schedule is not None and not d.is_paused]
    by_clock = [one.of for one in deadlines if one.by is not None]
    stays: dict[str, str] = {}
    for dag in scheduled:
        if _is_late(dag.dag_id, by_clock):
            # Moved beyond that time of day it would be in time for the next day's.
            stays[dag.dag_id] = "it has to land by a time of day"
        try:
            with_setting(scenario, MOVING + dag.dag_id, FARTHEST)
        except InvalidInput as error:
            stays[dag.dag_id] = str(error).rpartition(": ")[2]
    groups = {dag.dag_id: {dag.dag_id} for dag in scenario.fleet.dags}
    for one in awaited(scenario.fleet):
        pair = one.dag.dag_id, one.target.dag_id
        if one.kind.execution_date_fn:
            stays.update(dict.fromkeys(pair, "a function says for which date a sensor waits"))
        joined = groups[pair[0]] | groups[pair[1]]
        groups.update(dict.fromkeys(joined, joined))
    names = [dag.dag_id for dag in scheduled]
    for name in names:
        bound = sorted(groups[name] & stays.keys() - {name})
        if bound and name not in stays:
            stays[name] = f"sensors tie it to {bound[0]}, which stays"
    free = [name for name in names if not groups[name] & stays.keys()]
    found = dict.fromkeys(tuple(n for n in names if n in groups[name]) for name in free)
    return list(found), sorted(stays.items())


def _chosen(
    loads: Sequence[dict[str, list[float]]], together: Iterable[tuple[str, ...]]
) -> dict[str, int]:
    """Minutes by DAG; those that stay where they are are left out."""
    weight = {one: sum(_area(loads, name) for name in one) for one in together}
    ordered = sorted((one for one in weight if weight[one]), key=lambda one: (-weight[one], one))
    moves: dict[str, int] = {}
    absent = {name for one in ordered for name in one}
    for one in ordered:  # each beside those that are placed, so that the heaviest may stay
        absent -= set(one)
        moves |= dict.fromkeys(one, _best(loads, moves, one, absent))
    for _ in range(ROUNDS):
        before = moves
        for one in ordered:
            moves = moves | dict.fromkeys(one, _best(loads, moves, one))
        if moves == before:
            break
    for one in ordered:  # nothing is moved for the sake of evenness alone
        back = moves | dict.fromkeys(one, 0)
        if _badness(_total(loads, back))[0] <= _badness(_total(loads, moves))[0]:
            moves = back
    return {name: minutes for name, minutes in sorted(moves.items()) if minutes}


def _best(
    loads: Sequence[dict[str, list[float]]],
    moves: dict[str, int],
    together: tuple[str, ...],
    absent: Set[str] = frozenset(),
) -> int:
    """Where these are best; where they are, if nothing is better."""
    there = [{name: load for name, load in day.items() if name not in absent} for day in loads]
    now = moves.get(together[0], 0)
    places = sorted(range(0, FARTHEST + 1, STEP), key=lambda minutes: (minutes != now, minutes))

    def badness(minutes: int) -> tuple[float, float]:
        return _badness(_total(there, {**moves, **dict.fromkeys(together, minutes)}))

    return min(places, key=badness)


def _badness(total: Sequence[float]) -> tuple[float, float]:
    """The peak; then how uneven it is. In steps, so that nothing is moved for next to nothing."""
    return round(max(total, default=0.0), 1), round(sum(each * each for each in total), 1)


def _total(loads: Sequence[dict[str, list[float]]], moves: dict[str, int]) -> list[float]:
    """Of all DAGs, on average over the days, when some are moved; what leaves the window at its
    end comes in at its start, as on the day before."""
    bins = max((len(load) for day in loads for load in day.values()), default=0)
    total = [0.0] * bins
    for day in loads:
        for name, load in day.items():
            later = moves.get(name, 0) // STEP
            for place, each in enumerate(load):
                total[(place + later) % bins] += each / len(loads)
    return total


def _area(loads: Sequence[dict[str, list[float]]], name: str) -> float:
    return sum(sum(day.get(name, ())) for day in loads)


def _side(
    shared: Days,
    settings: tuple[tuple[str, int], ...],
    total: Sequence[float],
    days: int,
    how: dict[str, Any],
) -> Side:
    items = [(settings, day, 0.0) for day in range(days)]
    answers = list(sweep(simulate_day, shared, items, **how))
    on_time = [sum(one["on_time"][n] for one in answers) for n in range(len(shared.deadlines))]
    due = [sum(one["due"][n] for one in answers) for n in range(len(shared.deadlines))]
    return Side(
        max(one["peak"] for one in answers),
        max(total, default=0.0),
        sum(sum(one["waits"].values()) for one in answers) / days,
        tuple(hits / of if of else 1.0 for hits, of in zip(on_time, due, strict=True)),
    )


def _is_late(name: str, late: Sequence[str]) -> bool:
    """Whether the DAG, or one of its tasks, is among them."""
    return any(one == name or one.startswith(f"{name}.") for one in late)


def _move(scenario: Scenario, dag_id: str, minutes: int) -> Move:
    later = with_setting(scenario, MOVING + dag_id, minutes)
    said = []
    for one in (scenario, later):
        (dag,) = (dag for dag in one.fleet.dags if dag.dag_id == dag_id)
        assert isinstance(dag.schedule, Cron)
        said.append(dag.schedule.expression)
    return Move(dag_id, minutes, said[0], said[1])
