"""A project with DAGs, for pytest to run in."""

from __future__ import annotations

from importlib import import_module

import pytest

# A session in this process begins with the modules that there are: let it not import all of ours.
for module in ("fixture", "items", "session", "summary"):
    import_module(f"pytest_windtunnel.{module}")

DAG = """\
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("etl", schedule="0 2 * * *", start_date=datetime(2026, 1, 1), catchup=False):
    BashOperator(task_id="load", bash_command="true") >> BashOperator(
        task_id="save", bash_command="true", pool="db"
    )
"""

NESTED = """\
from airflow import DAG
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.operators.bash import BashOperator

for name in "ab":
    with DAG(name, schedule=None):
        TriggerDagRunOperator(task_id="call", trigger_dag_id="child", wait_for_completion=True)
with DAG("child", schedule=None):
    BashOperator(task_id="work", bash_command="true")
"""


@pytest.fixture
def nested() -> str:
    """A DAG file whose DAGs come to a deadlock on two worker slots."""
    return NESTED


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with ``dags/etl.py``, whose second task uses the pool that ``cluster.toml`` has."""
    pytester.mkdir("dags").joinpath("etl.py").write_text(DAG)
    pytester.path.joinpath("cluster.toml").write_text("[pools.db]\nslots = 3\n")
    return pytester


LEFT_OUT = ("randomly", "hypothesispytest", "benchmark", "inline_snapshot")


@pytest.fixture(autouse=True)
def _as_on_a_terminal(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CI server pytest repeats whole messages in its short summary, and a search is longer;
    terminals are 80 columns wide, and tests come in their order. Plugins that have no part in this
    cost time in each session."""
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-p no:{name}" for name in LEFT_OUT))
