"""Two scenarios, before and after a change: what is new is new, and what decides it is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

import windtunnel as wt
from windtunnel import api
from windtunnel.comparison import compare
from windtunnel.loaders import parse_setting, with_setting
from windtunnel.model import ExternalTaskSensor
from windtunnel.model.schedule import Cron

START = datetime(2026, 3, 1, tzinfo=UTC)


def nightly(dag_id: str, *tasks: wt.Task, at: str = "0 2 * * *", **more) -> wt.Dag:
    return wt.Dag(dag_id=dag_id, tasks=tasks, schedule=Cron(expression=at), catchup=False, **more)


def waits_for(dag_id: str) -> wt.Task:
    return wt.Task(task_id="wait", kind=ExternalTaskSensor(external_dag_id=dag_id), pool="db")


def circle(slots: int, profile: str = "airflow-3.3") -> wt.Scenario:
    """A sensor and what it waits for, in one pool: with one slot, whoever comes first decides."""
    dags = (
        nightly("etl", wt.Task(task_id="load", pool="db")),
        nightly("mart", waits_for("etl")),
    )
    cluster = wt.Cluster(profile=profile, pools={"db": wt.Pool(slots=slots)})
    return wt.Scenario(fleet=wt.Fleet(dags=dags), cluster=cluster, start=START)


def test_a_smaller_pool_brings_a_deadlock_that_replays(tmp_path):
    told = compare(circle(2), circle(1), seeds=20, store=tmp_path)

    assert [one.code for one in told.difference.new] == ["WT101"]
    assert not told.difference.gone
    (new,) = told.difference.new
    assert wt.replay(new.counterexample, store=tmp_path).findings[0].code == "WT101"
    assert [(one.subject, one.field) for one in told.changes] == [("pool db", "slots")]


def test_a_larger_one_cures_it():
    told = compare(circle(1), circle(2), seeds=20)

    assert [one.code for one in told.difference.gone] == ["WT101"]
    assert not told.difference.new
    assert told.difference.gone[0].counterexample is None, "there is no store to replay it from"


def test_what_the_search_missed_before_is_not_called_new():
    # One simulation of the first goes well; that the second is searched longer is no change.
    lucky, same = circle(1), circle(1)
    found = compare(lucky, same, seeds=20)

    assert found.before.findings
    assert not found.difference


def test_what_only_one_search_came_across_is_tried_on_the_other(monkeypatch):
    whole = api.check

    def blind(scenario, **more):
        report = whole(scenario, **more)
        seen = () if scenario.name == "blind" else report.findings
        return replace(report, findings=seen)

    monkeypatch.setattr(api, "check", blind)
    before = circle(1).model_copy(update={"name": "blind"})

    assert not compare(before, circle(1), seeds=20).difference.new
    two = circle(2).model_copy(update={"name": "blind"})
    assert [one.code for one in compare(two, circle(1), seeds=20).difference.new] == ["WT101"]


def test_both_have_the_window_and_the_seed_of_the_first():
    other = circle(2).model_copy(update={"duration_s": 10.0, "seed": 5})
    told = compare(circle(2), other, seeds=1)

    assert not told.difference
    assert (told.after.scenario.duration_s, told.after.scenario.seed) == (86400.0, 0)


@pytest.mark.parametrize(("max_active_tasks", "decides"), [(1, True), (16, False)])
def test_the_rules_of_a_release_that_decide_something_are_named(max_active_tasks, decides):
    tasks = tuple(wt.Task(task_id=f"load_{n}") for n in range(2))
    dag = nightly("etl", *tasks, at="*/5 * * * *", max_active_tasks=max_active_tasks)
    rule = wt.Rule(duration_s=600.0)
    scenario = wt.Scenario(
        fleet=wt.Fleet(dags=(dag,)),
        behavior=wt.Behavior(rules=(rule,)),
        start=START,
        duration_s=3600.0,
        cluster=wt.Cluster(profile="airflow-2.11"),
    )
    after = scenario.model_copy(update={"cluster": wt.Cluster(profile="airflow-3.3")})
    told = compare(scenario, after, seeds=1)

    assert told.deciding is not None
    assert told.deciding.tried == told.deciding.changed
    names = {one.rule.name: one.dags for one in told.deciding.decided}
    assert ("max_active_tasks_per" in names) is decides
    assert all(dags == ("etl",) for dags in names.values())


def test_one_release_has_no_rules_that_differ():
    assert compare(circle(2), circle(2), seeds=1).deciding is None


def test_a_moved_schedule_is_later_and_no_other_run():
    one = circle(2)
    dags = tuple(
        dag.model_copy(update={"schedule": Cron(expression="30 3 * * *")}) for dag in one.fleet.dags
    )
    moved = one.model_copy(update={"fleet": wt.Fleet(dags=dags)})
    told = compare(one, moved, seeds=1)

    assert {run.later_s for run in told.difference.runs} == {5400.0}
    assert all(run.due_before is not None for run in told.difference.runs)
    assert told.later_s == 5400.0


def test_changed_settings_are_named_as_check_varies_them():
    after = with_setting(circle(2), parse_setting("pool db=3").name, 3)
    (change,) = compare(circle(2), after, seeds=1).changes

    assert (change.subject, change.before, change.after) == ("pool db", 2, 3)


def test_dags_and_tasks_that_come_and_go_are_told():
    one = circle(2)
    dags = (nightly("etl", wt.Task(task_id="load", pool="db"), wt.Task(task_id="save")),)
    told = compare(one, one.model_copy(update={"fleet": wt.Fleet(dags=dags)}), seeds=1)

    said = {(c.subject, c.field, c.before, c.after) for c in told.changes}
    assert said == {("etl.save", "", None, "there"), ("mart", "", "there", None)}
    assert {(run.dag_id, run.state_after) for run in told.difference.runs} == {("mart", None)}


def other_dates(at: str = "30 1 * * *", profile: str = "airflow-3.3") -> wt.Scenario:
    """A sensor that looks for dates that the other DAG doesn't have, and one race for a slot."""
    dags = (nightly("etl", wt.Task(task_id="load")), nightly("mart", waits_for("etl"), at=at))
    cluster = wt.Cluster(profile=profile, pools={"db": wt.Pool(slots=1)})
    return wt.Scenario(fleet=wt.Fleet(dags=dags), cluster=cluster, start=START)


@pytest.mark.parametrize(
    "after",
    [other_dates("40 1 * * *"), other_dates("45 3 * * *"), other_dates(profile="airflow-2.11")],
    ids=["ten minutes later", "after the other", "another release"],
)
def test_what_was_wrong_before_is_not_new_on_other_dates(after):
    told = compare(other_dates(), after, seeds=3)

    assert [one.code for one in told.before.findings] == ["WT113"]
    assert told.before.findings[0].summary != told.after.findings[0].summary
    assert not told.difference.new
    assert not told.difference.gone


def test_a_race_that_one_search_came_across_is_tried_on_other_dates(monkeypatch):
    whole = api.check

    def blind(scenario, **more):
        report = whole(scenario, **more)
        return replace(report, findings=() if scenario.name == "blind" else report.findings)

    monkeypatch.setattr(api, "check", blind)
    one = circle(1)
    dags = tuple(
        dag.model_copy(update={"schedule": Cron(expression="10 2 * * *")}) for dag in one.fleet.dags
    )
    moved = one.model_copy(update={"fleet": wt.Fleet(dags=dags), "name": "blind"})
    told = compare(moved, one, seeds=20)

    assert told.after.findings
    assert not told.difference.new
