"""A check of somebody's own DAG files ends with patches that can be applied."""

from __future__ import annotations

import re
import subprocess

from windtunnel import loaders
from windtunnel.cli.commands import check
from windtunnel.cli.terminal import Terminal
from windtunnel.target import Asked

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


def test_the_patch_that_is_named_cures_it(tmp_path, monkeypatch, capsys):
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "etl.py").write_text(DAGS)
    (tmp_path / "scenario.toml").write_text(SCENARIO + CLUSTER)
    monkeypatch.chdir(tmp_path)
    store = tmp_path / ".windtunnel"

    def checked() -> int:
        return check(".", Asked(), Terminal(), simulations=4, store=store, json=False)

    assert checked() == 1
    said = " ".join(capsys.readouterr().out.split())
    (patch,) = re.findall(r"git apply (\S+-deferrable\.patch)", said)
    subprocess.run(["git", "apply", patch], check=True)
    assert "deferrable=True" in (tmp_path / "dags" / "etl.py").read_text()
    assert loaders.load("dags", airflow="stand-in").fleet.dag("parent").task("call").kind.deferrable
    assert checked() == 0
    assert not list((store / "patches").iterdir()), "they are gone with the counterexample"
