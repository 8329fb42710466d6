"""Landing times as text: deadlines that were missed, and what decided the latest landing."""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.model.question import Deadline
from windtunnel.report.table import table
from windtunnel.report.wrap import wrap
from windtunnel.result import DagRun, Result
from windtunnel.result.landings import LandingTimes, landing_times, latest
from windtunnel.result.path import Spent, whose
from windtunnel.units import clock, duration

LINKS = 8
"""Of a path, the longest are told; the page of ``--report out/`` has all."""
OWN = ("", "reschedule")


def landing_lines(
    result: Result, deadlines: Sequence[Deadline] = (), *, width: int = 80
) -> list[list[str]]:
    """A block for the deadlines, if any are known, and one for the critical path of the run that
    was latest, if that went through more than what ran in its own DAG."""
    times = landing_times(result.dag_runs(), result.scenario, deadlines)
    return [_deadlines(times, width), _path(times, width)]


def _deadlines(times: Sequence[LandingTimes], width: int) -> list[str]:
    rows = [
        (
            one.name,
            one.deadline + (" (sla)" if one.source == "sla" else ""),
            str(len(one.runs)),
            str(one.late),
            *(_landed(one.share_s(share)) for share in (0.5, 0.95, 1.0)),
        )
        for one in times
        if one.deadline
    ]
    header = ("Deadlines", "", "runs", "late", "P50", "P95", "worst")
    return table(header, rows, left=frozenset({0, 1}), width=width) if rows else []


def _landed(seconds: float | None) -> str:
    return "not landed" if seconds is None else duration(seconds)


def _path(times: Sequence[LandingTimes], width: int) -> list[str]:
    one = latest(times)
    if one is None:
        return []
    run, links = one.run, one.run.critical_path().links
    if all(link.limit in OWN and link.name.startswith(f"{run.dag_id}.") for link in links):
        return []
    took = duration(max(((run.ended or run.due) - run.due).total_seconds(), 0.0))
    late = ", late" if one.late else ""
    said = f"{run.dag_id} {run.run}, {run.state!s} {took} after it was due{late}. Why not earlier:"
    lines = wrap(said, first="Latest   ", then="  ", width=width)
    kept = sorted(links, key=lambda link: -link.seconds)[:LINKS]
    for link in links:
        if link in kept:
            lines += _link(link, run, width)
    if len(links) > LINKS:
        lines.append(f"  ... and {len(links) - LINKS} shorter ones")
    return lines


def _link(link: Spent, run: DagRun, width: int) -> list[str]:
    first = f"  {clock(link.since, beside=run.due)}  {duration(link.seconds):>7}  "
    return wrap(f"{whose(link, run.dag_id, run.run)} {link.does}", first=first, width=width)
