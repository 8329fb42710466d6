"""Warm-up: what is left out of a queue that begins empty, and that nothing is of a day."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from capacity.closed_form.fleets import UNLIMITED, exponential
from capacity.closed_form.fleets import queue as queue_of
from windtunnel.capacity.days.warm_up import WarmUp, is_steady, warm_up
from windtunnel.model import (
    Arrivals,
    AssetUpdate,
    Behavior,
    Cluster,
    Cron,
    Dag,
    Deadline,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    SchedulerLoop,
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


def queue(load: float, slots: int = 1, **given: Any) -> Scenario:
    """Tasks of a minute, on average, in a window of two hours."""
    return queue_of(exponential(60.0), load, slots, 60.0).model_copy(
        update={"duration_s": 7200.0} | given
    )


QUEUED = (Deadline(of="d.*", queued_s=60.0),)


def test_a_busier_queue_remembers_longer_that_it_began_empty() -> None:
    quiet, busy = warm_up(queue(0.5), QUEUED), warm_up(queue(0.9), QUEUED)
    assert quiet.is_settled
    assert busy.is_settled
    # The slowest part of a queue with one slot fades with 1 / (1 - sqrt(load))² service times.
    assert busy.seconds > 380 * 60.0
    assert quiet.seconds < busy.seconds


def test_nothing_is_as_short_again_where_more_arrives_than_ends() -> None:
    found = warm_up(queue(1.2), QUEUED)
    assert not found.is_settled
    assert found.seconds == 7200.0


def test_with_another_window_it_is_about_as_long() -> None:
    short, long = (warm_up(queue(0.8, duration_s=hours * 3600.0), QUEUED) for hours in (1, 48))
    assert long.seconds / 8 <= short.seconds <= long.seconds * 8
    assert long.seconds < 24 * 3600.0


def test_a_window_of_many_tasks_is_looked_at_long_enough_all_the_same(monkeypatch) -> None:
    monkeypatch.setattr("windtunnel.capacity.days.warm_up.MOST_TRIES", 100)
    assert warm_up(queue(0.8, duration_s=100 * 3600.0), QUEUED).is_settled
    assert not warm_up(queue(0.8), QUEUED).is_settled


def test_a_scheduler_whose_loops_come_at_other_times_in_each_simulation_is_no_memory() -> None:
    slow = Cluster(parallelism=2, loop=SchedulerLoop(duration_s=0.7, per_task_s=0.1))
    found = warm_up(queue(0.6, 2, cluster=slow), QUEUED)
    assert found.is_settled
    assert found.seconds < 6 * 3600.0


def test_one_dag_that_is_stuck_in_its_pool_is_not_hidden_by_all_others() -> None:
    tasks = {"many": Task(task_id="t"), "few": Task(task_id="t", pool="one")}
    dags = tuple(
        Dag(dag_id=name, tasks=(task,), max_active_runs=UNLIMITED, max_active_tasks=UNLIMITED)
        for name, task in tasks.items()
    )
    rules = (Rule(tasks="many.*", duration_s=60.0), Rule(tasks="few.*", duration_s=exponential(60)))
    arrivals = (Arrivals(dag_id="many", per_hour=150), Arrivals(dag_id="few", per_hour=75))
    both = Scenario(
        fleet=Fleet(dags=dags),
        cluster=Cluster(parallelism=1000, pools={"one": Pool(slots=1)}),
        behavior=Behavior(rules=rules),
        start=datetime(2026, 3, 1, tzinfo=UTC),
        duration_s=7200.0,
        arrivals=arrivals,
    )
    assert not warm_up(both, QUEUED).is_settled
    quiet = both.model_copy(update={"arrivals": arrivals[:1]})
    assert warm_up(quiet, QUEUED).is_settled


def test_of_the_same_scenario_it_is_the_same_and_its_luck_is_not_that_of_the_days() -> None:
    assert warm_up(queue(0.7), QUEUED) == warm_up(queue(0.7), QUEUED)
    other = warm_up(queue(0.7, seed=1), QUEUED)
    assert other.seconds / 4 <= warm_up(queue(0.7), QUEUED).seconds <= other.seconds * 4


def test_until_a_time_of_day_and_where_the_clock_brings_the_load_nothing_is_left_out() -> None:
    assert warm_up(scenario(), (Deadline(of="a", by=time(7)),)) == WarmUp(0.0)
    daily = scenario(schedule=Cron(expression="@daily"))
    assert warm_up(daily, (Deadline(of="a.*", queued_s=60),)) == WarmUp(0.0)


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
