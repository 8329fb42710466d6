"""A check of somebody's own DAG files ends with patches that can be applied."""

from __future__ import annotations

import re
import subprocess

from windtunnel import loaders

DAGS = """\
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator

with DAG("parent", schedule="@hourly", start_date=datetime(2026, 1, 1)):
    TriggerDagRunOperator(task_id="call", trigger_dag_id="child", wait_for_completion=True)

with DAG("child", schedule=None):
    BashOperator(task_id="run", bash_command="true")
"""
SCENARIO = 'dags = "dags"\nstart = 2026-03-01T00:00:00Z\nduration = "3h"\n'
CLUSTER = "[cluster]\ndefault_pool_slots = 1\n"


def test_the_patch_that_is_named_cures_it(cli, tmp_path):
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "etl.py").write_text(DAGS)
    (tmp_path / "scenario.toml").write_text(SCENARIO + CLUSTER)

    first = cli("check", ".", "--simulations", 5)
    assert first.code == 1
    said = " ".join(first.out.split())
    (patch,) = re.findall(r"git apply (\S+-deferrable\.patch)", said)
    subprocess.run(["git", "apply", patch], cwd=tmp_path, check=True)
    assert "deferrable=True" in (tmp_path / "dags" / "etl.py").read_text()
    assert loaders.load("dags", airflow="stand-in").fleet.dag("parent").task("call").kind.deferrable
    assert cli("check", ".", "--simulations", 5).code == 0
    assert not list((tmp_path / ".windtunnel" / "patches").iterdir()), (
        "they are gone with the counterexample"
    )
