"""Capacity: how much is on time at each setting, how sure that is, and what binds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windtunnel.capacity import Kept, Plan, Point
from windtunnel.loaders import said_deadline
from windtunnel.report.html.view import Json, Subject
from windtunnel.report.plan_words import value_words
from windtunnel.units import duration

Settings = tuple[tuple[str, int], ...]
WAITS = 6
"""Limits of one setting that are shown, those that are waited for longest."""


def data(subject: Subject) -> Json | None:
    """The points of a plan; None of anything else."""
    plan = subject.outcome
    if not isinstance(plan, Plan) or not plan.points:
        return None
    question = plan.question
    place = {point.settings: number for number, point in enumerate(plan.points)}
    return {
        "asked": [said_deadline(one) for one in question.deadlines],
        "share": question.share,
        "confidence": question.confidence,
        "settings": [name for name, _ in plan.points[0].settings],
        "points": [_point(one) for one in plan.points],
        "answer": _place(place, plan.answer),
        "perhaps": _place(place, plan.perhaps),
        "knee": _place(place, plan.knee),
        "formula": None if plan.formula is None else _formula(plan),
        "simulations": plan.simulations,
        "window": duration(plan.scenario.duration_s),
        "drawn": plan.drawn,
        "searched": plan.searched,
        "assumed": [[one.subject, one.assumed] for one in plan.assumptions],
        "paid": "while they run something" if question.elastic else "all the time",
    }


def _place(places: Mapping[Settings, int], point: Point | None) -> int | None:
    return None if point is None else places.get(point.settings)


def _formula(plan: Plan) -> dict[str, Any]:
    formula = plan.formula
    assert formula is not None
    return {
        "workers": formula.workers,
        "peak": formula.peak,
        "slots": formula.slots,
        "buffer": formula.buffer,
        "why": list(formula.why),
    }


def _point(one: Point) -> dict[str, Any]:
    return {
        "values": [value for _, value in one.settings],
        "said": [value_words(name, value) for name, value in one.settings],
        "verdict": one.verdict,
        "estimate": one.estimate,
        "low": one.low,
        "high": one.high,
        "days": one.days,
        "more": one.more_days,
        "kept": [_kept(kept) for kept in one.kept],
        "binds": one.binds,
        "waits": [[limit, seconds] for limit, seconds in one.waits[:WAITS]],
        "findings": [[code, times] for code, times in one.findings],
        "hours": one.worker_hours,
        "busy": one.busy_worker_hours,
        "cost": one.cost,
    }


def _kept(one: Kept) -> list[Any]:
    return [one.what, one.estimate, one.low, one.high, one.due, one.late, one.usual_s, one.worst_s]
