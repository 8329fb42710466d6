"""Tasks that fail in the queue while the workers of their queue work on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import windtunnel as wt
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Fleet,
    LogNormal,
    Pool,
    Rule,
    Scenario,
    Task,
    TaskLostByExecutor,
    WorkerGroup,
    WorkersDrained,
)

HOUR = 3600.0
GPU = WorkerGroup(name="gpu", slots=1, queues=("gpu",))


def scenario(
    count: int = 4,
    *,
    faults: Any = (),
    pool: str = "default_pool",
    lasts: Any = HOUR,
    **cluster: Any,
) -> Scenario:
    tasks = tuple(
        Task(task_id=f"train_{n}", queue="gpu", pool=pool, retries=2, line=n) for n in range(count)
    )
    settings = {"workers": (GPU,), "pools": {"gpu": Pool(slots=1)}, **cluster}
    return Scenario(
        fleet=Fleet(dags=(Dag(dag_id="models", file="models.py", tasks=tasks),)),
        cluster=Cluster(**settings),
        behavior=Behavior(rules=(Rule(tasks="models.*", duration_s=lasts),)),
        start=datetime(2026, 3, 1, tzinfo=UTC),
        duration_s=12 * HOUR,
        manual_runs=({"dag_id": "models"},),
        faults=faults,
    )


def given_up(*arguments: Any, **settings: Any) -> list[wt.Finding]:
    result = wt.simulate(scenario(*arguments, **settings))
    return [finding for finding in result.findings if finding.code == "WT404"]


def test_who_is_queued_behind_long_work_is_told_with_who_works() -> None:
    (one,) = given_up()

    assert "models.train_1 and 2 more fail without having run" in one.summary
    assert "no worker of queue gpu was free for 36 minutes" in one.summary
    assert "task_queued_timeout 600 s, 3 times" in one.summary
    assert [party.name for party in one.holding] == ["models.train_0"]
    assert [party.name for party in one.waiting] == [f"models.train_{n}" for n in (1, 2, 3)]
    assert [limit.name for limit in one.limits] == ["worker slots gpu"]
    assert (one.file, one.line) == ("models.py", 1)


@pytest.mark.parametrize(
    "settings",
    [{"task_queued_timeout_s": 4 * HOUR}, {"workers": (GPU.model_copy(update={"slots": 4}),)}],
)
def test_patience_and_more_workers_cure_it(settings: dict[str, Any]) -> None:
    assert not given_up(**settings)


def test_in_a_pool_they_are_not_queued_and_wait() -> None:
    assert not given_up(pool="gpu")


@pytest.mark.parametrize("settings", [{"task_queued_timeout_s": HOUR, "count": 3}])
def test_who_gets_its_turn_in_time_is_not_told(settings: dict[str, Any]) -> None:
    assert not given_up(**settings)


def test_a_lost_message_and_workers_that_take_nothing_are_other_troubles() -> None:
    assert not given_up(1, faults=(TaskLostByExecutor(tasks="models.*"),))
    assert not given_up(1, faults=(WorkersDrained(),))


def test_lengths_count_as_they_are_drawn_and_not_all_at_their_longest() -> None:
    usual = scenario(3, lasts=LogNormal(median_s=300, sigma=0.5))
    assert not wt.check(usual, seeds=8).findings


def test_its_fixes_are_a_pool_more_workers_or_more_patience() -> None:
    (one,) = wt.check(scenario(), seeds=1).findings

    fixes = {fix.setting.partition(" of ")[0]: fix for fix in one.fixes}
    assert set(fixes) == {"pool", "worker slots", "task_queued_timeout"}
    assert fixes["pool"].note == "a new pool of 1 slot"
