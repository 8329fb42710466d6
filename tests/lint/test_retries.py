"""Retries that keep the next run waiting, counted without what Airflow may add to spread them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel.lint import find_long_retries
from windtunnel.model import (
    Behavior,
    Cluster,
    Cron,
    Dag,
    Every,
    Fleet,
    Rule,
    Scenario,
    Sensor,
    Task,
)

HOUR = 3600.0


def found(task: dict, rule: dict | None = None, **dag):
    given = {"schedule": Cron(expression="@hourly"), "max_active_runs": 1, **dag}
    tasks = (Task(task_id="load", **task),)
    return find_long_retries(
        Scenario(
            fleet=Fleet(dags=(Dag(dag_id="etl", tasks=tasks, **given),)),
            cluster=Cluster(),
            behavior=Behavior(rules=() if rule is None else (Rule(**rule),)),
            start=datetime(2026, 3, 1, tzinfo=UTC),
        )
    )


def test_delays_alone_may_be_longer_than_the_interval() -> None:
    (finding,) = found({"retries": 3, "retry_delay_s": 1800})
    assert (finding.code, finding.certain, finding.line) == ("WT501", False, None)
    assert "it takes 1.5 h: 3 retries, 30 min apart" in finding.summary
    assert "etl runs every 1 h with max_active_runs=1" in finding.summary
    assert "the next run starts 30 min late" in finding.summary


def test_work_counts_as_far_as_it_is_known() -> None:
    task = {"retries": 1, "retry_delay_s": 600}
    (finding,) = found(task, {"duration_s": 1600})
    assert "2 tries of 1600 s or more" in finding.summary
    assert not found(task, {"duration_s": 1500})
    assert not found(task), "nobody said how long it takes"


@pytest.mark.parametrize(
    ("retries", "most", "said"), [(4, None, True), (3, None, False), (4, 900.0, False)]
)
def test_backoff_grows_up_to_its_bound(retries, most, said) -> None:
    """5, 10, 20 and 40 minutes."""
    task = {
        "retries": retries,
        "retry_delay_s": 300,
        "retry_exponential_backoff": 2,
        "max_retry_delay_s": most,
    }
    assert bool(found(task)) is said


def test_a_past_that_must_be_over_waits_as_well() -> None:
    task = {"retries": 3, "retry_delay_s": 1800, "depends_on_past": True}
    (finding,) = found(task, max_active_runs=16)
    assert "and load depends on its past" in finding.summary


@pytest.mark.parametrize(
    ("task", "dag"),
    [
        ({"retries": 3, "retry_delay_s": 1800}, {"max_active_runs": 16}),
        ({"retries": 2, "retry_delay_s": 1800}, {}),
        ({"retries": 0, "retry_delay_s": 9000}, {}),
        ({"retries": 3, "retry_delay_s": 1800}, {"schedule": Every(seconds=2 * HOUR)}),
        ({"retries": 3, "retry_delay_s": 1800}, {"schedule": None}),
        ({"retries": 3, "retry_delay_s": 1800}, {"dagrun_timeout_s": HOUR}),
        ({"retries": 3, "retry_delay_s": 1800}, {"is_paused": True}),
        ({"retries": 3, "retry_delay_s": 1800, "kind": Sensor()}, {}),
    ],
    ids=["side by side", "just", "none", "rare", "by hand", "ends by force", "paused", "sensor"],
)
def test_near_misses_are_no_finding(task, dag) -> None:
    assert not found(task, **dag)


def test_a_cron_is_as_close_as_its_closest_runs() -> None:
    task = {"retries": 3, "retry_delay_s": 1800}
    assert found(task, schedule=Cron(expression="0 8,9 * * 1"))
    assert not found(task, schedule=Cron(expression="0 8,10 * * 1"))
    daily = Cron(expression="0 2 * * *", timezone="Europe/Berlin")
    day = {"retries": 1, "retry_delay_s": 23.5 * HOUR}
    assert not found(day, schedule=daily), "one short day a year is no reason"
