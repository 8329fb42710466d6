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
