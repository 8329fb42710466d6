"""A plan as JSON: every setting that was simulated, with what was asked for and what binds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from windtunnel.capacity import Plan, Point
from windtunnel.report.json_form import dump, report_head


def plan_json(plan: Plan) -> str:
    """The plan, below what every report begins with."""
    head = report_head(plan.scenario, plan.problems, plan.assumptions)
    return dump(kind="plan", **head, **plan_form(plan))


def plan_form(plan: Plan) -> dict[str, Any]:
    """The plan alone, as plain data. ``answer``, ``perhaps`` and ``knee`` are numbers of points."""
    places = {one.settings: number for number, one in enumerate(plan.points)}

    def place(one: Point | None) -> int | None:
        return None if one is None else places[one.settings]

    return {
        "question": plan.question.model_dump(mode="json"),
        "points": [_point(one) for one in plan.points],
        "answer": place(plan.answer),
        "perhaps": place(plan.perhaps),
        "knee": place(plan.knee),
        "formula": None if plan.formula is None else asdict(plan.formula),
        "simulations": plan.simulations,
        "drawn": plan.drawn,
        "searched": plan.searched,
    }


def _point(one: Point) -> dict[str, Any]:
    return {
        **asdict(one),
        "settings": dict(one.settings),
        "waits": [{"limit": limit, "seconds": seconds} for limit, seconds in one.waits],
        "findings": [{"code": code, "simulations": times} for code, times in one.findings],
        "estimate": one.estimate,
        "low": one.low,
        "high": one.high,
        "binds": one.binds,
    }
