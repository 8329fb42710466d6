"""Waits that could fill a limit are told with what it takes, and only where they can."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import windtunnel as wt
from windtunnel.lint import find_full_of_waits
from windtunnel.model import (
    Cluster,
    Cron,
    Dag,
    Empty,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Scenario,
    Task,
    TriggerDagRun,
    WorkerGroup,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = 3600.0


def scenario(*dags: Dag, runs=(), **cluster) -> Scenario:
    return Scenario(
        fleet=Fleet(dags=dags),
        cluster=Cluster(**cluster),
        start=START,
        manual_runs=tuple(ManualRun(dag_id=name) for name in runs),
    )


def found(*dags: Dag, **options):
    return find_full_of_waits(scenario(*dags, **options))


def parents(count: int, target: str = "child", **options) -> list[Dag]:
    """DAGs that trigger another one and wait for it, all of them daily."""
    of_task = {k: options.pop(k) for k in list(options) if k in Task.model_fields}
    kind = TriggerDagRun(trigger_dag_id=target, wait_for_completion=True, **options)
    call = Task(task_id="call", kind=kind, **of_task)
    daily = {"schedule": Cron(expression="@daily"), "start_date": START}
    return [Dag(dag_id=f"p{n}", tasks=(call,), **daily) for n in range(count)]


def child(**options) -> Dag:
    return Dag(dag_id="child", tasks=(Task(task_id="work", **options),))


def sensing(cron: str = "@hourly", target: str = "child", **options) -> Dag:
    of_dag = {k: options.pop(k) for k in list(options) if k in Dag.model_fields}
    of_task = {k: options.pop(k) for k in list(options) if k in Task.model_fields}
    wait = Task(
        task_id="wait", kind=ExternalTaskSensor(external_dag_id=target, **options), **of_task
    )
    schedule = Cron(expression=cron)
    return Dag(dag_id="mart", tasks=(wait,), schedule=schedule, start_date=START, **of_dag)


def slots(count: int) -> dict:
    return {"workers": (WorkerGroup(slots=count),)}


def test_as_many_waits_as_worker_slots_could_take_them_all() -> None:
    (finding,) = found(*parents(3), child(), **slots(3))
    assert (finding.code, finding.certain) == ("WT118", False)
    assert finding.title == "Waits could take all worker slots"
    assert finding.summary == (
        "3 of 3 worker slots (queue default) can be held by tasks that wait at once (p0.call, "
        "p1.call, p2.call), and what they wait for needs the same: child.work. Should it come to "
        "that, none of it starts any more: no timeout ends these waits."
    )
    assert finding.notes[0] == "One run of each DAG is enough."
    assert not found(*parents(2), child(), **slots(3)), "one slot is left"


@pytest.mark.parametrize("count", [2, 3])
def test_it_is_what_a_simulation_shows(count) -> None:
    """Three slots: with three parents it comes to that, with two it can't."""
    dags = [one.model_copy(update={"schedule": None}) for one in parents(count)]
    runs = [one.dag_id for one in dags]
    result = wt.simulate(scenario(*dags, child(), runs=runs, **slots(3)))
    assert ("WT101" in [one.code for one in result.findings]) is (count == 3)
    assert not result.possible, "what is shown is not told again as what could happen"


@pytest.mark.parametrize(
    ("dags", "cluster"),
    [
        ([*parents(3, deferrable=True), child()], slots(3)),
        ([*parents(3), child(kind=Empty())], slots(3)),
        ([*parents(3, pool="waits"), child()], {**slots(3), "pools": {"waits": Pool(slots=2)}}),
        (
            [*parents(3), child(queue="other")],
            {
                "workers": (
                    WorkerGroup(slots=3),
                    WorkerGroup(name="more", slots=1, queues=("other",)),
                )
            },
        ),
        (
            [*parents(3), child(queue="other")],
            {
                "workers": (
                    WorkerGroup(slots=3),
                    WorkerGroup(name="more", slots=1, queues=("default", "other")),
                )
            },
        ),
        ([*parents(3)], slots(3)),
        ([*parents(3), child().model_copy(update={"is_paused": True})], slots(3)),
        ([sensing(max_active_runs=1), child()], slots(2)),
        ([sensing(mode="reschedule"), child()], slots(2)),
        ([sensing("@daily"), child()], slots(2)),
        ([sensing(depends_on_past=True), child()], slots(2)),
        ([sensing(max_active_tis_per_dag=1), child()], slots(2)),
        ([sensing(timeout_s=HOUR), child()], slots(2)),
    ],
    ids=[
        "deferrable",
        "nothing to run",
        "own pool",
        "own workers",
        "more workers",
        "not here",
        "paused",
        "one run",
        "reschedule",
        "daily",
        "past",
        "one instance",
        "impatient",
    ],
)
def test_near_misses_are_no_finding(dags, cluster) -> None:
    assert not found(*dags, **cluster)


