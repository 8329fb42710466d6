"""Warm-up: what is left out of a queue that begins empty, and that nothing is of a day."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from windtunnel.capacity.warm_up import is_steady, left_out
from windtunnel.model import (
    Arrivals,
    AssetUpdate,
    Behavior,
    Cron,
    Dag,
    Deadline,
    Fleet,
    ManualRun,
    Scenario,
    Slowdown,
    Task,
    TaskFails,
)


def scenario(**given: Any) -> Scenario:
    dags = (
        Dag(dag_id="a", tasks=(Task(task_id="t"),)),
        Dag(dag_id="b", tasks=(Task(task_id="t"),), schedule=given.pop("schedule", None)),
    )
    given = {"arrivals": (Arrivals(dag_id="a", per_hour=5),)} | given
    return Scenario(fleet=Fleet(dags=dags), start=datetime(2026, 3, 1, tzinfo=UTC), **given)


def test_half_of_what_could_count_is_left_out_whatever_was_simulated() -> None:
    steady = scenario(duration_s=7200.0)
    assert left_out(Deadline(of="a.*", queued_s=0), steady) == 0.5
    assert left_out(Deadline(of="a", within_s=3600), steady) == 0.25
    assert left_out(Deadline(of="a", within_s=9000), steady) == 0


def test_until_a_time_of_day_and_where_the_clock_brings_the_load_nothing_is_left_out() -> None:
    assert left_out(Deadline(of="a", by=time(7)), scenario()) == 0
    daily = scenario(schedule=Cron(expression="@daily"))
    assert left_out(Deadline(of="a.*", queued_s=60), daily) == 0


def test_a_load_that_only_arrives_is_steady() -> None:
    assert is_steady(scenario())


@pytest.mark.parametrize(
    "given",
    [
        {"arrivals": ()},
        {"arrivals": (Arrivals(dag_id="a", per_hour=(1.0,) * 24),)},
        {"arrivals": (Arrivals(dag_id="a", every_s=60, until_s=3600),)},
        {"schedule": Cron(expression="@daily")},
        {"manual_runs": (ManualRun(dag_id="b"),)},
        {"asset_updates": (AssetUpdate(asset="x"),)},
        {"faults": (TaskFails(tasks="a.t"),)},
        {"behavior": Behavior(slowdowns=(Slowdown(factor=2.0),))},
    ],
)
def test_what_the_clock_brings_makes_a_day(given) -> None:
    assert not is_steady(scenario(**given))
