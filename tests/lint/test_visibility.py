"""Work that may outlast the broker's patience is told by what is known, not by a guess."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from windtunnel.lint import find_outlived_messages
from windtunnel.model import (
    Behavior,
    CelerySettings,
    Cluster,
    Dag,
    Deferrable,
    ExternalTaskSensor,
    Fleet,
    Gamma,
    LogNormal,
    Rule,
    Scenario,
    Sensor,
    Slowdown,
    Step,
    Task,
    TriggerDagRun,
    Uniform,
    Weibull,
)

HOUR = 3600.0


PLAIN = Task(task_id="t")


def found(task: Task, rule: dict | None = None, *, celery: dict | None = None, **more):
    """Of a DAG ``etl`` with this task, on Celery with a visibility_timeout of an hour."""
    executor = more.pop("executor", "CeleryExecutor")
    settings = CelerySettings(**{"visibility_timeout_s": HOUR, **(celery or {})})
    rules = () if rule is None else (Rule(tasks="etl.t", **rule),)
    return find_outlived_messages(
        Scenario(
            fleet=Fleet(dags=(Dag(dag_id="etl", tasks=(task,)),)),
            cluster=Cluster(executor=executor, celery=settings),
            behavior=Behavior(rules=rules, **more),
            start=datetime(2026, 3, 1, tzinfo=UTC),
        )
    )


@pytest.mark.parametrize(
    ("rule", "certain"),
    [
        ({"duration_s": 2 * HOUR}, True),
        ({"duration_s": Uniform(low=60, high=2 * HOUR)}, False),
        ({"duration_s": LogNormal(median_s=60, sigma=1)}, False),
        ({"duration_s": (60.0, 2 * HOUR)}, False),
        ({"steps": (Step(work_s=0.6 * HOUR), Step(work_s=0.6 * HOUR))}, True),
        ({"steps": (Step(done_if="x"), Step(work_s=2 * HOUR))}, False),
    ],
    ids=["always", "within bounds", "no bound", "second try", "steps", "steps that end early"],
)
def test_what_the_behavior_says(rule, certain) -> None:
    (finding,) = found(PLAIN, rule)
    assert (finding.code, finding.certain) == ("WT121", certain)
    assert "etl.t" in finding.summary


def test_an_execution_timeout_allows_it() -> None:
    (finding,) = found(Task(task_id="t", execution_timeout_s=2 * HOUR))
    assert not finding.certain
    assert "(1 h; t: up to 2 h, says its execution_timeout)" in finding.summary


@pytest.mark.parametrize(
    "kind",
    [Sensor(timeout_s=2 * HOUR), ExternalTaskSensor(external_dag_id="x", timeout_s=2 * HOUR)],
)
def test_a_sensor_that_pokes_stays_until_the_timeout_that_somebody_chose(kind) -> None:
    assert found(Task(task_id="t", kind=kind))
    assert not found(Task(task_id="t", kind=kind.model_copy(update={"mode": "reschedule"})))
    assert not found(Task(task_id="t", kind=kind.model_copy(update={"deferrable": True})))
    default = type(kind).model_fields["timeout_s"].default
    assert not found(Task(task_id="t", kind=kind.model_copy(update={"timeout_s": default})))


@pytest.mark.parametrize(
    "drawn",
    [
        LogNormal(median_s=HOUR / 4, sigma=0.3),
        Weibull(scale_s=HOUR / 3.5, shape=2),
        Gamma(mean_s=HOUR / 3.5, shape=9),
    ],
)
def test_what_is_drawn_without_a_bound_is_taken_for_what_is_all_but_impossible(drawn) -> None:
    (finding,) = found(PLAIN, {"duration_s": drawn})
    assert not finding.certain
    assert re.search(r"\(1 h; t: up to \d+ min, says its behavior\)", finding.summary)


LONG = {"duration_s": 2 * HOUR}


@pytest.mark.parametrize(
    ("task", "rule", "options"),
    [
        (PLAIN, None, {}),
        (PLAIN, {"duration_s": HOUR}, {}),
        (PLAIN, {"duration_s": LogNormal(median_s=HOUR / 5, sigma=0.3)}, {}),
        (PLAIN, {"duration_s": Weibull(scale_s=HOUR / 5, shape=2)}, {}),
        (PLAIN, {"duration_s": Gamma(mean_s=HOUR / 5, shape=9)}, {}),
        (Task(task_id="t", execution_timeout_s=HOUR), LONG, {}),
        (PLAIN, LONG, {"executor": "LocalExecutor"}),
        (PLAIN, LONG, {"executor": None}),
        (PLAIN, LONG, {"celery": {"task_acks_late": False}}),
        (PLAIN, LONG, {"celery": {"visibility_timeout_s": None}}),
        (Task(task_id="t", kind=TriggerDagRun(trigger_dag_id="x")), None, {}),
        (Task(task_id="t", kind=Deferrable()), {"steps": (Step(defer_s=2 * HOUR),)}, {}),
    ],
    ids=[
        "unknown", "just", "rare", "rarer", "rarest", "cut", "local", "unsaid", "early", "rabbit",
        "trigger", "deferred",
    ],
)  # fmt: skip
def test_near_misses_are_no_finding(task, rule, options) -> None:
    assert not found(task, rule, **options)


def test_what_may_slow_down_has_no_bound() -> None:
    (finding,) = found(PLAIN, {"duration_s": 60.0}, slowdowns=(Slowdown(factor=100.0),))
    assert "behavior sets no bound to it" in finding.summary
