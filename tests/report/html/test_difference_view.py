"""The difference of two settings in the report: what is later, what waits more, what is new."""

from __future__ import annotations

from pathlib import Path

import pytest

import windtunnel as wt
from nights import START, dag, takes, task
from windtunnel.comparison import Comparison, compare
from windtunnel.report.html import Subject, difference, page


@pytest.fixture(scope="module")
def told() -> Comparison:
    """With one slot less in pool db, report lands half an hour later."""
    fleet = wt.Fleet(
        dags=(dag("etl", task("load", pool="db")), dag("report", task("<build>", pool="db")))
    )
    behavior = wt.Behavior(rules=takes(etl__load=1800))
    before = wt.Scenario(
        fleet=fleet,
        cluster=wt.Cluster(pools={"db": wt.Pool(slots=2)}),
        behavior=behavior,
        start=START,
        duration_s=86400.0,
    )
    narrow = wt.Cluster(pools={"db": wt.Pool(slots=1)})
    after = before.model_copy(update={"cluster": narrow})
    return compare(before, after, seeds=1, profile="dev")


def test_only_a_comparison_has_its_view(told):
    assert difference.data(Subject(None, "windtunnel run")) is None
    found = difference.data(Subject(told, "windtunnel diff"))
    assert found is not None
    assert found["changes"] == ["pool db: slots 2 -> 1"]
    assert [run[0] for run in found["runs"]] == ["report"]
    assert found["runs"][0][7] == 1800.0
    assert found["waits"] == [["pool db", 0.0, 1800.0, "pool"]]


def test_it_reads_from_the_worst_on(see, told, tmp_path: Path):
    file = tmp_path / "index.html"
    file.write_text(page(Subject(told, "windtunnel diff")), "utf-8")
    sheet = see(file)
    table = sheet.get_by_role("table", name="Dag runs that end otherwise")
    row = table.locator("tbody tr").first.inner_text()
    assert "report" in row
    assert "+30m" in row
    tasks = sheet.get_by_role("table", name="Task instances that go otherwise")
    assert "report.<build>" in tasks.inner_text()
    assert "pool db 0s → 30m" in tasks.inner_text()


@pytest.mark.parametrize("moved_to", ["10 2 * * *", "50 1 * * *"], ids=["later", "earlier"])
def test_a_moved_schedule_is_compared_on_the_clock_everywhere(moved_to, see, tmp_path: Path):
    before = wt.Scenario(fleet=wt.Fleet(dags=(dag("etl", task("load")),)), start=START)
    fleet = wt.Fleet(dags=(dag("etl", task("load"), at=moved_to),))
    change = compare(before, before.model_copy(update={"fleet": fleet}), seeds=1, profile="dev")
    found = difference.data(Subject(change, "windtunnel diff"))
    assert found is not None
    for *_, was, now, later, was_due in found["runs"]:
        assert now - was == later
        assert min(was, now) >= 0
        assert was_due == "02:00:00"

    file = tmp_path / "index.html"
    file.write_text(page(Subject(change, "windtunnel diff")), "utf-8")
    row = see(file).get_by_role("table", name="Dag runs that end otherwise").locator("tbody tr")
    sign, dot = ("▲", "now worse") if moved_to.startswith("10 2") else ("▼", "now better")
    assert sign in row.first.inner_text()
    assert "10m" in row.first.inner_text()
    assert row.first.locator("circle.now").get_attribute("class") == dot
