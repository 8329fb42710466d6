"""Landing times: shares of runs, and deadlines from wherever they are said."""

from __future__ import annotations

from datetime import time

import pytest

import windtunnel as wt
from nights import dag, simulated, takes, task
from windtunnel.model import Every
from windtunnel.model.question import Deadline
from windtunnel.result.landings import landing_times


def of(result: wt.Result, *deadlines: Deadline):
    return landing_times(result.dag_runs(), result.scenario, deadlines)


@pytest.fixture(scope="module")
def nightly_etl() -> wt.Result:
    """Five runs of etl, ten minutes each; the fourth fails, and the last goes on at the end."""
    etl = dag("etl", task("load"), at="").model_copy(
        update={"schedule": Every(seconds=3600), "catchup": False}
    )
    rules = (wt.Rule(tasks="etl.load", duration_s=600.0),)
    faults = ["task fails: etl.load at +2h30m for 1h"]
    return simulated(wt.Fleet(dags=(etl,)), rules, faults=faults, window="4h5m")


def test_a_run_that_failed_never_lands_and_one_that_goes_on_is_not_counted(nightly_etl):
    (etl,) = of(nightly_etl)
    assert [one.state for one in etl.runs] == ["success"] * 3 + ["failed", "running"]
    assert [one.is_open for one in etl.runs] == [False] * 4 + [True]
    assert etl.share_s(0.5) == 600.0
    assert etl.share_s(0.95) is None, "one of four did not land at all"
    assert etl.worst is not None
    assert etl.worst.state == "failed"
    assert (etl.name, etl.deadline, etl.late) == ("etl", "", 0)


def test_a_deadline_of_a_question_is_held_against_each_run(nightly_etl):
    within = Deadline(of="etl", within_s=599.0)
    (etl,) = of(nightly_etl, within, Deadline(of="etl", queued_s=0.0), Deadline(of="x", within_s=1))
    assert (etl.deadline, etl.source) == ("within 9m 59s", "question")
    assert [one.late for one in etl.runs] == [True] * 4 + [False], "the last may still be in time"
    assert etl.runs[0].allowed_s == 599.0
    by = of(nightly_etl, Deadline(of="etl", by=time(2, 15)))[0]
    assert (by.deadline, by.late) == ("by 02:15", 1), "the run that fails at three is the only one"


def test_a_deadline_of_a_task_is_one_beside_the_dag():
    etl = dag("etl", task("extract"), task("load", "extract"))
    result = simulated(wt.Fleet(dags=(etl,)), takes(etl__extract=60, etl__load=600))
    whole, extract = of(result, Deadline(of="etl.extract", within_s=120))
    assert (whole.name, whole.deadline, whole.share_s(1.0)) == ("etl", "", 660.0)
    assert (extract.name, extract.late, extract.share_s(1.0)) == ("etl.extract", 0, 60.0)


@pytest.mark.parametrize(("release", "found"), [("airflow-2.11", 1), ("airflow-3.3", 0)])
def test_an_sla_counts_in_airflow_2_only(release, found):
    etl = dag("etl", task("load", sla_s=300.0))
    cluster = wt.Cluster(profile=release)
    result = wt.simulate(
        wt.Fleet(dags=(etl,)),
        cluster=cluster,
        behavior=wt.Behavior(rules=takes(etl__load=600)),
        start="2026-03-01",
        window="1d",
    )
    slas = [one for one in of(result) if one.source == "sla"]
    assert [(one.name, one.deadline, one.late) for one in slas] == [
        ("etl.load", "within 5m", 1)
    ] * found
