"""Capacity curves in the report: the answer, the band, what binds; and the same as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

import windtunnel as wt
from nights import START
from windtunnel.capacity import Kept, Plan, Point
from windtunnel.capacity.plans.plan import StaticFormula
from windtunnel.model.question import Deadline, Question, Setting
from windtunnel.report.html import Subject, capacity, page

SCENARIO = wt.Scenario(fleet=wt.Fleet(), start=START, duration_s=86400.0)


def point(workers: int, estimate: float, width: float, *, binds: str = "worker slots") -> Point:
    low, high = max(estimate - width, 0.0), min(estimate + width, 1.0)
    kept = Kept(
        "report by 07:00", estimate, low, high, 400, round(400 * (1 - estimate)), 3600, 9000
    )
    return Point(
        settings=(("workers", workers),),
        verdict="yes" if low >= 0.99 else "no" if high < 0.99 else "unknown",
        days=400,
        kept=(kept,),
        waits=((binds, 5000.0 / workers), ("upstream of <b>", 12.0)),
        worker_hours=24.0 * workers,
        cost=2.4 * workers,
    )


@pytest.fixture
def plan() -> Plan:
    """Three workers are too few, four are enough, and five bring nothing."""
    points = (
        point(2, 0.62, 0.05),
        point(3, 0.955, 0.02),
        point(4, 0.996, 0.003),
        point(5, 0.998, 0.002, binds="pool db"),
        point(6, 0.998, 0.002, binds="pool db"),
    )
    question = Question(
        vary=(Setting(name="workers", values=(2, 3, 4, 5, 6)),),
        deadlines=(Deadline(of="report", by=time(7)),),
        cost_per_worker_hour=0.1,
    )
    formula = StaticFormula(40, 8, 1.1, 6, ("it takes peaks that never meet for one",))
    answer = replace(points[2], more_days=100)  # told with more than the others
    return Plan(question, SCENARIO, points, answer, points[1], 2000, points[2], formula)


def test_only_a_plan_has_capacity_curves(plan):
    found = capacity.data(Subject(plan, "windtunnel plan"))
    assert found is not None
    assert (found["answer"], found["perhaps"], found["knee"]) == (2, 1, 2)
    assert found["asked"] == ["report by 07:00"]
    assert [one["binds"] for one in found["points"]] == ["worker slots"] * 3 + ["pool db"] * 2
    assert capacity.data(Subject(None, "windtunnel run")) is None


def test_the_curve_says_what_the_table_says(see, plan, tmp_path: Path):
    file = tmp_path / "index.html"
    file.write_text(page(Subject(plan, "windtunnel plan dags/")), "utf-8")
    assert file.stat().st_size < 100_000
    sheet = see(file)
    said = sheet.locator("#view-capacity").inner_text()
    assert "4 workers are enough: 99.6 % (99.3 % to 99.9 %) on time" in said
    assert "3 workers may be enough, too" in said
    assert "40 tasks at once" in said
    assert "= 6 workers" in said
    assert sheet.locator("svg.capacity .band").count() == 1
    assert sheet.locator("svg.capacity .answer").count() == 1
    table = sheet.get_by_role("table", name="Every setting that was simulated")
    rows = table.locator("tbody tr")
    assert rows.count() == 5
    assert "the answer, the knee" in rows.nth(2).inner_text()


def test_settings_after_the_first_make_curves_of_their_own(see, plan, tmp_path: Path):
    points = tuple(
        Point(((*one.settings, ("pool db", pool))), one.verdict, one.days, one.kept)
        for one in plan.points
        for pool in (1, 2)
    )
    both = Plan(plan.question, SCENARIO, points, None, None, 10, drawn=False)
    file = tmp_path / "index.html"
    file.write_text(page(Subject(both, "windtunnel plan dags/")), "utf-8")
    sheet = see(file)
    assert sheet.locator("svg.capacity .band").count() == 2
    said = sheet.locator("#view-capacity").inner_text()
    assert "None of these settings is enough" in said
    assert "pool db 2" in said
