"""Sensors that wait for each other are told without a simulation, and only where it is certain."""

from __future__ import annotations

import pytest

import windtunnel as wt
from windtunnel.model import (
    Branch,
    Dag,
    ExternalTaskSensor,
    Task,
    TaskGroup,
    TriggerRule,
)

HOUR = 3600.0


def looking(target: str, task_id: str | None = None, name: str = "wait", **options) -> Task:
    of_task = {k: options.pop(k) for k in list(options) if k in Task.model_fields}
    ids = () if task_id is None else (task_id,)
    kind = ExternalTaskSensor(external_dag_id=target, external_task_ids=ids, **options)
    return Task(task_id=name, kind=kind, **of_task)


def then(*upstream: str, name: str = "load", **options) -> Task:
    return Task(task_id=name, upstream=upstream, **options)


@pytest.fixture
def circles(found):
    """``circles(*dags)``: what is found of this code."""

    def circles(*dags: Dag, **more):
        return [one for one in found(*dags, **more) if one.code == "WT117"]

    return circles


def test_two_dags_that_wait_for_each_others_tasks(circles, scheduled):
    a = scheduled("a", "@daily", looking("b", "load"), then("wait"))
    b = scheduled("b", "@daily", looking("a", "load"), then("wait"))
    (finding,) = circles(a, b)
    assert finding.certain
    assert finding.cycle == ("a.wait", "b.wait", "a.wait")
    assert "a.wait waits for b.load, which comes after b.wait" in finding.summary
    assert "until its timeout (7 days), with its slots" in finding.summary


def test_it_is_what_a_simulation_shows(scheduled):
    a = scheduled("a", "@daily", looking("b", "load"), then("wait"))
    b = scheduled("b", "@daily", looking("a", "load"), then("wait"))
    result = wt.simulate(wt.Fleet(dags=(a, b)), start="2026-03-01", window="3d")
    assert {task.state for task in result.tasks("a.wait")} <= {"running"}
    assert {"WT101", "WT117"} <= {one.code for one in result.findings}


def test_whole_runs_and_three_dags(circles, scheduled):
    dags = [scheduled(x, "@daily", looking(y), then("wait")) for x, y in ("ab", "bc", "ca")]
    (finding,) = circles(*dags)
    assert finding.cycle == ("a.wait", "b.wait", "c.wait", "a.wait")
    assert "waits for the run of b, which ends after b.wait" in finding.summary


def test_a_sensor_on_a_later_task_of_its_own_dag(circles, scheduled):
    (finding,) = circles(scheduled("a", "@daily", looking("a", "load"), then("wait")))
    assert finding.title == "Sensor that waits for itself"


def test_a_group_is_over_only_after_the_sensor_in_it(circles, scheduled):
    kind = ExternalTaskSensor(external_dag_id="b", external_task_group_id="all")
    a = scheduled("a", "@daily", Task(task_id="wait", kind=kind), then("wait"))
    groups = (TaskGroup(group_id="all"), TaskGroup(group_id="inner", parent="all"))
    b = scheduled("b", "@daily", looking("a", "load", group="inner"), groups=groups)
    assert circles(a, b)


@pytest.mark.parametrize("other", [-HOUR, HOUR])
def test_dates_that_lead_back_to_the_same_run_or_a_later_one(circles, scheduled, other):
    """b at one o'clock, a at two: each looks at the other one of the same night."""
    a = scheduled("a", "0 2 * * *", looking("b", execution_delta_s=HOUR))
    b = scheduled("b", "0 1 * * *", looking("a", execution_delta_s=other))
    assert bool(circles(a, b)) is (other < 0)


@pytest.mark.parametrize(
    "b",
    [
        (looking("a", "load"), then(name="load")),
        (looking("a", "load", execution_delta_s=24 * HOUR), then("wait")),
        (looking("a", "load", allowed_states=("success", "skipped")), then("wait")),
        (looking("a", "load", execution_date_fn=True), then("wait")),
        (looking("a", "load"), then("wait", trigger_rule=TriggerRule.ONE_SUCCESS)),
        (looking("a", "load"), then("wait", trigger_rule=TriggerRule.ALL_DONE)),
        (looking("a", "early"), then("wait")),
    ],
    ids=["beside", "yesterday", "skipped will do", "a function", "one of", "done", "before"],
)
def test_near_misses_are_no_circle(circles, scheduled, b):
    a = scheduled(
        "a", "@daily", then(name="early"), looking("b", "load", upstream=("early",)), then("wait")
    )
    assert not circles(a, scheduled("b", "@daily", *b))


def test_a_run_that_may_end_without_its_sensor_is_not_waited_for_in_vain(circles, scheduled):
    branch = Task(task_id="choose", kind=Branch())
    b = scheduled("b", "@daily", branch, looking("a", upstream=("choose",)))
    a = scheduled("a", "@daily", looking("b"))
    assert not circles(a, b)
    assert circles(
        a, scheduled("b", "@daily", then(name="choose"), looking("a", upstream=("choose",)))
    )


def test_a_paused_dag_has_no_runs_that_wait(circles, scheduled):
    a = scheduled("a", "@daily", looking("b"))
    assert not circles(a, scheduled("b", "@daily", looking("a"), is_paused=True))
    assert not circles(a, scheduled("b", "@daily", then()))


def test_fleets_of_many_sensors_are_looked_through_quickly(circles, scheduled):
    chain = [scheduled(f"d{i}", "@daily", looking(f"d{i + 1}"), then("wait")) for i in range(300)]
    assert not circles(*chain, scheduled("d300", "@daily", then()))
