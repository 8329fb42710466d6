"""Differences of two simulations: what lands later, waits more, ends otherwise, is found."""

from __future__ import annotations

import dataclasses

import pytest

import windtunnel as wt
from nights import START, simulated

ETL = "scheduled@2026-03-01T02:00:00+00:00"


@pytest.fixture(scope="module")
def calm(nightly):
    return simulated(nightly)


def test_what_lands_later_and_what_it_waits_for(calm, night):
    assert (
        str(calm.diff(night))
        == """\
Dag runs
  etl scheduled@2026-03-01T02:00:00+00:00: ends 1h 29m later (02:03:00 ->
      03:32:00)
  report scheduled@2026-03-01T02:00:00+00:00: ends 1h 29m later (02:01:00 ->
      03:30:00)
Task instances
  etl.load of scheduled@2026-03-01T02:00:00+00:00: waits 1h 29m more for pool db
      (0s -> 1h 29m)
  report.build of scheduled@2026-03-01T02:00:00+00:00: runs 1h 29m longer"""
    )


def test_the_other_way_round_it_is_earlier_and_less(calm, night):
    text = " ".join(str(wt.diff(night, calm)).split())
    assert "ends 1h 29m earlier (03:32:00 -> 02:03:00)" in text
    assert "waits 1h 29m less for pool db (1h 29m -> 0s)" in text


def test_a_changed_state_is_told_with_its_tries(calm, failed):
    told = str(calm.diff(failed))
    assert f"  etl {ETL}: success -> failed" in told
    assert f"  etl.load of {ETL}: success -> failed" in told
    assert told.count("etl.publish") == 1, "that it did not run is told by its state"
    assert repr(calm.diff(failed)) == "<Difference: 1 dag run otherwise, 2 task instances>"
    assert f"  etl.publish of {ETL}: success -> upstream_failed" in told


def test_nothing_is_no_difference(calm, nightly):
    same = calm.diff(simulated(nightly))
    assert not same
    assert (str(same), repr(same)) == ("No difference.", "<Difference: none>")


def test_a_task_that_is_only_moved_is_none(calm, night):
    assert {task.name for task in calm.diff(night).tasks} == {"etl.load", "report.build"}


def test_findings_come_and_go(calm, nightly):
    other = wt.Cluster(pools={"other": wt.Pool(slots=1)})
    after = wt.simulate(nightly, cluster=other, start=START, window="1d")
    assert [one.code for one in calm.diff(after).new] == ["WT110", "WT110"]
    assert [one.code for one in after.diff(calm).gone] == ["WT110", "WT110"]
    assert "  new   WT110 Task can never be queued (dag=etl)" in str(calm.diff(after))
    assert not after.diff(after)


def test_many_runs_of_a_dag_are_told_in_one_line(nightly):
    one, other = (
        simulated(nightly, window="4d", rules=(wt.Rule(tasks="report.build", duration_s=s),))
        for s in (60.0, 120.0)
    )
    text = str(one.diff(other))
    assert len(text.splitlines()) <= 10
    text = " ".join(text.split())
    assert " report: 4 runs end later; most: scheduled@2026-03-01T02:00:00+00:00, ends 1m " in text
    assert " report.build: 4 run longer; most: runs 1m longer" in text
    assert " etl.load: 4 wait more for pool db; most: waits 1m more for pool db (0s -> 1m)" in text


def test_runs_that_are_there_in_one_only(nightly):
    one, other = (simulated(nightly, window=window) for window in ("1d", "2d"))
    assert "  etl scheduled@2026-03-02T02:00:00+00:00: new, success" in str(one.diff(other))
    assert "gone, was success" in str(other.diff(one))


def test_triggered_runs_are_paired_by_their_place():
    dag = wt.Dag(dag_id="etl", tasks=(wt.Task(task_id="load"),))
    one, other = (
        wt.simulate(
            wt.Fleet(dags=(dag,)),
            runs=[wt.ManualRun(dag_id="etl", at_s=at_s)],
            start=START,
            window="1h",
        )
        for at_s in (0.0, 600.0)
    )
    assert one.dag_run("etl").run != other.dag_run("etl").run
    assert not one.diff(other), "it takes as long, from when it was due"


def test_it_is_data_too(calm, night):
    changed = calm.diff(night)
    assert [run.later_s for run in changed.later] == [5340.0, 5340.0]
    assert changed.tasks[0].waits == (("pool db", 0.0, 5340.0),)
    assert dataclasses.asdict(changed)["runs"][0]["dag_id"] == "etl"
    assert repr(changed) == "<Difference: 2 dag runs later, 2 task instances>"


def test_reports_are_compared_by_their_findings_and_first_simulations(nightly):
    reports = [
        wt.check(nightly, cluster=wt.Cluster(pools=pools), start=START, window="1d", seeds=0)
        for pools in ({"db": wt.Pool(slots=2)}, {"other": wt.Pool(slots=1)})
    ]
    assert {one.code for one in wt.diff(*reports).new} == {"WT110"}


def test_of_many_changes_the_largest_are_told():
    names = [f"d{number:02}" for number in range(30)]
    dags = [wt.Dag(dag_id=name, tasks=(wt.Task(task_id="t"),)) for name in names]
    rules = [
        [wt.Rule(tasks=f"{name}.t", duration_s=60.0 + more * number) for number, name in
         enumerate(names)]
        for more in (0, 60)
    ]  # fmt: skip
    one, other = (
        simulated(wt.Fleet(dags=tuple(dags)), rules=tuple(said), runs=names) for said in rules
    )
    text = str(one.diff(other))
    assert text.splitlines()[1].startswith("  d29 manual__")
    assert "  ... and 9 more" in text
    assert len(text.splitlines()) < 100
    assert len(one.diff(other).runs) == 29
