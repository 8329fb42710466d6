"""Backtest: what was predicted of a past window, and what happened, DAG by DAG."""

from __future__ import annotations

from typing import Any

from windtunnel.calibration import Backtest, Compared, DagBacktest
from windtunnel.report.html.view import Json, Subject
from windtunnel.units import clock


def data(subject: Subject) -> Json | None:
    """The figures of a backtest; None of anything else."""
    found = subject.outcome
    if not isinstance(found, Backtest):
        return None
    return {
        "source": found.source,
        "learned_from": found.learned_from,
        "mode": found.mode,
        "window": [clock(found.span.since), clock(found.span.until)],
        "trials": found.trials,
        "trust": found.trust,
        "landing": [found.landing_error, found.uncalibrated_landing_error],
        "makespan": [found.makespan_error, found.uncalibrated_makespan_error],
        "dags": [_dag(one) for one in found.dags],
        "learned": list(found.platform.said()),
        "notes": list(found.notes),
        "reasons": list(found.reasons),
    }


def _dag(one: DagBacktest) -> dict[str, Any]:
    queued = one.queued
    return {
        "dag": one.dag_id,
        "runs": one.runs,
        "unended": one.unended,
        "not_simulated": one.not_simulated,
        "invented": one.invented,
        "landing": _compared(one.landing, one.uncalibrated_landing),
        "makespan": _compared(one.makespan, one.uncalibrated_makespan),
        "queued": queued and [queued.actual_s, queued.predicted_s, queued.uncalibrated_s],
        "failed": list(one.failed),
    }


def _compared(ours: Compared | None, plain: Compared | None) -> dict[str, Any] | None:
    if ours is None:
        return None
    return {
        "runs": ours.runs,
        "was": ours.actual_s,
        "predicted": ours.predicted_s,
        "was_p95": ours.actual_p95_s,
        "predicted_p95": ours.predicted_p95_s,
        "error": ours.error,
        "off": ours.off,
        "by_chance": ours.by_chance,
        "within": ours.within,
        "plain": None if plain is None else plain.predicted_s,
        "plain_error": None if plain is None else plain.error,
    }
