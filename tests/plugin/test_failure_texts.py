"""What people read when a check fails: each text whole, as it stands in the terminal."""

from __future__ import annotations

import re

import pytest
from syrupy.assertion import SnapshotAssertion

MISSING_POOL = """\
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("etl", schedule=None):
    BashOperator(task_id="load", bash_command="true", pool="wharehouse")
with DAG("mart", schedule=None, is_paused_upon_creation=True):
    BashOperator(task_id="build", bash_command="true")
"""
WAITS = """\
from datetime import datetime

from airflow import DAG
from airflow.sensors.external_task import ExternalTaskSensor

start = datetime(2026, 1, 1)
with DAG("report", schedule="0 6 * * *", start_date=start, catchup=False):
    ExternalTaskSensor(task_id="orders", external_dag_id="etl", external_task_id="lod")
    ExternalTaskSensor(task_id="stock", external_dag_id="etl", external_task_id="load")
"""
ETL = """\
from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("etl", schedule="0 2 * * *", start_date=datetime(2026, 1, 1), catchup=False):
    BashOperator(task_id="load", bash_command="true")
"""
LATE = """\
from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator

start = datetime(2026, 1, 1)
with DAG("hourly", schedule="@hourly", start_date=start, catchup=False, max_active_runs=1):
    BashOperator(
        task_id="load", bash_command="true", retries=3, retry_delay=timedelta(minutes=30)
    )
"""
CYCLE = """\
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("loop", schedule=None):
    first = BashOperator(task_id="first", bash_command="true")
    second = BashOperator(task_id="second", bash_command="true")
    first >> second >> first
"""
IMPORT = """\
import nowhere_to_be_found
from airflow import DAG
"""

OF_THIS_MACHINE = ("platform", "plugins", "benchmark:", "cachedir", "hypothesis", "rootdir")


def shown(pytester: pytest.Pytester, files: dict[str, str], *options: str) -> str:
    """What a session prints from its header on, without times and versions, and without how many
    simulations it took: that is how hard a search works, which others hold."""
    dags = pytester.mkdir("dags")
    for name, text in files.items():
        dags.joinpath(name).write_text(text)
    pytester.makeini("[pytest]\nwindtunnel_dags = dags\nwindtunnel_cluster = cluster.toml\n")
    if not pytester.path.joinpath("cluster.toml").exists():
        slots = 2 if "nested.py" in files else 32
        pytester.path.joinpath("cluster.toml").write_text(f"[[workers]]\nslots = {slots}\n")
    lines = pytester.runpytest("-rfEsx", *options).outlines
    kept = [
        line
        for line in lines
        if not line.startswith(("platform", "plugins", "benchmark:", "cachedir"))
    ]
    text = "\n".join(line for line in kept if not line.startswith(("hypothesis", "rootdir")))
    text = text.replace(str(pytester.path), "ROOT")
    text = re.sub(r"\b\d+ simulations\b", "some simulations", text)
    return re.sub(r"in \d+\.\d+s", "in 0.00s", text)


def test_a_deadlock_of_several_dags(
    pytester: pytest.Pytester, nested: str, snapshot: SnapshotAssertion
) -> None:
    assert shown(pytester, {"nested.py": nested}) == snapshot


def test_a_pool_that_is_not_there_beside_a_dag_that_is_paused(
    pytester: pytest.Pytester, snapshot: SnapshotAssertion
) -> None:
    assert shown(pytester, {"etl.py": MISSING_POOL}) == snapshot


def test_two_findings_of_one_dag(pytester: pytest.Pytester, snapshot: SnapshotAssertion) -> None:
    assert shown(pytester, {"etl.py": ETL, "report.py": WAITS}) == snapshot


def test_files_that_do_not_load(pytester: pytest.Pytester, snapshot: SnapshotAssertion) -> None:
    syntax = "from airflow import DAG\ndef f(:\n"
    files = {"cycle.py": CYCLE, "etl.py": ETL, "import.py": IMPORT, "syntax.py": syntax}
    files["twice.py"] = ETL
    assert shown(pytester, files) == snapshot


def test_what_is_accepted(pytester: pytest.Pytester, snapshot: SnapshotAssertion) -> None:
    pytester.makepyprojecttoml(
        '[tool.windtunnel.accept]\nreport = { WT112 = "renamed next week" }\n"*" = ["WT113"]\n'
    )
    assert shown(pytester, {"etl.py": ETL, "report.py": WAITS}) == snapshot


def test_what_could_happen_with_what_was_covered(
    pytester: pytest.Pytester, snapshot: SnapshotAssertion
) -> None:
    assert shown(pytester, {"hourly.py": LATE}, "-v") == snapshot


def test_findings_in_short_lines(
    pytester: pytest.Pytester, nested: str, snapshot: SnapshotAssertion
) -> None:
    files = {"etl.py": ETL, "nested.py": nested, "pool.py": MISSING_POOL.replace('"etl"', '"one"')}
    assert shown(pytester, files, "--tb=line", "-q") == snapshot


def test_an_empty_folder(pytester: pytest.Pytester, snapshot: SnapshotAssertion) -> None:
    assert shown(pytester, {}) == snapshot


def test_a_cluster_file_with_a_mistake(
    pytester: pytest.Pytester, snapshot: SnapshotAssertion
) -> None:
    pytester.path.joinpath("cluster.toml").write_text("[[worker]]\nslots = 2\n")
    assert shown(pytester, {"etl.py": ETL}) == snapshot


def test_a_mistake_of_ours(
    pytester: pytest.Pytester, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("nobody thought of this")

    monkeypatch.setattr("windtunnel.check", broken, raising=False)
    text = shown(pytester, {"etl.py": ETL}, "-k", "etl and WT1 or fleet and WT1")
    assert re.sub(r"\.py:\d+, ", ".py:0, ", text) == snapshot
