"""Names are enough to know that a sensor waits for what is not there."""

from __future__ import annotations

import pytest

from windtunnel.model import DagPaused, Task, TaskGroup, TriggerDagRun


def test_a_task_that_the_dag_does_not_have_is_told_with_the_nearest_one(found, scheduled, sensor):
    mart = scheduled("mart", "@daily", sensor(external_task_ids=("lod",)))
    etl = scheduled("etl", "@daily", Task(task_id="load"))
    (finding,) = found(mart, etl)
    assert finding.code == "WT112"
    assert "DAG etl has no task 'lod' (did you mean 'load'?)" in finding.summary
    assert (finding.file, finding.line) == ("mart.py", 7)


def test_a_task_that_a_helper_makes_which_is_not_here_is_only_perhaps_missing(
    found, scheduled, sensor
):
    mart = scheduled("mart", "@daily", sensor(external_task_ids=("lod",)))
    etl = scheduled("etl", "@daily", Task(task_id="load"), unknown_calls=("company.tasks.query",))
    (finding,) = found(mart, etl)
    assert not finding.certain
    assert "unless company.tasks.query(), which isn't installed here, makes it" in finding.summary


def test_a_task_group_that_the_dag_does_not_have(found, scheduled, sensor):
    mart = scheduled("mart", "@daily", sensor(external_task_group_id="loads"))
    tasks = (Task(task_id="load.t", group="load"),)
    etl = scheduled("etl", "@daily", *tasks, groups=(TaskGroup(group_id="load"),))
    (finding,) = found(mart, etl)
    assert "DAG etl has no task group 'loads' (did you mean 'load'?)" in finding.summary


@pytest.mark.parametrize(
    ("expand", "said"), [((3,), True), ((1,), False), ((2, 2), True), (("up",), False)]
)
def test_a_mapped_task_is_expected_once(found, scheduled, sensor, expand, said):
    mart = scheduled("mart", "@daily", sensor(external_task_ids=("load",)))
    etl = scheduled("etl", "@daily", Task(task_id="up"), Task(task_id="load", expand=expand))
    assert bool(found(mart, etl)) is said


def test_a_dag_that_is_paused_keeps_its_sensor_waiting(found, scheduled, sensor):
    mart, etl = scheduled("mart", "@daily", sensor()), scheduled("etl", "@daily", is_paused=True)
    (finding,) = found(mart, etl)
    assert finding.code == "WT114"
    assert "Unpause etl first" in finding.summary
    assert not found(mart.model_copy(update={"is_paused": True}), etl)
    assert not found(mart, etl, faults=(DagPaused(dags="etl", for_s=60),))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"wait_for_completion": True}, True),
        ({}, False),
        ({"wait_for_completion": True, "fail_when_dag_is_paused": True}, False),
    ],
)
def test_a_trigger_waits_for_a_paused_dag_for_ever(found, scheduled, options, said):
    call = Task(task_id="call", kind=TriggerDagRun(trigger_dag_id="etl", **options))
    paused = scheduled("etl", None, is_paused=True)
    assert bool(found(scheduled("mart", "@daily", call), paused)) is said


def test_what_is_there_is_no_finding(found, scheduled, sensor):
    mart = scheduled("mart", "@daily", sensor(external_task_ids=("load",)))
    assert not found(mart, scheduled("etl", "@daily", Task(task_id="load")))
