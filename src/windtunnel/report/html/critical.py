"""Critical path: what decided when a dag run landed, and how much room there was elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from windtunnel.report.html.segments import FAILED, RAN, group_of
from windtunnel.report.html.view import Json, Subject
from windtunnel.result import DagRun
from windtunnel.result.landings import Landed, LandingTimes
from windtunnel.result.path import Slack, Spent, slack

RUNS = 40
"""Dag runs whose path is shown: of each DAG the one that landed last, late ones first."""
ROWS = 300
"""Task instances of one run whose slack is shown, the tightest."""
BEHIND = 12
"""Holders of a limit that are shown behind one wait, the last ones."""


def data(subject: Subject) -> Json | None:
    """The paths of the runs that landed last; None without dag runs."""
    if not subject.landings:
        return None
    chosen = _chosen(subject.landings)
    ended = {one.run.index for one in chosen if one.run.ended is not None}
    return {
        "runs": [_run(one, with_slack=one.run.index in ended) for one in chosen],
        "left_out": len({r.run.index for t in subject.landings for r in t.runs}) - len(chosen),
    }


def _chosen(landings: Sequence[LandingTimes]) -> list[Landed]:
    """Of each DAG the run that landed last, one that failed and one that goes on; then more that
    were late."""
    first: list[Landed] = []
    for one in landings:
        landed = [run for run in one.runs if run.seconds is not None]
        first += sorted(landed, key=_order)[:1]
        first += [run for run in one.runs if run.seconds is None and not run.is_open][:1]
        first += [run for run in one.runs if run.is_open][:1]
    late = (run for one in landings for run in one.runs if run.late)
    found: dict[int, Landed] = {}
    for run in (*sorted(first, key=_order), *sorted(late, key=_order)):
        found.setdefault(run.run.index, run)
    return list(found.values())[:RUNS]


def _order(one: Landed) -> tuple[bool, float, int]:
    ended = one.run.ended
    took = 0.0 if ended is None else (ended - one.run.due).total_seconds()
    return not one.late, -took, one.run.index


def _run(one: Landed, *, with_slack: bool) -> dict[str, Any]:
    run, record = one.run, one.run.record
    path = run.critical_path()
    names: dict[tuple[str, str], int] = {}
    links = [_link(link, run, names) for link in (*path.before, *path.links)]
    room = slack(record, run.index) if with_slack else {}
    return {
        "number": run.index,
        "dag": run.dag_id,
        "run": run.run,
        "due": _ms(run.due),
        "ended": None if run.ended is None else _ms(run.ended),
        "state": str(run.state),
        "late": one.late,
        "allowed_s": one.allowed_s,
        "before": len(path.before),
        "links": links,
        "who": [list(name) for name in names],
        "slack": _slack(run, room),
    }


def _link(one: Spent, run: DagRun, names: dict[tuple[str, str], int]) -> list[Any]:
    """(who, since, seconds, what, colour, who had the limit behind it)."""
    who = names.setdefault((one.name, one.run), len(names))
    behind = [_link(other, run, names) for other in one.behind[-BEHIND:]]
    return [who, _ms(one.since), one.seconds, one.does, _colour(one), behind]


def _colour(one: Spent) -> str:
    if one.limit == "schedule":
        return "nothing"
    if one.ran:
        if "failed" in one.does:
            return group_of(FAILED)
        return "outside" if one.does.startswith(("poked", "waited")) else group_of(RAN)
    return group_of(one.limit)


def _slack(run: DagRun, room: dict[int, Slack]) -> list[list[Any]]:
    """(name, run, when it ended, least, most), the tightest first."""
    instances = run.record.instances
    ranked: Iterable[int] = sorted(room, key=lambda ti: (room[ti].least_s, room[ti].most_s, ti))
    at = run.record.trace.at
    return [
        [
            instances[ti].name,
            instances[ti].run,
            _ms(at(instances[ti].ended_us or 0)),
            room[ti].least_s,
            room[ti].most_s,
        ]
        for ti in list(ranked)[:ROWS]
    ]


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
