"""TriggerDagRunOperator: a run is created, and perhaps waited for, a poke at a time."""

from __future__ import annotations

import pytest

from flight import START
from windtunnel.model import Dag, ManualRun, Rule, Task, TriggerDagRun

CHILD = {"child.t": 100, "parent.*": 1}


def trigger(**options):
    return TriggerDagRun(trigger_dag_id="child", **options)


def test_without_waiting_it_is_done_when_the_run_is_created(fly, one_task):
    flight = fly(
        one_task("parent", kind=trigger()), one_task("child"), seconds=CHILD, runs=["parent"]
    )
    assert flight.span("parent.t") == (0, 1)
    assert flight.span("child.t") == (1, 101)


def test_waiting_it_sees_the_end_at_its_next_poke(fly, one_task):
    parent = one_task("parent", kind=trigger(wait_for_completion=True))
    flight = fly(parent, one_task("child"), seconds=CHILD, runs=["parent"])
    assert flight.span("child.t") == (1, 101)
    assert flight.span("parent.t") == (0, 121), "it looks at 1, 61 and 121 seconds"


def test_an_end_at_the_very_instant_of_a_poke_is_seen(fly, one_task):
    parent = one_task("parent", kind=trigger(wait_for_completion=True, poke_interval_s=50))
    flight = fly(parent, one_task("child"), seconds=CHILD, runs=["parent"])
    assert flight.span("parent.t") == (0, 101)


def test_a_failed_child_fails_the_parent(fly, one_task):
    flight = fly(
        one_task("parent", kind=trigger(wait_for_completion=True)),
        one_task("child"),
        rules=[Rule(tasks="child.t", outcome="fail", duration_s=10)],
        seconds=CHILD,
        runs=["parent"],
    )
    assert flight.state("parent.t") == "failed"
    assert flight.reasons("parent.t") == ["child failed with failed states"]


def test_a_failed_child_may_be_allowed(fly, one_task):
    kind = trigger(wait_for_completion=True, allowed_states=("failed",), failed_states=())
    flight = fly(
        one_task("parent", kind=kind),
        one_task("child"),
        rules=[Rule(tasks="child.t", outcome="fail", duration_s=10)],
        seconds=CHILD,
        runs=["parent"],
    )
    assert flight.state("parent.t") == "success"


def test_a_retry_of_the_parent_triggers_another_run(fly, one_task):
    kind = trigger(wait_for_completion=True)
    flight = fly(
        one_task("parent", kind=kind, retries=1, retry_delay_s=30),
        one_task("child"),
        rules=[Rule(tasks="child.t", outcome="fail", duration_s=10)],
        seconds=CHILD,
        runs=["parent"],
    )
    assert flight.run_states("child") == ["failed", "failed"]
    assert len(set(flight.run_ids("child"))) == 2


def test_while_it_waits_it_holds_its_pool_slot(fly, one_task):
    flight = fly(
        one_task("parent", kind=trigger(wait_for_completion=True)),
        one_task("child"),
        seconds=CHILD,
        runs=["parent"],
        default_pool_slots=1,
        until=1000,
    )
    assert flight.state("parent.t") == "running"
    assert flight.state("child.t") == "scheduled"


def test_deferrable_it_gives_its_slot_to_the_child_and_comes_back(fly, one_task):
    kind = trigger(wait_for_completion=True, deferrable=True)
    flight = fly(
        one_task("parent", kind=kind),
        one_task("child"),
        seconds=CHILD,
        runs=["parent"],
        default_pool_slots=1,
    )
    assert [state for _, state in flight.history("parent.t")] == [
        "scheduled",
        "queued",
        "running",
        "deferred",
        "scheduled",
        "queued",
        "running",
        "success",
    ]
    assert flight.span("child.t") == (1, 101)
    assert flight.task("parent.t").ended_us == 121_000_000
    assert flight.task("parent.t").try_number == 1


def test_a_deferrable_parent_of_a_failed_child_fails(fly, one_task):
    kind = trigger(wait_for_completion=True, deferrable=True)
    flight = fly(
        one_task("parent", kind=kind),
        one_task("child"),
        rules=[Rule(tasks="child.t", outcome="fail", duration_s=10)],
        seconds=CHILD,
        runs=["parent"],
    )
    assert flight.state("parent.t") == "failed"


@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
def test_two_parents_at_the_same_instant_get_runs_of_their_own(fly, one_task, profile):
    kind = trigger(wait_for_completion=True)
    flight = fly(
        one_task("one", kind=kind),
        one_task("two", kind=kind),
        one_task("child"),
        seconds={"child.t": 10},
        runs=["one", "two"],
        profile=profile,
    )
    assert len(set(flight.run_ids("child"))) == 2
    assert [flight.state("one.t"), flight.state("two.t")] == ["success", "success"]


def test_three_levels_wait_for_each_other_and_all_end(fly, one_task):
    def level(dag_id, below):
        kind = TriggerDagRun(trigger_dag_id=below, wait_for_completion=True, poke_interval_s=10)
        return one_task(dag_id, kind=kind)

    flight = fly(level("a", "b"), level("b", "c"), one_task("c"), seconds={"c.t": 5}, runs=["a"])
    assert [flight.run_states(name) for name in "abc"] == [["success"]] * 3
    assert flight.span("a.t")[1] > flight.span("b.t")[1] > flight.span("c.t")[1]


def test_a_dag_outside_the_fleet_is_taken_to_do_its_part(fly, one_task):
    kind = TriggerDagRun(trigger_dag_id="elsewhere", wait_for_completion=True)
    assert fly(one_task("parent", kind=kind)).state("parent.t") == "success"


