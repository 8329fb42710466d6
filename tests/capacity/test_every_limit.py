"""Worker slots and max_active_runs over time, on fleets that can be counted by hand."""

from __future__ import annotations

import windtunnel as wt
from windtunnel.capacity import every_limit, occupancy
from windtunnel.model import Elastic, ManualRun


def used(dags, *, runs, window="10m", faults=(), **cluster):
    result = wt.simulate(
        wt.Fleet(dags=tuple(dags)), cluster=wt.Cluster(**cluster), start="2026-03-01",
        window=window, runs=runs, faults=faults,
        behavior=wt.Behavior(rules=(wt.Rule(tasks="*", duration_s=60),)),
    )  # fmt: skip
    return {one.limit: one for one in every_limit(result.scenario, result.trace)}, result


def dag(dag_id, *tasks, **more):
    return wt.Dag(dag_id=dag_id, tasks=tuple(tasks), **more)


def task(task_id, **more):
    return wt.Task(task_id=task_id, **more)


def test_worker_slots_are_those_of_running_tasks_queue_by_queue():
    both = dag("etl", *(task(f"t{n}") for n in range(3)), task("big", queue="gpu"))
    workers = (wt.WorkerGroup(slots=2), wt.WorkerGroup(slots=4, name="gpu", queues=("gpu",)))
    found, _ = used([both], runs=["etl"], workers=workers)
    default, gpu = found["worker slots default"], found["worker slots gpu"]
    assert (default.size, default.peak) == (2, 2)
    assert default.steps == ((0, 2), (60_000_000, 1), (120_000_000, 0))
    assert (gpu.size, gpu.steps) == (4, ((0, 1), (60_000_000, 0)))


def test_groups_that_share_a_queue_are_counted_together():
    workers = (
        wt.WorkerGroup(slots=2, queues=("default", "night")),
        wt.WorkerGroup(name="more", slots=3, count=2, queues=("night",)),
    )
    found, _ = used([dag("etl", task("t", queue="night"))], runs=["etl"], workers=workers)
    assert found["worker slots default, night"].size == 8
    assert found["worker slots default, night"].peak == 1


def test_an_elastic_group_has_the_size_that_it_can_grow_to():
    group = wt.WorkerGroup(slots=4, elastic=Elastic(most=5))
    found, _ = used([dag("etl", task("t"))], runs=["etl"], workers=(group,))
    assert found["worker slots default"].size == 20


def test_runs_of_a_dag_are_counted_where_one_waited_for_them():
    first, second = dag("first", task("t"), max_active_runs=1), dag("second", task("t"))
    found, _ = used([first, second], runs=["first", ManualRun(dag_id="first", at_s=10), "second"])
    assert "max_active_runs second" not in found
    one = found["max_active_runs first"]
    assert (one.size, one.peak) == (1, 1)
    assert one.steps == ((0, 1), (120_000_000, 0))


def test_without_workers_there_are_no_slots_and_the_others_are_as_ever():
    found, result = used([dag("etl", task("t"))], runs=["etl"])
    assert list(found.values()) == occupancy(result.scenario, result.trace)
