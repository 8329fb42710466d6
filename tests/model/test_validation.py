"""Wrong values are refused when they are made, with a message that names what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from windtunnel.model import (
    Behavior,
    Chosen,
    Cluster,
    Cron,
    Dag,
    Elastic,
    Every,
    Fleet,
    ManualRun,
    Pool,
    Resource,
    Rule,
    Scenario,
    Sensor,
    Task,
    Uniform,
    WorkerGroup,
)

START = datetime(2026, 3, 1, tzinfo=UTC)


def chain(*links: tuple[str, str]) -> tuple[Task, ...]:
    """Tasks with one upstream each."""
    return tuple(Task(task_id=name, upstream=(up,) if up else ()) for name, up in links)


def test_a_cycle_is_shown_as_it_would_be_written():
    with pytest.raises(ValidationError, match=r"'etl' has a cycle: (a >> b >> c >> a|b >> c >> a)"):
        Dag(dag_id="etl", tasks=chain(("a", "c"), ("b", "a"), ("c", "b")))


def test_a_task_that_waits_for_itself_is_a_cycle():
    with pytest.raises(ValidationError, match="has a cycle: a >> a"):
        Dag(dag_id="etl", tasks=chain(("a", "a")))


def test_a_cycle_behind_other_tasks_names_only_its_own():
    tasks = chain(("start", ""), ("x", "start"), ("a", "b"), ("b", "a"), ("end", "a"))
    with pytest.raises(ValidationError) as caught:
        Dag(dag_id="etl", tasks=tasks)
    assert "start" not in str(caught.value).splitlines()[2]


def test_a_diamond_is_no_cycle():
    tasks = (*chain(("a", ""), ("b", "a"), ("c", "a")), Task(task_id="d", upstream=("b", "c")))
    assert len(Dag(dag_id="etl", tasks=tasks).tasks) == 4


def test_a_very_long_chain_is_checked_without_recursion():
    names = [f"t{i}" for i in range(5000)]
    tasks = chain(*zip(names, ["", *names], strict=False))
    assert Dag(dag_id="long", tasks=tasks).task("t4999").upstream == ("t4998",)


def test_a_task_id_that_is_used_twice():
    with pytest.raises(ValidationError, match="DAG 'etl': task_id 'load' is used twice"):
        Dag(dag_id="etl", tasks=(Task(task_id="load"), Task(task_id="load")))


def test_an_upstream_that_is_no_task_of_the_dag():
    with pytest.raises(ValidationError, match="task 'load' names upstream 'extrakt', which is no"):
        Dag(dag_id="etl", tasks=(Task(task_id="load", upstream=("extrakt",)),))


def test_a_dag_id_that_is_defined_twice_names_both_files():
    with pytest.raises(ValidationError, match=r"'etl' is defined twice: a\.py and b\.py"):
        Fleet(dags=(Dag(dag_id="etl", file="a.py"), Dag(dag_id="etl", file="b.py")))


def test_wait_for_downstream_without_depends_on_past():
    with pytest.raises(ValidationError, match="means depends_on_past=True in Airflow; set both"):
        Task(task_id="t", wait_for_downstream=True)


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: Task(task_id="t", pol="db"), "pol"),
        (lambda: Dag(dag_id="d", max_active_run=1), "max_active_run"),
        (lambda: Cluster(paralelism=3), "paralelism"),
        (lambda: Rule(task="a.b"), "task"),
        (lambda: Behavior(default_duration=3), "default_duration"),
        (lambda: Sensor(timeout=3), "timeout"),
    ],
)
def test_a_misspelt_key_is_refused_by_name(make, key):
    with pytest.raises(ValidationError, match=rf"(?s){key}.*Extra inputs are not permitted"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Pool(slots=-2),
        lambda: Task(task_id="t", pool_slots=0),
        lambda: Task(task_id="t", retries=-1),
        lambda: Task(task_id="t", retry_delay_s=-1),
        lambda: Cluster(parallelism=0),
        lambda: Cluster(task_queued_timeout_check_interval_s=0),
        lambda: WorkerGroup(slots=0),
        lambda: WorkerGroup(count=0),
        lambda: Every(seconds=0),
        lambda: Rule(duration_s=-5),
        lambda: Rule(length=-1),
        lambda: Dag(dag_id="d", max_active_runs=-1),
        lambda: Scenario(fleet=Fleet(), start=START, duration_s=0),
        lambda: Rule(duration_s=float("inf")),
        lambda: Rule(duration_s=float("nan")),
    ],
)
def test_sizes_and_durations_that_make_no_sense_are_refused(make):
    with pytest.raises(ValidationError):
        make()


def test_a_moment_without_a_timezone_is_refused():
    with pytest.raises(ValidationError, match="timezone"):
        Scenario(fleet=Fleet(), start=datetime(2026, 3, 1))


def test_an_unknown_trigger_rule_lists_those_that_exist():
    with pytest.raises(ValidationError, match="'all_success', 'all_failed'"):
        Task(task_id="t", trigger_rule="all_succes")


def test_an_unknown_profile_lists_those_that_exist():
    with pytest.raises(ValidationError, match=r"'airflow-3.3' or 'airflow-2.11'"):
        Cluster(profile="airflow-1.10")


def test_an_unknown_kind_lists_those_that_exist():
    with pytest.raises(ValidationError, match="'work', 'empty', 'branch'"):
        Task(task_id="t", kind={"type": "wrok"})


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (Task(task_id="t"), "pool"),
        (Dag(dag_id="d"), "tasks"),
        (Fleet(), "dags"),
        (Cluster(), "parallelism"),
        (Pool(slots=1), "slots"),
        (Behavior(), "rules"),
        (Scenario(fleet=Fleet(), start=START), "seed"),
    ],
)
def test_values_are_frozen(value, field):
    with pytest.raises(ValidationError, match="frozen"):
        setattr(value, field, None)


def test_a_missing_dag_or_task_is_a_key_error():
    fleet = Fleet(dags=(Dag(dag_id="etl", tasks=(Task(task_id="load"),)),))
    assert fleet.dag("etl").task("load").task_id == "load"
    with pytest.raises(KeyError):
        fleet.dag("elt")
    with pytest.raises(KeyError):
        fleet.dag("etl").task("laod")


def test_the_default_pool_always_exists_and_others_only_if_listed():
    cluster = Cluster(pools={"db": Pool(slots=3)}, default_pool_slots=7)
    assert cluster.pool("default_pool").slots == 7
    assert cluster.pool("db").slots == 3
    assert cluster.pool("dbb") is None


def test_the_default_pool_may_be_listed_too():
    assert Cluster(pools={"default_pool": Pool(slots=5)}).pool("default_pool").slots == 5


# -- the file form ------------------------------------------------------------------------------


@pytest.fixture
def scenario():
    """Something of everything that a scenario may hold."""
    tasks = (
        Task(task_id="wait", kind=Sensor(mode="reschedule", timeout_s=60), queue="heavy"),
        Task(task_id="load", upstream=("wait",), pool="db", pool_slots=2, expand=(3, "wait")),
    )
    dag = Dag(
        dag_id="etl",
        tasks=tasks,
        schedule=Cron(expression="*/5 * * * *", timezone="Europe/Berlin"),
        start_date=START,
        max_active_runs=2,
        tags=("a",),
    )
    return Scenario(
        name="all of it",
        fleet=Fleet(dags=(dag,)),
        cluster=Cluster(pools={"db": Pool(slots=-1)}, workers=(WorkerGroup(queues=("heavy",)),)),
        behavior=Behavior(
            rules=(Rule(tasks="etl.load", duration_s=Uniform(low=1, high=2.5), true_at_s=None),)
        ),
        start=START,
        manual_runs=(ManualRun(dag_id="etl", at_s=1.5, logical_date=None),),
        choices=(Chosen(kind="tie", actor=("etl", "r", "load", -1), nth=2, value=1),),
    )


def test_a_scenario_survives_json(scenario):
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario


def test_its_json_is_the_same_each_time(scenario):
    again = Scenario.model_validate_json(scenario.model_dump_json())
    assert again.model_dump_json() == scenario.model_dump_json()


def test_a_scenario_of_another_format_is_refused(scenario):
    newer = scenario.model_dump_json().replace("windtunnel.scenario/1", "windtunnel.scenario/2")
    with pytest.raises(ValidationError, match=r"windtunnel\.scenario/1"):
        Scenario.model_validate_json(newer)


def test_there_is_a_json_schema_that_knows_every_kind_and_forbids_strangers():
    schema = Scenario.model_json_schema()
    assert schema["additionalProperties"] is False
    assert {"Dag", "Task", "Cluster", "Pool", "TriggerDagRun", "Cron"} <= set(schema["$defs"])
    assert set(schema["required"]) == {"fleet", "start"}


def test_a_burst_needs_a_rate_and_a_group_no_more_than_its_most():
    with pytest.raises(ValidationError, match="burst is about per_minute, and there is none"):
        Resource(slots=2, burst=5)
    with pytest.raises(ValidationError, match="count 5 is more than its elastic most, 2"):
        WorkerGroup(count=5, elastic=Elastic(most=2))


def test_two_groups_of_workers_have_two_names():
    with pytest.raises(ValidationError, match="two groups of workers are called 'big'"):
        Cluster(workers=(WorkerGroup(name="big"), WorkerGroup(name="big", queues=("heavy",))))


def test_groups_of_workers_that_nobody_named_may_be_several():
    unnamed = Cluster(workers=(WorkerGroup(), WorkerGroup(queues=("heavy",))))
    assert Cluster.model_validate_json(unnamed.model_dump_json()) == unnamed
