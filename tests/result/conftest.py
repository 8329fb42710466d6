"""A night in which one slot of a pool is short, and one in which a task fails."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import windtunnel as wt
from nights import simulated
from windtunnel.model import Cron

TWO = {"schedule": Cron(expression="0 2 * * *"), "start_date": datetime(2026, 1, 1, tzinfo=UTC)}


@pytest.fixture(scope="package")
def nightly() -> wt.Fleet:
    """etl: extract, then load in the pool ``db`` and publish; report: build, in the same pool."""
    etl = wt.Dag(
        dag_id="etl",
        tasks=(
            wt.Task(task_id="extract"),
            wt.Task(task_id="load", upstream=("extract",), pool="db", retries=1),
            wt.Task(task_id="publish", upstream=("load",)),
        ),
        **TWO,
    )
    report = wt.Dag(dag_id="report", tasks=(wt.Task(task_id="build", pool="db"),), **TWO)
    return wt.Fleet(dags=(report, etl))


@pytest.fixture(scope="package")
def night(nightly: wt.Fleet) -> wt.Result:
    """report.build has the only slot of ``db`` for 90 minutes."""
    return simulated(nightly, rules=(wt.Rule(tasks="report.build", duration_s=5400.0),))


@pytest.fixture(scope="package")
def failed(nightly: wt.Fleet) -> wt.Result:
    """etl.load fails in both of its tries."""
    return simulated(nightly, faults=["task fails: etl.load raising ValueError"])
