"""Warm-up: what of each simulation is left out because it began with nothing to do.

A queue that is asked about "in general" has no start: its load is the same at each hour, and a
simulation, which begins with empty queues, is too good at first. So the first half of all that
could count is left out. Rules that find the end of the warm-up in what was simulated (White's MSER
and others) cut less, but follow the noise of few simulations: what is left out then depends on what
is estimated, and how wide an interval is no longer says how wrong it may be. A window that is short
beside what a busy queue remembers is too good even so; a longer one helps.

A day on which schedules make the load is not like that. It begins when it begins, and nothing is
left out.
"""

from __future__ import annotations

from windtunnel.model import Deadline, Scenario


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


def left_out(deadline: Deadline, scenario: Scenario) -> float:
    """The part of the window, from its start, of which nothing counts: half of that in which what
    is due can still be late before the window ends.

    A time of day is one for all that came until then, and nothing is left out."""
    if deadline.by is not None or not is_steady(scenario):
        return 0.0
    span_s = deadline.within_s or deadline.queued_s or 0.0
    return max(0.0, 1 - span_s / scenario.duration_s) / 2