def test_a_trigger_in_the_middle_holds_up_what_is_downstream(fly, one_task):
    tasks = (
        Task(task_id="call", kind=trigger(wait_for_completion=True)),
        Task(task_id="after", upstream=("call",)),
    )
    flight = fly(
        Dag(dag_id="parent", tasks=tasks), one_task("child"), seconds=CHILD, runs=["parent"]
    )
    assert flight.span("parent.after") == (121, 122)


# -- a run that is there already ---------------------------------------------------------------

PROFILES = ["airflow-3.3", "airflow-2.11"]


@pytest.fixture
def twice(fly, one_task):
    """``twice(trigger_run_id="x", retries=1)``: a parent that triggers, in two runs of its own."""

    def twice(*, profile="airflow-3.3", retries=0, gap=1000, **options):
        kind = trigger(**options)
        runs = [ManualRun(dag_id="parent", run_id=f"r{n}", at_s=n * gap) for n in (0, 1)]
        parent = one_task("parent", kind=kind, retries=retries, retry_delay_s=10)
        return fly(parent, one_task("child"), seconds=CHILD, runs=runs, profile=profile)

    return twice


@pytest.mark.parametrize("profile", PROFILES)
def test_a_trigger_run_id_names_the_run(twice, profile):
    assert "nightly" in twice(trigger_run_id="nightly", profile=profile).run_ids("child")


@pytest.mark.parametrize(("profile", "tries"), [("airflow-3.3", 1), ("airflow-2.11", 3)])
def test_an_existing_run_fails_it_for_good_only_in_3(twice, profile, tries):
    flight = twice(trigger_run_id="nightly", profile=profile, retries=2)
    assert flight.state("parent.t", run=0) == "success"
    assert flight.state("parent.t", run=1) == "failed"
    assert flight.task("parent.t", run=1).try_number == tries
    assert flight.reasons("parent.t", run=1)[-1] == "run nightly of child exists already"
    assert flight.run_ids("child") == ["nightly"]


@pytest.mark.parametrize("profile", PROFILES)
def test_an_existing_run_may_be_a_reason_to_skip(twice, profile):
    flight = twice(trigger_run_id="nightly", skip_when_already_exists=True, profile=profile)
    assert flight.state("parent.t", run=1) == "skipped"


@pytest.mark.parametrize("profile", PROFILES)
def test_an_existing_run_may_be_reset_and_waited_for(twice, profile):
    flight = twice(
        trigger_run_id="nightly", reset_dag_run=True, wait_for_completion=True, profile=profile
    )
    assert flight.states_of("parent.t") == ["success", "success"]
    assert len(flight.times("child.t", "running")) == 2, "the same run, once more"
    assert flight.span("child.t") == (1001, 1101)


def test_a_run_that_is_still_going_can_be_reset(twice):
    flight = twice(trigger_run_id="nightly", reset_dag_run=True, gap=50)
    assert flight.states_of("parent.t") == ["success", "success"]
    assert flight.run_states("child") == ["success"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("of_{{ run_id }}", ["of_r0", "of_r1"]),
        ("on_{{ ds }}_{{ ts_nodash }}", ["on_2026-03-01_20260301T000000"] * 2),
        ("k_{{ params.key }}", ["k_r0", "k_r1"]),
    ],
)
def test_templates_are_filled_where_their_values_are_known(twice, text, ids):
    flight = twice(trigger_run_id=text)
    assert flight.run_ids("child")[0] == ids[0]
    assert flight.task("parent.t", run=1).state == "success"


@pytest.mark.parametrize(
    "text", ["{{ logical_date }}", "{{ ts }}", "{{ logical_date.isoformat() }}"]
)
def test_the_run_may_get_the_logical_date_of_the_parents(fly, one_task, text):
    parent = one_task("parent", kind=trigger(logical_date=text))
    runs = [ManualRun(dag_id="parent", logical_date=START, at_s=500)]
    flight = fly(parent, one_task("child"), seconds=CHILD, runs=runs)
    assert [run.logical_date for run in flight.trace.dag_runs() if run.dag_id == "child"] == [START]


@pytest.mark.parametrize(("profile", "tries"), [("airflow-3.3", 2), ("airflow-2.11", 2)])
def test_a_second_run_of_one_logical_date_is_refused(twice, profile, tries):
    flight = twice(logical_date="2026-02-01", profile=profile, retries=1)
    assert flight.run_states("child") == ["success"]
    assert flight.task("parent.t", run=1).try_number == tries
    assert flight.state("parent.t", run=1) == "failed"


def test_only_2_takes_a_run_of_that_date_for_the_existing_one(twice):
    assert [
        twice(logical_date="2026-02-01", skip_when_already_exists=True, profile=profile).state(
            "parent.t", run=1
        )
        for profile in PROFILES
    ] == ["failed", "skipped"]


def test_what_is_no_date_fails_the_task(twice):
    flight = twice(logical_date="yesterday")
    assert flight.reasons("parent.t") == ["logical_date 'yesterday' is no date"]


def test_it_may_refuse_to_trigger_a_paused_dag(fly, one_task):
    parent = one_task("parent", kind=trigger(fail_when_dag_is_paused=True))
    child = one_task("child").model_copy(update={"is_paused": True})
    flight = fly(parent, child, seconds=CHILD, runs=["parent"])
    assert flight.state("parent.t") == "failed"
    assert flight.run_states("child") == []
