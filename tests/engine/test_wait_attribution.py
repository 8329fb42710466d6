"""Every second that a task did not run is put down to the limit that said no."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel.model import (
    Dag,
    Deferrable,
    Every,
    ManualRun,
    Pool,
    Rule,
    Sensor,
    Task,
    WorkerGroup,
)

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def pair():
    """``pair(**options)``: a DAG ``d`` of two independent tasks ``a`` and ``b``, ``a`` first."""

    def pair(*, of_dag=None, **options):
        tasks = (
            Task(task_id="a", priority_weight=9, **options),
            Task(task_id="b", **options),
        )
        return Dag(dag_id="d", tasks=tasks, **(of_dag or {}))

    return pair


def test_a_task_that_starts_at_once_waited_for_nothing(fly, pair):
    assert fly(pair()).waits("d.b") == []


def test_behind_a_full_pool(fly, pair):
    flight = fly(pair(pool="db"), seconds={"*": 100}, pools={"db": Pool(slots=1)})
    assert flight.waits("d.b") == [("pool db", 0, 100)]


def test_behind_a_pool_with_too_few_slots_left(fly, pair):
    flight = fly(pair(pool="db", pool_slots=2), seconds={"*": 100}, pools={"db": Pool(slots=3)})
    assert flight.waits("d.b") == [("pool db", 0, 100)]


def test_behind_parallelism(fly, pair):
    assert fly(pair(), seconds={"*": 100}, parallelism=1).waits("d.b") == [("parallelism", 0, 100)]


@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
def test_behind_max_active_tasks(fly, pair, profile):
    dag = pair(of_dag={"max_active_tasks": 1})
    flight = fly(dag, seconds={"*": 100}, profile=profile)
    assert flight.waits("d.b") == [("max_active_tasks", 0, 100)]


def test_behind_worker_slots(fly, pair):
    flight = fly(pair(), seconds={"*": 100}, workers=(WorkerGroup(slots=1),))
    assert flight.waits("d.b") == [("worker slots", 0, 100)]


def test_behind_max_active_tis_per_dag(fly):
    dag = Dag(dag_id="d", tasks=(Task(task_id="a", max_active_tis_per_dag=1),))
    runs = [ManualRun(dag_id="d"), ManualRun(dag_id="d", logical_date=None, run_id="second")]
    flight = fly(dag, seconds={"*": 100}, runs=runs)
    waits = sorted(flight.waits("d.a", 0) + flight.waits("d.a", 1))
    assert waits == [("max_active_tis_per_dag", 0, 100)]


def test_behind_max_active_runs(fly):
    dag = Dag(dag_id="d", tasks=(Task(task_id="a"),), max_active_runs=1)
    runs = [ManualRun(dag_id="d"), ManualRun(dag_id="d", at_s=10)]
    flight = fly(dag, seconds={"*": 100}, runs=runs)
    assert flight.waits("d.a", 1) == [("max_active_runs", 10, 100)]


def test_behind_its_upstream(fly):
    tasks = (Task(task_id="a"), Task(task_id="b", upstream=("a",)))
    flight = fly(Dag(dag_id="d", tasks=tasks), seconds={"*": 100})
    assert flight.waits("d.b") == [("upstream", 0, 100)]


def test_during_its_retry_delay(fly, one_task):
    rule = Rule(tasks="d.t", outcome="fail", duration_s=10)
    flight = fly(one_task("d", retries=1, retry_delay_s=30), rules=[rule])
    assert flight.waits("d.t") == [("retry delay", 10, 40.000001)]


def test_between_reschedules_and_in_the_triggerer(fly):
    tasks = (
        Task(task_id="sensor", kind=Sensor(mode="reschedule")),
        Task(task_id="operator", kind=Deferrable()),
    )
    rules = [
        Rule(tasks="d.sensor", true_at_s=62),
        Rule(tasks="d.operator", duration_s=1, fire_after_s=50),
    ]
    flight = fly(Dag(dag_id="d", tasks=tasks), rules=rules)
    assert flight.waits("d.sensor") == [("reschedule", 1, 61)]
    assert flight.waits("d.operator") == [("trigger", 1, 51)]


def test_one_wait_after_the_other_each_for_its_own_stretch(fly):
    """`c` waits for `a`, then for a pool that `hog` fills, then for a worker slot."""
    dag = Dag(
        dag_id="d",
        tasks=(
            Task(task_id="a", queue="free"),
            Task(task_id="c", upstream=("a",), pool="db"),
            Task(task_id="hog", pool="db", queue="free"),
            Task(task_id="long"),
        ),
    )
    flight = fly(
        dag,
        seconds={"d.a": 10, "d.hog": 30, "d.long": 70, "d.c": 5},
        pools={"db": Pool(slots=1)},
        workers=(WorkerGroup(slots=1), WorkerGroup(name="more", slots=8, queues=("free",))),
    )
    assert flight.waits("d.c") == [
        ("upstream", 0, 10),
        ("pool db", 10, 30),
        ("worker slots", 30, 70),
    ]
    assert flight.span("d.c") == (70, 75)


def test_a_limit_is_named_only_while_it_is_full(fly):
    """`b` waits for its own pool; that another pool is full, too, is not its affair."""
    tasks = (
        Task(task_id="a", pool="x", priority_weight=9),
        Task(task_id="b", pool="x"),
        Task(task_id="other", pool="y", priority_weight=9),
        Task(task_id="behind", pool="y"),
    )
    flight = fly(
        Dag(dag_id="d", tasks=tasks),
        seconds={"d.a": 50, "d.b": 1, "d.other": 200, "d.behind": 1},
        pools={"x": Pool(slots=1), "y": Pool(slots=1)},
    )
    assert flight.waits("d.b") == [("pool x", 0, 50)]
    assert flight.waits("d.behind") == [("pool y", 0, 200)]


def test_a_wait_that_does_not_end_lasts_until_the_window_does(fly, pair):
    flight = fly(pair(pool="db"), pools={"db": Pool(slots=0)}, until=500)
    assert flight.waits("d.b") == [("pool db", 0, 500)]


def test_a_pool_that_does_not_exist_is_named(fly, pair):
    flight = fly(pair(pool="nowhere"), until=500)
    assert flight.waits("d.b") == [("pool nowhere", 0, 500)]


def test_waits_and_work_add_up_to_the_whole_life_of_a_task(fly):
    tasks = [
        Task(task_id="first", pool="db"),
        *(Task(task_id=f"t{i}", pool="db", upstream=("first",)) for i in range(6)),
    ]
    dag = Dag(dag_id="d", tasks=tuple(tasks), max_active_tasks=4)
    flight = fly(
        dag,
        seconds={"*": 10},
        pools={"db": Pool(slots=3)},
        parallelism=5,
        workers=(WorkerGroup(slots=2),),
    )
    for ti in flight.instances:
        waited = sum(end - begin for _, begin, end in flight.waits(ti.name))
        assert waited == ti.started_us / 1e6


def test_behind_its_own_past(fly, hourly_past):
    """The task has no upstream at all: what it waits for is its instance of the hour before."""
    flight = fly(hourly_past(), seconds={"d.t": 5000}, until=8000, runs=[])
    assert flight.waits("d.t", 1) == [("depends_on_past", 3600, 5000)]


def test_behind_its_upstream_first_and_then_its_past(fly, hourly_past):
    flight = fly(hourly_past("up"), seconds={"d.t": 5000, "d.up": 100}, until=9000, runs=[])
    assert flight.waits("d.t", 0) == [("upstream", 0, 100)]
    assert flight.waits("d.t", 1) == [("upstream", 3600, 3700), ("depends_on_past", 3700, 5100)]


def test_a_failed_past_is_waited_for_to_the_end(fly, hourly_past):
    fails = Rule(tasks="d.t", outcome="fail_no_retry", duration_s=10)
    flight = fly(hourly_past(), rules=[fails], until=6000, runs=[])
    assert flight.waits("d.t", 1) == [("depends_on_past", 3600, 6000)]


@pytest.fixture
def hourly_past():
    """``hourly_past("up")``: an hourly DAG ``d`` whose task ``t`` depends on its past."""

    def hourly_past(*above):
        tasks = [Task(task_id=name) for name in above]
        tasks.append(Task(task_id="t", depends_on_past=True, upstream=above))
        return Dag(
            dag_id="d",
            tasks=tuple(tasks),
            schedule=Every(seconds=3600),
            start_date=START,
            catchup=True,
        )

    return hourly_past


@pytest.mark.parametrize(("second_s", "begins_s"), [(30, 60), (40, 60), (90, 110)])
def test_a_pool_binds_as_long_as_it_is_full_or_a_task_starves_for_several_of_its_slots(
    fly, second_s, begins_s
):
    """Whichever of the two is over first, or both at one instant."""
    dags = [
        Dag(dag_id="wide", tasks=(Task(task_id="t", pool="db", pool_slots=2),)),
        Dag(dag_id="one", tasks=(Task(task_id="t", pool="db"),)),
        Dag(dag_id="two", tasks=(Task(task_id="t", pool="db"),)),
    ]
    flight = fly(
        *dags,
        seconds={"wide.t": 30, "one.t": 60, "two.t": second_s},
        runs=["one", ManualRun(dag_id="wide", at_s=10), ManualRun(dag_id="two", at_s=20)],
        pools={"db": Pool(slots=2)},
    )
    assert flight.waits("wide.t") == [("pool db", 10, begins_s)]
    assert [one for one in flight.trace.bindings if one[0] == "pool db"] == [
        ("pool db", 10_000_000, begins_s * 1_000_000)
    ]
