"""Critical path: what decided when a run landed, link after link, also through other DAGs."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, strategies

import windtunnel as wt
from effort import examples
from nights import START, dag, simulated, takes, task
from random_scenarios import random_scenario
from windtunnel.engine import simulate
from windtunnel.model import (
    ExternalTaskSensor,
    Scenario,
    SchedulerLoop,
    Sensor,
    TriggerDagRun,
)
from windtunnel.result.path import critical_path
from windtunnel.result.record import Record


def links(result: wt.Result, dag_id: str) -> list[tuple[str, str, float]]:
    """Of the first run of a DAG: who, what, how many seconds."""
    path = result.dag_runs(dag_id)[0].critical_path()
    return [(one.name, one.does, one.seconds) for one in path.links]


def is_whole(scenario: Scenario) -> None:
    """Every path goes from when its run was due to its end, without a gap."""
    trace = simulate(scenario)
    record = Record(scenario, trace)
    for run in record.runs:
        path = critical_path(record, run.index)
        end = trace.at(trace.end_us if run.ended_us is None else run.ended_us)
        start = max(path.due, scenario.start)
        if start < end:
            assert (path.links[0].since, path.links[-1].until) == (start, end)
        both = [*path.before, *path.links]
        for one, following in pairwise(both):
            assert one.until == following.since
        assert sum(one.seconds for one in path.links) == pytest.approx(
            max((end - start).total_seconds(), 0)
        )


@examples(60)
@given(strategies.integers(0, 10_000))
def test_links_follow_each_other_from_when_a_run_was_due_to_its_end(seed):
    is_whole(random_scenario(Random(seed)))


@examples(15)
@given(strategies.integers(0, 10_000))
def test_with_a_scheduler_that_takes_time_there_is_no_gap_either(seed):
    made = random_scenario(Random(seed))
    is_whole(
        made.model_copy(
            update={"cluster": made.cluster.model_copy(update={"loop": SchedulerLoop()})}
        )
    )


def test_a_sensor_leads_to_what_it_waited_for_in_another_dag():
    sensor = ExternalTaskSensor(external_dag_id="etl", external_task_ids=("load",))
    fleet = wt.Fleet(
        dags=(
            dag("etl", task("extract"), task("load", "extract"), task("late", "load")),
            dag("report", task("fast"), task("wait", "fast", kind=sensor), task("build", "wait")),
        )
    )
    result = simulated(fleet, takes(etl__extract=1800, etl__load=1830, etl__late=9000))
    assert links(result, "report") == [
        ("etl.extract", "ran", 1800.0),
        ("etl.load", "ran", 1830.0),
        ("report.wait", "poked for etl.load", 30.0),  # until its next poke
        ("report.build", "ran", 60.0),
    ]


@pytest.mark.parametrize("way", [{"mode": "reschedule"}, {"deferrable": True}])
def test_it_does_so_however_it_waits(way):
    sensor = ExternalTaskSensor(external_dag_id="etl", **way)
    fleet = wt.Fleet(dags=(dag("etl", task("load")), dag("report", task("wait", kind=sensor))))
    found = links(simulated(fleet, takes(etl__load=1830)), "report")
    assert found[0] == ("etl.load", "ran", 1830.0)
    assert {name for name, _, _ in found[1:]} <= {"report.wait"}


def test_what_was_there_before_the_sensor_began_is_not_on_the_path():
    sensor = ExternalTaskSensor(external_dag_id="etl")
    fleet = wt.Fleet(
        dags=(
            dag("etl", task("load")),
            dag("report", task("slow"), task("wait", "slow", kind=sensor)),
        )
    )
    names = [name for name, _, _ in links(simulated(fleet, takes(report__slow=600)), "report")]
    assert names == ["report.slow", "report.wait"]


def test_a_sensor_on_a_later_schedule_waits_for_that_to_be_due():
    sensor = ExternalTaskSensor(external_dag_id="etl", execution_delta_s=-3600.0)
    fleet = wt.Fleet(
        dags=(dag("etl", task("load"), at="0 3 * * *"), dag("report", task("wait", kind=sensor)))
    )
    assert links(simulated(fleet, takes(etl__load=600)), "report")[:2] == [
        ("etl", "was not due yet", 3600.0),
        ("etl.load", "ran", 600.0),
    ]


def test_a_trigger_that_waits_leads_through_its_run_and_back():
    trigger = TriggerDagRun(trigger_dag_id="sub", wait_for_completion=True)
    fleet = wt.Fleet(
        dags=(
            dag("main", task("first"), task("call", "first", kind=trigger)),
            dag("sub", task("work"), at=""),
        )
    )
    result = simulated(fleet, takes(sub__work=90))
    names = [(name, seconds) for name, _, seconds in links(result, "main")]
    assert names == [
        ("main.first", 60.0),
        ("main.call", 1.0),  # until it had triggered the run
        ("sub.work", 90.0),
        ("main.call", 30.0),  # until it looked again
    ]
    path = result.dag_run("sub").critical_path()
    assert [one.name for one in path.links] == ["sub.work"]
    before = [one.name for one in path.before]
    assert before == ["main.first", "main.call"], "what led to its being triggered"


def test_a_run_that_assets_started_says_who_updated_them():
    fleet = wt.Fleet(
        dags=(
            dag("etl", task("extract"), task("load", "extract", outlets=("x",))),
            dag("report", task("build"), at="", asset_condition="x"),
        )
    )
    path = simulated(fleet, takes(etl__load=600)).dag_run("report").critical_path()
    assert [one.name for one in path.before] == ["etl.extract", "etl.load"]
    assert [one.name for one in path.links] == ["report.build"]


def test_a_wait_for_a_pool_names_those_whose_slot_came_free():
    """Two slots' worth of work in a pool of one: one.a, one.b, then etl.load."""
    fleet = wt.Fleet(
        dags=(
            dag("etl", task("extract"), task("load", "extract", pool="db")),
            dag(
                "one",
                task("a", pool="db", priority_weight=9),
                task("b", pool="db", priority_weight=9),
            ),
        )
    )
    result = simulated(fleet, takes(one__a=600, one__b=900))
    path = result.dag_runs("etl")[0].critical_path()
    wait = path.links[1]
    assert (wait.limit, wait.seconds) == ("pool db", 1440.0)
    assert [(one.name, one.seconds) for one in wait.behind] == [("one.a", 540.0), ("one.b", 900.0)]
    assert wait.behind[-1].until == wait.until


