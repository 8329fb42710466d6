"""Occupancy, checked against fleets whose use of every limit can be counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from windtunnel.capacity import Occupancy, occupancy
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Deferrable,
    Empty,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    Task,
    WorkerGroup,
)

STEPS = ((0, 2), (20_000_000, 1), (60_000_000, 0))


@pytest.fixture
def use():
    """``use(tasks, rules, until, **cluster)``: occupancy by limit of one run of these tasks."""

    def use(tasks, *, rules=(), until=100, **cluster) -> dict[str, Occupancy]:
        scenario = Scenario(
            fleet=Fleet(dags=(Dag(dag_id="d", tasks=tuple(tasks)),)),
            cluster=Cluster(**cluster),
            behavior=Behavior(rules=tuple(rules)),
            start=datetime(2026, 3, 1, tzinfo=UTC),
            duration_s=until,
            manual_runs=(ManualRun(dag_id="d"),),
        )
        return {found.limit: found for found in occupancy(scenario, simulate(scenario))}

    return use


def lasts(task_id, seconds):
    return Rule(tasks=f"d.{task_id}", duration_s=seconds)


def test_peak_and_mean_of_two_tasks_side_by_side(use):
    """20 s and 60 s of 100 s: two at once for 20 s, one for 40 s more."""
    found = use([Task(task_id="a"), Task(task_id="b")], rules=[lasts("a", 20), lasts("b", 60)])
    assert found["parallelism"] == Occupancy("parallelism", 32, 2, 0.8, STEPS)
    assert found["pool default_pool"] == Occupancy("pool default_pool", 128, 2, 0.8, STEPS)


def test_a_handover_at_one_instant_is_no_peak(use):
    tasks = [Task(task_id="a"), Task(task_id="b", upstream=("a",))]
    found = use(tasks, rules=[lasts("a", 50), lasts("b", 50)])
    assert (found["parallelism"].peak, found["parallelism"].mean) == (1, 1.0)


def test_pool_slots_count_in_the_pool_and_once_in_parallelism(use):
    found = use(
        [Task(task_id="a", pool="db", pool_slots=3)],
        rules=[lasts("a", 50)],
        pools={"db": Pool(slots=4)},
    )
    assert replace(found["pool db"], steps=()) == Occupancy("pool db", 4, 3, 1.5)
    assert found["parallelism"].peak == 1


def test_tasks_that_are_queued_for_a_worker_count_as_airflow_counts_them(use):
    found = use(
        [Task(task_id="a"), Task(task_id="b")],
        rules=[lasts("a", 50), lasts("b", 50)],
        workers=(WorkerGroup(slots=1),),
    )
    assert (found["parallelism"].peak, found["parallelism"].mean) == (2, 1.5)


@pytest.mark.parametrize(("counted", "mean"), [(True, 0.9), (False, 0.2)])
def test_deferred_tasks_count_only_in_a_pool_that_includes_them(use, counted, mean):
    """10 s on the worker, 70 s in the triggerer, 10 s on the worker again."""
    rule = Rule(tasks="d.a", duration_s=10, fire_after_s=70, resume_duration_s=10)
    found = use(
        [Task(task_id="a", kind=Deferrable(), pool="db")],
        rules=[rule],
        pools={"db": Pool(slots=2, include_deferred=counted)},
    )
    assert found["pool db"].mean == pytest.approx(mean)
    assert found["parallelism"].mean == pytest.approx(0.2)


def test_a_task_cut_off_by_the_window_counts_until_then(use):
    found = use([Task(task_id="a")], rules=[lasts("a", 5000)])
    assert (found["parallelism"].peak, found["parallelism"].mean) == (1, 1.0)


def test_a_full_pool_is_full_all_the_time(use):
    tasks = [Task(task_id=f"t{i}", pool="db") for i in range(10)]
    found = use(tasks, rules=[lasts("*", 20)], pools={"db": Pool(slots=2)})
    assert replace(found["pool db"], steps=()) == Occupancy("pool db", 2, 2, 2.0)


def test_an_unlimited_pool_has_no_size(use):
    found = use([Task(task_id="a", pool="db")], pools={"db": Pool(slots=-1)})
    assert found["pool db"].size is None


def test_a_fleet_that_uses_nothing_uses_nothing(use):
    found = use([Task(task_id="a", kind=Empty())])
    assert found == {"parallelism": Occupancy("parallelism", 32, 0, 0.0)}


def test_pools_come_by_name_after_the_executor(use):
    tasks = [Task(task_id=p, pool=p) for p in ("z", "a", "m")]
    found = use(tasks, pools={p: Pool(slots=1) for p in "amz"})
    assert list(found) == ["parallelism", "pool a", "pool m", "pool z"]


@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
def test_a_local_executor_is_as_full_as_its_processes_are(use, profile):
    """3.x: what waits in its queue has no slot of it, and all six are queued."""
    tasks = [Task(task_id=f"t{i}") for i in range(6)]
    rules = [Rule(tasks="*", duration_s=10)]
    used = use(tasks, rules=rules, executor="LocalExecutor", parallelism=2, profile=profile)
    assert (used["parallelism"].size, used["parallelism"].peak) == (2, 2)
