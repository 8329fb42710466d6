"""Landing times and critical paths in the report: their data, and how they behave in a browser."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

import windtunnel as wt
from nights import dag, simulated, takes, task
from windtunnel.model import ExternalTaskSensor
from windtunnel.model.question import Deadline
from windtunnel.report.html import Subject, critical, landings, page

SENSOR = ExternalTaskSensor(external_dag_id="etl", external_task_ids=("load",))
LATE = Deadline(of="report", by=time(2, 30))


@pytest.fixture(scope="module")
def subject() -> Subject:
    """report waits for etl.load, which waits for the pool that another has; report is late."""
    fleet = wt.Fleet(
        dags=(
            dag("etl", task("extract"), task("load", "extract", pool="db")),
            dag("other", task("first", pool="db", priority_weight=9)),
            dag(
                "report", task("prepare"), task("wait", "prepare", kind=SENSOR), task("<b>", "wait")
            ),
        )
    )
    result = simulated(fleet, takes(other__first=1800, etl__load=600), window="2d")
    return Subject(result, "windtunnel run dags/", (LATE,))


def test_rows_say_who_was_late_and_paths_begin_with_those(subject):
    rows = {row["name"]: row for row in landings.data(subject)["rows"]}
    assert (rows["report"]["deadline"], rows["report"]["late"]) == ("by 02:30", 2)
    assert (rows["etl"]["deadline"], rows["etl"]["late"]) == ("", 0)
    first = critical.data(subject)["runs"][0]
    assert (first["dag"], first["late"]) == ("report", True)
    who = [first["who"][link[0]][0] for link in first["links"]]
    assert who == ["etl.extract", "etl.load", "etl.load", "report.wait", "report.<b>"]
    assert first["links"][1][5][0][3] == "ran, and held pool db"


def test_what_ran_nothing_has_neither_view():
    idle = Subject(wt.simulate(wt.Fleet(), window="1h"), "windtunnel run empty/")
    assert landings.data(idle) is None
    assert critical.data(idle) is None


@pytest.fixture(scope="module")
def file(subject, tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("landings") / "index.html"
    found.write_text(page(subject), "utf-8")
    return found


def test_from_a_late_run_one_comes_to_its_path(see, file):
    sheet = see(file, "landings")
    rows = sheet.locator("table.landings tbody tr")
    assert rows.first.locator("th").inner_text() == "report"
    assert "2 dag runs missed a deadline" in sheet.locator("#view-landings").inner_text()
    assert sheet.get_by_role("img", name="report: from").count() == 1
    rows.first.get_by_role("button").focus()
    sheet.keyboard.press("Enter")
    sheet.get_by_role("button", name="Why then?").first.click()
    sheet.wait_for_selector("#view-critical-path svg.lanes")
    said = sheet.locator("#view-critical-path").inner_text()
    assert "waited for pool db (1 slot), held by other.first" in said
    assert "report.<b>" in said
    assert sheet.get_by_role("heading", name="Slack").count() == 1


def test_another_run_is_chosen_with_the_keyboard(see, file):
    sheet = see(file, "critical-path")
    choice = sheet.get_by_label("Dag run")
    before = sheet.locator(".path-head").inner_text()
    choice.focus()
    sheet.keyboard.press("ArrowDown")
    assert sheet.locator(".path-head").inner_text() != before


def test_runs_that_are_not_over_have_a_mark_of_their_own(see, tmp_path):
    fleet = wt.Fleet(dags=(dag("etl", task("load")), dag("bad", task("fail"))))
    fails = wt.Rule(tasks="bad.fail", outcome="fail", duration_s=60)
    result = simulated(fleet, (fails, *takes(etl__load=86400 * 3)), window="1d")
    file = tmp_path / "index.html"
    file.write_text(page(Subject(result, "run", (Deadline(of="etl", by=time(7)),))), "utf-8")
    sheet = see(file, "landings")
    key = sheet.locator("#view-landings .legend").inner_text()
    assert "did not land" in key
    assert "not over when the window ends, and late" in key
    row = sheet.locator("table.landings tr", has_text="etl")
    assert row.locator(".mark.open.late").count() == 1
    assert sheet.locator("table.landings tr", has_text="bad").locator(".mark.never").count() == 1
    assert sheet.locator("table.landings .mark.open").count() == 1