def test_a_run_that_waited_for_the_run_before_says_which():
    etl = dag("etl", task("load"), at="0 * * * *", max_active_runs=1)
    result = simulated(wt.Fleet(dags=(etl,)), takes(etl__load=5400), window="6h")
    second = result.dag_runs("etl")[2]
    wait, ran = second.critical_path().links
    assert (wait.limit, ran.does) == ("max_active_runs", "ran")
    assert wait.behind[-1].run == result.dag_runs("etl")[1].run


def test_depends_on_past_leads_to_the_run_before():
    etl = dag("etl", task("load", depends_on_past=True), at="0 * * * *")
    result = simulated(wt.Fleet(dags=(etl,)), takes(etl__load=5400), window="6h")
    first, second = result.dag_runs("etl")[:2]
    path = second.critical_path().links
    assert [(one.run, one.seconds) for one in path] == [(first.run, 1800.0), (second.run, 5400.0)]
    assert second.course()[0].endswith(f"etl.load ({first.run}) ran")


def test_tries_and_the_time_between_them_are_links():
    fleet = wt.Fleet(dags=(dag("etl", task("load", retries=1, retry_delay_s=120.0)),))
    result = simulated(fleet, faults=["task fails: etl.load try 1"])
    assert [does.partition(":")[0] for _, does, _ in links(result, "etl")] == [
        "ran (try 1, failed",
        "waited for its retry (retry_delay)",
        "ran (try 2)",
    ]


def test_pokes_of_a_sensor_that_reschedules_are_one_link():
    fleet = wt.Fleet(dags=(dag("etl", task("wait", kind=Sensor(mode="reschedule"))),))
    rules = (wt.Rule(tasks="etl.wait", true_after_s=3600.0),)
    assert [does for _, does, _ in links(simulated(fleet, rules), "etl")] == ["poked"]


def test_what_waits_in_a_circle_has_a_path_with_an_end():
    """Each waits for the other; the path of one leads to the other and no further."""
    fleet = wt.Fleet(
        dags=(
            dag("a", task("wait", kind=ExternalTaskSensor(external_dag_id="b"))),
            dag("b", task("wait", kind=ExternalTaskSensor(external_dag_id="a"))),
        )
    )
    result = simulated(fleet)
    path = result.dag_runs("a")[0].critical_path()
    assert sum(one.seconds for one in path.links) == timedelta(hours=22).total_seconds()
    assert path.links[-1].until == START + timedelta(days=1)
