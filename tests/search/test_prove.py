"""prove: what can't deadlock is proved, what can never is, and what is not covered says why."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from random_scenarios import random_scenario
from windtunnel.detect import detect
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Deferrable,
    Every,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    PoolResized,
    Resource,
    Rule,
    Scenario,
    Sensor,
    Task,
    TriggerDagRun,
    Uniform,
)
from windtunnel.model.steps import Step
from windtunnel.search.proofs import Proof, prove
from windtunnel.search.simulations import simulations

pytest.importorskip("z3")

START = datetime(2026, 3, 1, tzinfo=UTC)
HOURLY = Every(seconds=3600)
LENGTH = Uniform(low=1, high=900)


def dag(name: str, *tasks: Task, **more: Any) -> Dag:
    given = {"schedule": HOURLY, "start_date": START, "catchup": True, **more}
    return Dag(dag_id=name, tasks=tasks, **given)


def looks(at: str, task: str | None = "load", **more: Any) -> Task:
    kind = ExternalTaskSensor(
        external_dag_id=at, external_task_ids=(task,) if task else (), **more.pop("kind", {})
    )
    return Task(task_id="wait", kind=kind, **more)


def of(*dags: Dag, slots: int = 128, hours: int = 2, **more: Any) -> Scenario:
    cluster = more.pop("cluster", Cluster(default_pool_slots=slots))
    rules = (*more.pop("rules", ()), Rule(tasks="*", duration_s=LENGTH))
    return Scenario(
        fleet=Fleet(dags=dags),
        cluster=cluster,
        behavior=Behavior(rules=rules),
        start=START,
        duration_s=hours * 3600.0,
        **more,
    )


ETL = dag("etl", Task(task_id="load"))


def marts(count: int, slots: int) -> Scenario:
    return of(ETL, *(dag(f"mart{n}", looks("etl")) for n in range(count)), slots=slots, hours=1)


def why(proof: Proof, dag_id: str) -> str:
    assert proof.of(dag_id).verdict == "not covered", proof.of(dag_id)
    return proof.of(dag_id).why[0]


def facts(proof: Proof, dag_id: str) -> set[str]:
    assert proof.of(dag_id).verdict == "proved", proof.of(dag_id)
    return {str(fact) for fact in proof.of(dag_id).rests_on}


def test_sensors_with_a_slot_to_spare_are_proved_with_the_pool_that_it_rests_on() -> None:
    proof = prove(marts(2, slots=9))
    assert proof.proved == ("etl", "mart0", "mart1")
    assert {"slots of pool default_pool >= 3", "parallelism >= 3"} <= facts(proof, "etl")
    assert proof.of("etl").waiting == (("default_pool", ("mart0.wait", "mart1.wait")),)


def test_a_limit_that_keeps_waiting_tasks_few_is_what_the_proof_rests_on() -> None:
    narrow = of(ETL, dag("mart", looks("etl"), max_active_runs=1), slots=2, hours=9)
    rests_on = facts(prove(narrow), "etl")
    assert {"max_active_runs of mart <= 1", "slots of pool default_pool >= 2"} <= rests_on


def test_a_dag_that_waits_for_nothing_rests_on_the_slots_that_others_leave() -> None:
    other = dag("other", Task(task_id="work"))
    proof = prove(of(ETL, dag("mart", looks("etl")), other, slots=9, hours=1))
    assert "slots of pool default_pool >= 2" in facts(proof, "other")
    assert proof.of("other").digest == ""


def test_sensors_that_can_fill_the_pool_are_candidates_that_name_them() -> None:
    proof = prove(marts(2, slots=2))
    assert proof.candidates == ("etl", "mart0", "mart1")
    named = {f"{one.dag}.{one.task}" for one in proof.of("etl").stuck}
    assert named == {"etl.load", "mart0.wait", "mart1.wait"}


def test_rescheduled_and_deferred_sensors_hold_no_slot() -> None:
    for kind in ({"mode": "reschedule"}, {"deferrable": True}):
        sensors = (dag(f"mart{n}", looks("etl", kind=kind)) for n in range(3))
        assert prove(of(ETL, *sensors, slots=1)).proved == ("etl", "mart0", "mart1", "mart2")


def test_deferred_sensors_hold_slots_of_a_pool_that_counts_them() -> None:
    cluster = Cluster(pools={"default_pool": Pool(slots=2, include_deferred=True)})
    sensors = (dag(f"mart{n}", looks("etl", kind={"deferrable": True})) for n in range(2))
    assert prove(of(ETL, *sensors, cluster=cluster, hours=1)).candidates


def test_sensors_that_look_at_each_other_are_candidates() -> None:
    a, b = dag("a", looks("b", "wait")), dag("b", looks("a", "wait"))
    assert prove(of(a, b)).candidates == ("a", "b")


def test_a_date_that_has_no_run_is_a_candidate_and_one_from_before_the_window_is_not() -> None:
    past = looks("etl", kind={"execution_delta_s": 3600.0})
    odd = looks("etl", kind={"execution_delta_s": 60.0})
    earlier = ETL.model_copy(update={"start_date": datetime(2026, 2, 1, tzinfo=UTC)})
    proof = prove(of(earlier, dag("mart", past), dag("odd", odd), hours=1))
    assert proof.of("mart").verdict == "proved"
    assert proof.of("odd").verdict == "candidate"


def test_a_run_that_is_due_after_the_window_is_taken_to_come() -> None:
    ahead = looks("etl", kind={"execution_delta_s": -7200.0})
    assert prove(of(ETL, dag("mart", ahead), hours=1)).proved == ("etl", "mart")


def test_a_run_that_can_be_skipped_is_none_to_wait_for() -> None:
    dense = dag("etl", Task(task_id="load"), catchup=False, max_active_runs=1)
    proof = prove(of(dense, dag("mart", looks("etl")), hours=4))
    assert proof.of("etl").verdict == "proved"
    assert proof.of("mart").verdict == "candidate"


def calls(at: str, **more: Any) -> Task:
    return Task(task_id="call", kind=TriggerDagRun(trigger_dag_id=at, **more))


def test_parents_that_can_take_all_slots_from_their_children_are_candidates() -> None:
    child = dag("child", Task(task_id="work"), schedule=None)
    parents = dag("parent", calls("child", wait_for_completion=True), max_active_runs=2)
    assert prove(of(parents, child, slots=2, hours=5)).candidates == ("parent", "child")
    one_more = prove(of(parents, child, slots=3, hours=5))
    assert one_more.proved == ("parent", "child")


def test_what_triggers_itself_is_not_covered() -> None:
    proof = prove(of(dag("a", calls("a"))))
    assert why(proof, "a") == "runs of a trigger further runs of it"


def takes(*names: str) -> Rule:
    steps = [Step(acquire=name) for name in names]
    return Rule(tasks=f"{names[0].lower()}.load", steps=(*steps, Step(work_s=60)))


def test_resources_taken_in_two_orders_are_candidates_and_in_one_they_are_not() -> None:
    both = {"A": Resource(slots=1), "B": Resource(slots=1)}
    a, b = dag("a", Task(task_id="load")), dag("b", Task(task_id="load"))
    crossed = of(a, b, rules=(takes("A", "B"), takes("B", "A")), resources=both)
    assert prove(crossed).candidates == ("a", "b")
    same = Rule(tasks="b.load", needs={"A": 1, "B": 1})
    assert prove(of(a, b, rules=(takes("A", "B"), same), resources=both)).proved == ("a", "b")


def test_what_may_fail_is_not_waited_for_in_a_proof() -> None:
    fails = Rule(tasks="etl.load", fail_share=0.1)
    proof = prove(of(ETL, dag("mart", looks("etl")), rules=(fails,)))
    assert proof.of("etl").verdict == "proved"
    assert proof.of("mart").verdict == "candidate"


def test_faults_that_a_search_may_place_are_counted() -> None:
    scenario = of(ETL, dag("mart", looks("etl")))
    assert prove(scenario).of("mart").verdict == "proved"
    struck = scenario.model_copy(update={"faults_up_to": 1})
    assert prove(struck).of("mart").verdict == "candidate"
    retried = dag("etl", Task(task_id="load", retries=1))
    proof = prove(of(retried, dag("mart", looks("etl")), faults_up_to=1))
    assert proof.of("mart").verdict == "proved"
    assert any("at most 1 tries" in one for one in proof.assumptions)


def test_a_dag_in_which_nothing_waits_is_proved_for_any_window_and_without_a_solver() -> None:
    proof = prove(of(ETL, hours=900))
    assert proof.of("etl").verdict == "proved"
    assert proof.of("etl").digest == ""


def consumer(*tasks: Task) -> Dag:
    return Dag(dag_id="consumer", tasks=tasks, asset_condition="x")


def test_runs_that_come_with_assets_are_proved_where_nothing_waits_and_else_not_covered() -> None:
    assert prove(of(ETL, consumer(Task(task_id="t")))).proved == ("etl", "consumer")
    proof = prove(of(ETL, consumer(looks("etl"))))
    assert why(proof, "consumer") == "runs of consumer come with updates of assets"
    assert proof.of("etl").verdict == "proved"


def test_who_shares_a_pool_that_can_be_full_with_what_is_not_covered_is_not_covered() -> None:
    proof = prove(of(ETL, consumer(looks("etl")), slots=2))
    assert why(proof, "etl") == "it shares pool default_pool with consumer, which is not covered"
    # What waits nowhere keeps nobody waiting for ever.
    assert prove(of(ETL, consumer(Task(task_id="t")), slots=2)).proved == ("etl", "consumer")


def test_who_waits_for_runs_that_nobody_knows_is_not_covered() -> None:
    proof = prove(of(consumer(Task(task_id="load")), dag("mart", looks("consumer"))))
    assert proof.of("consumer").verdict == "proved"
    said = "mart.wait waits for consumer: runs of consumer come with updates of assets"
    assert why(proof, "mart") == said


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (Task(task_id="t", pool="gone"), "a.t is in pool gone, which there isn't"),
        (Task(task_id="t", is_setup=True), "a has setup or teardown tasks"),
        (Task(task_id="t", start_date=START), "tasks of a have dates of their own"),
        (Task(task_id="t", expand=(99,)), "a.t is mapped over 99 items"),
        (
            Task(task_id="t", kind=TriggerDagRun(trigger_dag_id="b", trigger_run_id="x")),
            "a.t triggers a run of a given id or date, which may exist already",
        ),
    ],
)
def test_what_waits_beside_what_is_not_covered_says_why(task: Task, said: str) -> None:
    waits = looks("b", "t")
    assert why(prove(of(dag("a", task, waits), dag("b", Task(task_id="t")))), "a") == said


def test_sensors_and_triggers_for_which_nothing_ever_comes_are_not_covered() -> None:
    a, b = Task(task_id="t", kind=Sensor()), Task(task_id="t", kind=Deferrable())
    never = (Rule(tasks="a.t", true_at_s=None), Rule(tasks="b.t", fire_after_s=None))
    proof = prove(of(dag("a", a), dag("b", b), rules=never))
    assert why(proof, "a") == "a.t waits for something outside that never comes"
    assert why(proof, "b") == "b.t has a trigger that never fires"


def test_limits_of_zero_tasks_keep_what_else_waits_for_nothing_from_being_proved() -> None:
    none_in_a_run = dag("a", Task(task_id="t"), max_active_tasks=0)
    none_of_a_task = dag("b", Task(task_id="t", max_active_tis_per_dag=0))
    assert prove(of(none_in_a_run, none_of_a_task)).candidates == ("a", "b")


def test_triggerers_that_waiting_tasks_can_fill_leave_nothing_proved() -> None:
    load = dag("etl", Task(task_id="load", kind=Deferrable()), max_active_runs=1)
    mart = dag("mart", looks("etl", kind={"deferrable": True}), max_active_runs=1)
    full = Cluster(triggerer_capacity=1)
    proof = prove(Scenario(fleet=Fleet(dags=(load, mart)), cluster=full, start=START))
    said = "tasks that wait can fill the triggerers, which run 1 triggers at once"
    assert why(proof, "etl") == why(proof, "mart") == said
    enough = Cluster(triggerer_capacity=2)
    proof = prove(Scenario(fleet=Fleet(dags=(load, mart)), cluster=enough, start=START))
    assert proof.of("etl").verdict == "proved"


def test_faults_that_are_not_followed_leave_nothing_proved() -> None:
    fault = PoolResized(pool="default_pool", slots=1, at_s=60)
    proof = prove(of(ETL, faults=(fault,)))
    assert why(proof, "etl") == "what the fault pool_resized does is not covered"


def test_manual_runs_of_one_moment_are_told_apart_or_not_found() -> None:
    runs = (ManualRun(dag_id="etl", at_s=7), ManualRun(dag_id="etl", at_s=7))
    etl = dag("etl", Task(task_id="load"), schedule=None)
    mart = dag("mart", looks("etl", kind={"execution_delta_s": -7.0}))
    assert prove(of(etl, mart, manual_runs=runs[:1], hours=1)).of("mart").verdict == "proved"
    assert prove(of(etl, mart, manual_runs=runs, hours=1)).of("mart").verdict == "candidate"


@given(st.integers(0, 10**9))
@examples(40)
def test_no_dag_that_is_proved_ever_takes_part_in_a_deadlock(seed: int) -> None:
    scenario = random_scenario(Random(seed))
    proof = prove(scenario)
    if not proof.proved:
        return
    for one in simulations(scenario, 6):
        for finding in detect(one.scenario, one.trace):
            if finding.code == "WT101":
                parties = (*finding.holding, *finding.waiting)
                stuck = {party.name.split(".")[0] for party in parties}
                assert not stuck & set(proof.proved), (seed, finding.summary)
