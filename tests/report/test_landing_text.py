"""Landing times as text: who missed a deadline, and what decided the latest landing."""

from __future__ import annotations

import json
from datetime import time

import windtunnel as wt
from nights import dag, simulated, takes, task
from windtunnel.model import Deadline, ExternalTaskSensor
from windtunnel.report import run_json, run_text
from windtunnel.report.landing_text import landing_lines


def late() -> wt.Result:
    """report waits for etl.load, which waits for the slot that another has."""
    sensor = ExternalTaskSensor(external_dag_id="etl", external_task_ids=("load",))
    fleet = wt.Fleet(
        dags=(
            dag("etl", task("extract"), task("load", "extract", pool="db")),
            dag("other", task("first", pool="db", priority_weight=9)),
            dag("report", task("wait", kind=sensor), task("build", "wait")),
        )
    )
    return simulated(fleet, takes(other__first=1800, etl__load=600, report__build=300))


def test_deadlines_and_the_path_of_the_latest_run(snapshot):
    deadlines = (Deadline(of="report", by=time(2, 30)), Deadline(of="etl", within_s=7200.0))
    blocks = landing_lines(late(), deadlines)
    text = "\n\n".join("\n".join(block) for block in blocks)
    assert text == snapshot
    assert max(map(len, text.splitlines())) <= 80
    assert text in run_text(late(), deadlines=deadlines)


def test_what_only_ran_needs_no_path_and_no_deadline_no_table():
    plain = simulated(wt.Fleet(dags=(dag("etl", task("load")),)))
    assert landing_lines(plain) == [[], []]
    assert "Latest" not in run_text(plain)


def test_nothing_ran_nothing_landed():
    assert landing_lines(wt.simulate(wt.Fleet(), window="1h")) == [[], []]


def test_programs_get_the_same():
    told = json.loads(run_json(late(), deadlines=(Deadline(of="report", by=time(2, 30)),)))
    rows = {one["name"]: one for one in told["landings"]}
    assert (rows["report"]["deadline"], rows["report"]["late"]) == ("by 02:30", 1)
    assert rows["etl"]["worst_s"] == 2400.0
    latest = told["latest"]
    assert (latest["dag_id"], latest["late"]) == ("report", True)
    assert sum(link["seconds"] for link in latest["critical_path"]) == rows["report"]["worst_s"]
    assert [link["limit"] for link in latest["critical_path"]][:3] == [None, "pool db", None]