def test_runs_that_pile_up_are_counted_and_said() -> None:
    (finding,) = found(sensing(), child(), **slots(5))
    assert "(5 x mart.wait)" in finding.summary
    assert "until the first timeout, of mart.wait after 7 days" in finding.summary
    assert finding.notes[0] == "It takes up to 5 runs at once of mart (mart every 1 h)."
    assert not found(sensing(), child(), **slots(17)), "max_active_runs is 16"
    assert not found(sensing("0 */6 * * *"), child(), **slots(5)), "four come in a day"
    assert found(sensing("0 */6 * * *", catchup=True), child(), **slots(5))


@pytest.mark.parametrize(("size", "said"), [(6, True), (7, False), (8, False)])
def test_slots_of_a_pool_are_counted_as_they_are_taken(size, said) -> None:
    """Three waits of two slots each; the work needs one."""
    dags = [*parents(3, pool="db", pool_slots=2), child(pool="db")]
    assert bool(found(*dags, pools={"db": Pool(slots=size)})) is said
    wide = [*parents(3, pool="db", pool_slots=2), child(pool="db", pool_slots=2)]
    assert bool(found(*wide, pools={"db": Pool(slots=7)})), "one is left, and it needs two"


def test_a_pool_of_a_guessed_size_says_nothing() -> None:
    dags = [*parents(3, pool="db"), child(pool="db")]
    assert found(*dags, pools={"db": Pool(slots=3)})
    assert not found(*dags, pools={"db": Pool(slots=3, assumed=True)})


def test_deferred_waits_hold_only_pools_that_count_them() -> None:
    dags = [*parents(3, pool="db", deferrable=True), child(pool="db")]
    (finding,) = found(*dags, pools={"db": Pool(slots=3, include_deferred=True)})
    assert finding.title == "Waits could take all of pool db"
    assert not found(*dags, pools={"db": Pool(slots=3)})


def test_parallelism_is_a_limit_like_others() -> None:
    (finding,) = found(*parents(3), child(), parallelism=3)
    assert finding.title == "Waits could take all of parallelism"
    assert not found(*parents(3), child(), parallelism=3, schedulers=2)


def test_waits_that_follow_each_other_are_not_there_at_once() -> None:
    waits = [
        Task(task_id=f"w{n}", kind=ExternalTaskSensor(external_dag_id="child"), upstream=up)
        for n, up in enumerate([(), ("w0",), ("w1",)])
    ]
    daily = {"schedule": Cron(expression="@daily"), "start_date": START}
    assert not found(Dag(dag_id="mart", tasks=tuple(waits), **daily), child(), **slots(2))
    apart = [waits[0], waits[1], waits[2].model_copy(update={"upstream": ("w0",)})]
    assert found(Dag(dag_id="mart", tasks=tuple(apart), **daily), child(), **slots(2))


def test_what_is_waited_for_may_wait_itself() -> None:
    """p0 waits for middle, which waits for child: only child's work is no wait, and needs a
    slot."""
    middle = parents(1, "child")[0].model_copy(update={"dag_id": "middle", "schedule": None})
    (finding,) = found(*parents(1, "middle"), middle, child(), **slots(2))
    assert "needs the same: child.work" in finding.summary
    other = {"workers": (WorkerGroup(slots=2), WorkerGroup(name="c", queues=("c",)))}
    assert not found(*parents(1, "middle"), middle, child(queue="c"), **other)


def test_mapped_waits_count_with_each_instance() -> None:
    (dag,) = parents(1)
    mapped = dag.model_copy(update={"tasks": (dag.tasks[0].model_copy(update={"expand": (4,)}),)})
    (finding,) = found(mapped, child(), **slots(4))
    assert "4 x p0.call" in finding.summary
    assert not found(mapped, child(), **slots(5))


def test_waits_that_outrank_what_they_wait_for_are_said_to() -> None:
    (finding,) = found(*parents(3, priority_weight=10), child(), **slots(3))
    assert "The waits come first where both are ready: their priority_weight is 10" in " ".join(
        finding.notes
    )
    (finding,) = found(*parents(3), child(priority_weight=10), **slots(3))
    assert "come first" not in " ".join(finding.notes)


def test_max_active_tasks_counts_over_the_runs_of_a_dag_in_2_x_only() -> None:
    """Each run waits for a task of the run before it."""
    kind = ExternalTaskSensor(
        external_dag_id="mart", external_task_ids=("load",), execution_delta_s=HOUR
    )
    tasks = (Task(task_id="load"), Task(task_id="wait", kind=kind))
    hourly = {"schedule": Cron(expression="@hourly"), "start_date": START, "max_active_tasks": 3}
    mart = Dag(dag_id="mart", tasks=tasks, **hourly)
    (finding,) = found(mart, profile="airflow-2.11")
    assert finding.title == "Waits could take all of max_active_tasks mart"
    assert "3 x mart.wait" in finding.summary
    assert not found(mart, profile="airflow-3.3")
    assert not found(mart.model_copy(update={"max_active_runs": 2}), profile="airflow-2.11")
