"""DAGs that start each other: a candidate for runs without end, certain only where each waits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel.lint import find_feedback
from windtunnel.model import (
    Branch,
    Dag,
    Fleet,
    OtherSchedule,
    Scenario,
    Task,
    TriggerDagRun,
)
from windtunnel.model.schedule import Assets


def feedback(*dags: Dag):
    return find_feedback(Scenario(fleet=Fleet(dags=dags), start=datetime(2026, 3, 1, tzinfo=UTC)))


def calls(dag_id: str, target: str, *before: Task, **options) -> Dag:
    up = tuple(task.task_id for task in before)
    call = Task(task_id="call", upstream=up, kind=TriggerDagRun(trigger_dag_id=target, **options))
    return Dag(dag_id=dag_id, tasks=(*before, call))


def updates(dag_id: str, outlet: str, waits_for) -> Dag:
    schedule = OtherSchedule(description="assets", timetable="assets")
    tasks = (Task(task_id="t", outlets=(outlet,)),)
    return Dag(dag_id=dag_id, tasks=tasks, schedule=schedule, asset_condition=waits_for)


def test_triggers_in_a_circle_bring_runs_without_end() -> None:
    (finding,) = feedback(calls("a", "b"), calls("b", "a"))
    assert (finding.code, finding.certain) == ("WT401", False)
    assert finding.summary == (
        "a.call triggers b; b.call triggers a: each run brings another one, without end."
    )
    assert finding.cycle == ("a", "b", "a")


def test_where_each_waits_none_ever_ends() -> None:
    (finding,) = feedback(calls("a", "a", wait_for_completion=True))
    assert finding.certain
    assert finding.title == "DAG that starts itself"
    assert "none of them ends" in finding.summary


def test_a_branch_before_the_trigger_may_end_it() -> None:
    choose = Task(task_id="choose", kind=Branch())
    (finding,) = feedback(calls("a", "a", choose, wait_for_completion=True))
    assert not finding.certain
    assert "unless the branch before it ends that" in finding.summary


def test_assets_in_a_circle() -> None:
    (finding,) = feedback(updates("a", "x", "y"), updates("b", "y", "x"))
    assert "a.t updates x, which starts b; b.t updates y, which starts a" in finding.summary


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Assets(type="any", of=("x", "z")), True),
        (Assets(type="all", of=("x", "z")), False),
        (Assets(type="all", of=("x",)), True),
    ],
)
def test_an_asset_that_somebody_else_must_update_ends_it(condition, said) -> None:
    assert bool(feedback(updates("a", "x", "y"), updates("b", "y", condition))) is said


@pytest.mark.parametrize(
    "dags",
    [
        (calls("a", "b"), calls("b", "c"), calls("c", "elsewhere")),
        (calls("a", "b", trigger_run_id="{{ run_id }}"), calls("b", "a")),
        (calls("a", "b", logical_date="{{ ds }}"), calls("b", "a")),
        (calls("a", "b"), calls("b", "a").model_copy(update={"is_paused": True})),
    ],
    ids=["a chain", "an id that comes round", "a date that comes round", "paused"],
)
def test_near_misses_are_no_finding(dags) -> None:
    assert not feedback(*dags)
