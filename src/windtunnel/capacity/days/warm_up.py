"""Warm-up: how long is simulated before anything counts, so that it does not matter that a
simulation begins with nothing to do.

A queue that is asked about "in general" has no start: its load is the same at each hour, and a
simulation, which begins with empty queues, is too good at first. How long it remembers that depends
on the queue: a minute where slots are plenty, days where they are nearly used up. So that is
measured beforehand, with luck that is used for nothing else: in a long simulation, and in twins of
it that begin later, with nothing to do, and meet the same runs from then on. When as many runs wait
and run in the twins as in the long one, on average, the beginning is forgotten. To look for the end
of the warm-up in the days themselves would follow the noise of few simulations: what is left out
would depend on what is estimated.

A day on which schedules make the load is not like that. It begins when it begins, and nothing is
left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from windtunnel.engine import Simulation
from windtunnel.engine.dag_runs.drawn_arrivals import with_arrivals_drawn
from windtunnel.engine.luck import draw
from windtunnel.model import Deadline, Scenario
from windtunnel.trace import RunState, Trace

TWINS = 16
"""One begins at the end of each stretch of the long simulation, and ends a stretch later."""
LOOKED_AT = 4
"""The last quarter of a twin is compared."""
ALIKE = 0.02
"""By so much at most the twins may have fewer runs, of each DAG, or more."""
FEW_RUNS = 1_000
"""The long simulation has at least so many: in a short one nothing may wait by chance."""
OWN_RUNS = 200
"""A DAG with so many of them is looked at by itself, too."""
GROWN = 2_000
"""Runs of a DAG after which a queue that was never as short again grows without end."""
MOST_TRIES = 40_000
"""Task instances in the long simulation, at most: some seconds. In a window that has many itself, a
stretch may have half of those in any case."""
MOST_WINDOWS = 4096
"""A stretch of so many windows is enough, however few runs come in it."""
Change = tuple[int, int]
"""At which microsecond a run came (1) or ended (-1)."""


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What is simulated before the window."""

    seconds: float = 0.0
    """How long."""
    is_settled: bool = True
    """Whether the queues forget in that time that they began empty. If not, they grow without end,
    or nearly so."""


NOTHING = WarmUp()


def is_steady(scenario: Scenario) -> bool:
    """Whether the load is the same at each hour: it arrives from outside at rates that do not
    change, and nothing happens by the clock."""
    by_clock = (scenario.manual_runs, scenario.backfills, scenario.asset_updates, scenario.faults)
    steady = all(
        not isinstance(one.per_hour, tuple) and not one.at_s and one.until_s is None
        for one in scenario.arrivals
    )
    scheduled = any(dag.schedule is not None and not dag.is_paused for dag in scenario.fleet.dags)
    slower = scenario.behavior.slowdowns
    return bool(scenario.arrivals) and steady and not (scheduled or slower or any(by_clock))


def warm_up(scenario: Scenario, deadlines: Iterable[Deadline]) -> WarmUp:
    """How long to simulate before the window. None of it where the clock brings the load, or a
    deadline is a time of day.

    Of queues that grow without end it is as long as the window, and what is then said of the window
    is said of that one alone; of those that settle too slowly it is what was tried at last.
    """
    if not is_steady(scenario) or any(one.by is not None for one in deadlines):
        return NOTHING
    stretch_s = scenario.duration_s / TWINS
    seed = draw(scenario.seed, "warm-up") % 1_000_000_000
    while True:
        changes = {"seed": seed, "duration_s": (TWINS + 1) * stretch_s}
        long = with_arrivals_drawn(scenario.model_copy(update=changes))
        trace = Simulation(long).run()
        is_enough = len(trace.runs) >= FEW_RUNS or stretch_s > MOST_WINDOWS * scenario.duration_s
        if is_enough and _is_forgotten(long, trace, stretch_s):
            # The twins are few, and what one of fifty remembers they don't show: once more as long.
            return WarmUp(float(ceil(2 * stretch_s)))
        is_longest = 2 * len(trace.ti_run) > MOST_TRIES and 4 * stretch_s > scenario.duration_s
        if any(_grows(own, trace.end_us) for own in _unlanded(trace).values()):
            return WarmUp(scenario.duration_s, is_settled=False)
        if is_longest:
            return WarmUp(float(ceil(2 * stretch_s)), is_settled=False)
        stretch_s *= 2


def _is_forgotten(long: Scenario, trace: Trace, stretch_s: float) -> bool:
    """Whether as many runs wait and run in the twins as in the long simulation, on average."""
    came = Counter(trace.dag_ids[run.dag] for run in trace.runs)
    there: Counter[str] = Counter()
    in_twins: Counter[str] = Counter()
    for number in range(1, TWINS + 1):
        begin_s = number * stretch_s
        end_s = begin_s + stretch_s
        since_us = round((end_s - stretch_s / LOOKED_AT) * 1e6)
        runs = tuple(run for run in long.manual_runs if run.at_s >= begin_s)
        twin = Simulation(long.model_copy(update={"manual_runs": runs, "duration_s": end_s})).run()
        there.update(_run_time(trace, since_us, twin.end_us))
        in_twins.update(_run_time(twin, since_us, twin.end_us))
    looked_at = [dag_id for dag_id, runs in came.items() if runs >= OWN_RUNS]
    each = [(there[dag_id], in_twins[dag_id]) for dag_id in looked_at]
    each.append((there.total(), in_twins.total()))
    return all(abs(one - other) <= ALIKE * one for one, other in each)


def _run_time(trace: Trace, since_us: int, until_us: int) -> dict[str, int]:
    """By DAG: microseconds between two instants in which its runs wait or run, in sum."""
    return {
        dag_id: sum(
            level * max(0, min(to, until_us) - max(at, since_us))
            for at, to, level in _levels(changes, trace.end_us)
        )
        for dag_id, changes in _unlanded(trace).items()
    }


def _unlanded(trace: Trace) -> dict[str, list[Change]]:
    """By DAG: when its runs come and end, in that order."""
    found: dict[str, list[Change]] = {}
    for run in trace.runs:
        found.setdefault(trace.dag_ids[run.dag], []).append((run.created_us, 1))
    ended = {int(RunState.SUCCESS), int(RunState.FAILED)}
    for at, who, state in trace.history:
        if who < 0 and state in ended:
            found[trace.dag_ids[trace.runs[~who].dag]].append((at, -1))
    for changes in found.values():
        changes.sort()
    return found


def _grows(changes: Sequence[Change], end_us: int) -> bool:
    """Whether the second half never came down to where the first quarter was."""
    if sum(change > 0 for _, change in changes) < GROWN:
        return False
    levels = list(_levels(changes, end_us))
    first = max(level for since, _, level in levels if since < end_us // 4)
    return min(level for _, until, level in levels if until > end_us // 2) > first


def _levels(changes: Sequence[Change], end_us: int) -> Iterator[tuple[int, int, int]]:
    """From when to when how many runs were there."""
    since = level = 0
    for at, change in changes:
        if at > since:
            yield since, at, level
            since = at
        level += change
    if end_us > since:
        yield since, end_us, level
