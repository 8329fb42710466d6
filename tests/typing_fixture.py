"""Tests as users write them with the fixture: they must type-check."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import windtunnel as wt
from pytest_windtunnel import Windtunnel, windtunnel_scenarios
from windtunnel.strategies import fail, lose_worker


@pytest.mark.windtunnel(dags="dags/", window="1d")
def a_night(windtunnel: Windtunnel) -> None:
    cluster: wt.Cluster = windtunnel.cluster("cluster.toml", pools={"db": 3})
    slow: wt.Behavior = windtunnel.behavior({"etl.load": "20m", "report.*": {"fail_share": 0.1}})
    run: wt.Result = windtunnel.run(
        cluster=cluster,
        behavior=slow,
        faults=[windtunnel.fail("etl.load", tries=1), windtunnel.lose_worker(at="+10m")],
        runs="etl",
        window="2d",
    )
    assert run.task("load").waited_for("pool db") < timedelta(minutes=5)
    assert run.dag_run("etl").landed_before("06:00")
    assert not windtunnel.run(faults=windtunnel.exhaust("db", at="02:00")).findings
    report: wt.Report = windtunnel.check(seeds=4, vary="pool db=1..3")
    change: wt.Difference = wt.diff(run, report)
    text: str = windtunnel.explain("etl.load", of=run) + run.schedule(to="5m") + str(change)
    assert text


@given(
    windtunnel_scenarios(
        "dags/",
        faults=[
            fail("etl.load", tries=1),
            lose_worker(at=("+0m", "+4h")),
            lose_worker(st.integers(1, 2)),
            wt.stop_scheduler(for_="5m"),
            "database down: for 5m",
        ],
    )
)
def any_night(windtunnel: Windtunnel, scenario: wt.Scenario) -> None:
    assert windtunnel.run(scenario).task("load").state == "success"
