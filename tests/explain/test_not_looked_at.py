"""A task that is ready, in a pool with room, and that the scheduler does not come to look at."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel import api
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    SchedulerLoop,
    Task,
)

LOOP = SchedulerLoop(duration_s=5, per_run_s=0, per_task_s=0, idle_sleep_s=0, hand_over_s=0)


def many(dag_id: str, count: int, **options) -> Dag:
    tasks = tuple(Task(task_id=f"t{i}", **options) for i in range(count))
    return Dag(dag_id=dag_id, tasks=tasks, max_active_tasks=100)


def behind_a_herd(**settings) -> api.Result:
    """60 heavy tasks for four slots, of which every loop finds two open, and a light one for a pool
    that is idle."""
    rules = (
        Rule(tasks="heavy.t[01]", duration_s=8),
        Rule(tasks="*", duration_s=3),
    )
    scenario = Scenario(
        fleet=Fleet(
            dags=(many("heavy", 60, pool="busy", priority_weight=2), many("light", 1, pool="idle"))
        ),
        cluster=Cluster(
            profile="airflow-2.11",
            loop=LOOP,
            pools={"busy": Pool(slots=4), "idle": Pool(slots=8)},
            **{"parallelism": 200, "max_tis_per_query": 6, **settings},
        ),
        behavior=Behavior(rules=rules),
        start=datetime(2026, 3, 1, tzinfo=UTC),
        duration_s=1800,
        manual_runs=(ManualRun(dag_id="heavy"), ManualRun(dag_id="light", at_s=8)),
    )
    return api.simulate(scenario)


def longest(result: api.Result, task: str) -> str:
    """The limit that kept it waiting most."""
    waited: dict[str, float] = {}
    for wait in result.task(task).waited_on:
        waited[wait.limit] = waited.get(wait.limit, 0) + wait.seconds
    return max(waited, key=lambda limit: waited[limit])


@pytest.mark.parametrize(
    ("settings", "limit"),
    [
        ({}, "max_tis_per_query"),
        ({"max_tis_per_query": 0, "parallelism": 12}, "parallelism"),
        ({"max_tis_per_query": 0, "default_pool_slots": 0}, "open pool slots"),
    ],
)
def test_what_says_how_many_are_looked_at_is_what_it_waits_for(settings, limit) -> None:
    result = behind_a_herd(**settings)
    assert longest(result, "light.t0") == limit
    assert longest(result, "heavy.t59") in ("pool busy", "scheduler")


def test_where_the_look_goes_further_nobody_waits_for_it() -> None:
    result = behind_a_herd(max_tis_per_query=100)
    limits = {wait.limit for task in result.tasks() for wait in task.waited_on}
    assert not limits & {"max_tis_per_query", "open pool slots"}


def test_explain_says_how_far_it_would_have_to_look() -> None:
    told = behind_a_herd().explain("light.t0")
    (stretch,) = [one for one in told.stretches if one.limit == "max_tis_per_query"]
    assert stretch.why.startswith("the scheduler to look at it: each time 6 others came first")
    (enough,) = told.enough
    assert (enough.setting, enough.before) == ("max_tis_per_query", "6")
    assert 6 < int(enough.after) < 60
