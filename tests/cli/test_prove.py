"""`windtunnel prove`: verdicts, exit codes, scripts; and the lines of it in a check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("z3")

ETL = """
from datetime import datetime, timedelta
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

START = datetime(2026, 1, 1)
with DAG("etl", schedule="@daily", start_date=START, catchup=False):
    BashOperator(task_id="load", bash_command="true")
for n in range(2):
    with DAG(f"mart{n}", schedule="@daily", start_date=START, catchup=False):
        ExternalTaskSensor(task_id="wait", external_dag_id="etl", external_task_id="load")
"""


def project(folder: Path, slots: int) -> Path:
    (folder / "dags").mkdir()
    (folder / "dags" / "etl.py").write_text(ETL)
    (folder / "cluster.toml").write_text(f"default_pool_slots = {slots}\n")
    (folder / "scenario.toml").write_text(
        'dags = "dags"\ncluster = "cluster.toml"\nstart = 2026-03-01T00:00:00Z\nduration = "20h"\n'
    )
    return folder


def test_what_is_proved_says_what_it_rests_on_and_exits_with_0(cli, tmp_path: Path) -> None:
    said = cli("prove", project(tmp_path, 9), "--scripts", tmp_path / "proofs")
    out = said.out
    assert said.code == 0
    assert "Proved to have no deadlock, whatever takes how long (3 of 3 DAGs):" in out
    assert "3 proved, 0 may be stuck, 0 not covered." in out
    assert "(check-sat-assuming" in (tmp_path / "proofs" / "mart0.smt2").read_text()


def test_what_may_be_stuck_is_named_and_exits_with_1(cli, tmp_path: Path) -> None:
    said = cli("prove", project(tmp_path, 2))
    out = said.out
    assert said.code == 1
    assert "May be stuck, as far as is known (3 of 3 DAGs):" in out
    assert "mart0.wait (run 1) waits with its slots" in out
    assert "etl.load (run 1) ready, and some limit is full" in out


def test_the_json_form_has_verdicts_and_reasons(cli, tmp_path: Path) -> None:
    fault = "worker lost: 1 of 4 at +10m"
    target = project(tmp_path, 9)
    said = cli("prove", target, "--format", "json")
    dags = {one["dag_id"]: one for one in json.loads(said.out)["dags"]}
    assert said.code == 0
    assert dags["mart0"]["verdict"] == "proved"
    assert len(dags["mart0"]["sha256"]) == 64
    (target / "cluster.toml").write_text("[[workers]]\ncount = 4\n")
    said = cli("prove", target, "--fault", fault, "--format", "json")
    dags = {one["dag_id"]: one for one in json.loads(said.out)["dags"]}
    assert dags["etl"]["verdict"] == "not covered"
    assert dags["etl"]["why"] == ["what the fault worker_lost does is not covered"]
    assert said.code == 0
    assert cli("prove", target, "--fault", fault, "--strict").code == 1


def test_a_check_says_what_is_proved_and_what_was_only_searched(cli, tmp_path: Path) -> None:
    target = project(tmp_path, 2)
    said = " ".join(cli("check", target, "--simulations", "3").out.split())
    assert "Searched for deadlocks, which could not be excluded: etl, mart0, mart1." in said
    (target / "cluster.toml").write_text("default_pool_slots = 9\n")
    said = " ".join(cli("check", target, "--simulations", "3").out.split())
    assert "Proved, whatever takes how long, to have no deadlock: etl, mart0, mart1." in said


def test_without_a_solver_it_is_said_how_to_get_one(cli, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("windtunnel.search.proofs.has_solver", lambda: False)
    target = project(tmp_path, 9)
    said = cli("prove", target)
    assert said.code == 0
    assert "z3 is not installed: pip install 'windtunnel[prove]'" in " ".join(said.out.split())
    checked = " ".join(cli("check", target, "--simulations", "3").out.split())
    assert "pip install 'windtunnel[prove]'" in checked
