"""The page, the terminal, the counters and the tables: all tell of the same limits."""

from __future__ import annotations

import json

import pytest

import windtunnel as wt
from windtunnel.model import ManualRun
from windtunnel.report import run_text
from windtunnel.report.exports import perfetto, table_files
from windtunnel.report.html import Subject
from windtunnel.report.html.limits import data


@pytest.fixture(scope="module")
def crowd():
    """Tasks in a pool on workers that are too few, in runs that wait for one another."""
    etl = wt.Dag(
        dag_id="etl",
        tasks=tuple(wt.Task(task_id=f"t{n}", pool="db") for n in range(3)),
        max_active_runs=1,
    )
    return wt.simulate(
        wt.Fleet(dags=(etl,)),
        cluster=wt.Cluster(
            workers=(wt.WorkerGroup(slots=2),), pools={"db": wt.Pool(slots=8)}, parallelism=9
        ),
        start="2026-03-01",
        window="20m",
        runs=[ManualRun(dag_id="etl"), ManualRun(dag_id="etl", at_s=1)],
    )


@pytest.fixture(scope="module")
def on_the_page(crowd):
    return {(one["limit"], one["size"]) for one in data(Subject(crowd, "", ()))["limits"]}


def test_the_page_knows_of_workers_and_runs_too(on_the_page):
    assert on_the_page == {
        ("parallelism", 9), ("pool db", 8), ("worker slots default", 2), ("max_active_runs etl", 1),
    }  # fmt: skip


def test_the_terminal_tells_the_same_limits(crowd, on_the_page):
    lines = run_text(crowd).splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("Slots in use"))
    rows = [line.split() for line in lines[first + 1 : lines.index("", first)]]
    assert {(" ".join(row[:-3]), int(row[-3])) for row in rows} == on_the_page


def test_perfetto_counts_the_same_limits(crowd, on_the_page):
    counted = {e["name"] for e in json.loads(perfetto(crowd))["traceEvents"] if e["ph"] == "C"}
    assert counted == {limit for limit, _ in on_the_page}


def test_the_table_of_slots_has_the_same_limits(crowd, on_the_page, tmp_path):
    feather = pytest.importorskip("pyarrow.feather")
    table_files(crowd, tmp_path, "arrow")
    rows = feather.read_table(str(tmp_path / "slots.arrow")).to_pylist()
    assert {(row["limit"], row["size"]) for row in rows} == on_the_page
