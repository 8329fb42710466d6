"""Landing: what a change costs, as the end of dag runs in the calm simulation."""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.trace import Trace

Ends = dict[tuple[str, str], tuple[int, str]]
"""Dag run, by DAG and name -> when it ended, and how."""


@dataclass(frozen=True, slots=True)
class Landing:
    """How dag runs end with a change, seen from how they end without."""

    later_s: float | None
    """Of the run that loses most, among those that succeed in both; None if none does."""
    dag_id: str = ""
    fails: bool = False
    """Whether a run fails that did not."""
    unfinished: int = 0
    """Runs that succeed without it, and with it don't end in this window."""


def ends_of(trace: Trace) -> Ends:
    """When each dag run ended, and how, of those that did."""
    return {
        (run.dag_id, run.run): (run.ended_us, run.state)
        for run in trace.dag_runs()
        if run.ended_us is not None
    }


def landing(before: Ends, after: Ends) -> Landing:
    """The difference, in seconds."""
    fails = False
    unfinished = 0
    worst: tuple[int, str] | None = None
    for (dag_id, run), (ended_us, state) in before.items():
        if state != "success":
            continue
        if (dag_id, run) not in after:
            unfinished += 1
            continue
        then, how = after[dag_id, run]
        fails |= how == "failed"
        if worst is None or then - ended_us > worst[0]:
            worst = (then - ended_us, dag_id)
    if worst is None:
        return Landing(None, "", fails, unfinished)
    return Landing(worst[0] / 1e6, worst[1], fails, unfinished)
