"""Landing times: when the runs of each DAG landed, and which missed a deadline."""

from __future__ import annotations

from typing import Any

from windtunnel.report.html.view import Json, Subject
from windtunnel.result.landings import Landed, LandingTimes


def data(subject: Subject) -> Json | None:
    """A row for each DAG and deadline, those that were late first; None without dag runs."""
    if not subject.landings:
        return None
    return {
        "rows": [_row(one) for one in subject.landings],
        "simulations": 1 if subject.report is None else subject.report.simulations,
    }


def _row(one: LandingTimes) -> dict[str, Any]:
    return {
        "name": one.name,
        "deadline": one.deadline,
        "source": one.source,
        "late": one.late,
        "landed": sum(run.seconds is not None for run in one.runs),
        "open": sum(run.is_open for run in one.runs),
        "p50": one.share_s(0.5),
        "p95": one.share_s(0.95),
        "worst": one.share_s(1.0),
        "runs": [_run(run) for run in one.runs],
    }


def _run(one: Landed) -> list[Any]:
    """(number, name, due, seconds, seconds allowed, whether it was late, state)."""
    due_ms = round(one.run.due.timestamp() * 1000)
    return [one.run.index, one.run.run, due_ms, one.seconds, one.allowed_s, one.late, one.state]
