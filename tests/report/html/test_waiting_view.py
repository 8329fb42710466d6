"""Findings over time in the report: a slider over the steps, and the same in words."""

from __future__ import annotations

from pathlib import Path

import pytest

import windtunnel as wt
from nights import dag, simulated, takes, task
from windtunnel.model import ExternalTaskSensor
from windtunnel.report.html import Subject, page, waiting


@pytest.fixture(scope="module")
def subject() -> Subject:
    """report.wait has the only slot of pool db, and waits for etl.load, which needs it, too."""
    wait = ExternalTaskSensor(external_dag_id="etl", external_task_ids=("load",))
    fleet = wt.Fleet(
        dags=(
            dag("etl", task("extract"), task("load", "extract", pool="db")),
            dag("report", task("wait", kind=wait, pool="db")),
        )
    )
    return Subject(simulated(fleet, takes(etl__extract=600)), "windtunnel run dags/")


def test_a_simulation_that_shows_a_finding_goes_before_the_first(subject):
    """The first one of a check may be calm, and the finding that of another."""
    assert waiting.data(subject)["findings"][0]["code"] == "WT101"
    calm = simulated(wt.Fleet(dags=(dag("x", task("y")),)))
    report = wt.Report(calm.scenario, subject.result.findings, 1, "", calm)
    assert waiting.data(Subject(report, "check")) is None
    shown = waiting.data(Subject(report, "check", shows=lambda _: subject.result))
    assert shown == waiting.data(subject)


def test_the_slider_goes_from_step_to_step(see, subject, tmp_path: Path):
    file = tmp_path / "index.html"
    file.write_text(page(subject), "utf-8")
    sheet = see(file, "waiting")
    slider = sheet.get_by_role("slider", name="Time")
    assert "A circle is closed" in sheet.locator(".now").inner_text()
    last = slider.get_attribute("aria-valuetext")
    assert sheet.locator("svg.graph path.edge.closed").count() > 0
    slider.focus()
    sheet.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") != last
    assert "A circle is closed" not in sheet.locator(".now").inner_text()
    assert "report.wait running, holds pool db" in sheet.locator(".now").inner_text()
    sheet.keyboard.press("Home")
    assert "step 1 of" in slider.get_attribute("aria-valuetext")
    sheet.locator(".events button").last.click()
    assert slider.get_attribute("aria-valuetext") == last
    assert sheet.locator(".events [aria-current=step]").count() == 1
