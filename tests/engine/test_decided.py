"""What is drawn for each run: which way a branch goes, how many items it has, how a try fails."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from flight import Flight
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Branch,
    Cluster,
    Dag,
    Deferrable,
    Every,
    Fleet,
    Odds,
    OneOf,
    Rule,
    Sample,
    Scenario,
    ShortCircuit,
    Task,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
RUNS = 200


def results(*tasks, rules, seed=1):
    """Runs of a DAG, one a minute."""
    dag = Dag(
        dag_id="d",
        tasks=tasks,
        schedule=Every(seconds=60),
        start_date=START,
        catchup=True,
        max_active_runs=50,
    )
    scenario = Scenario(
        fleet=Fleet(dags=(dag,)),
        cluster=Cluster(parallelism=999, default_pool_slots=999, max_active_tasks_per_dag=999),
        behavior=Behavior(rules=rules, default_duration_s=1),
        start=START,
        duration_s=60 * RUNS,
        seed=seed,
    )
    return Flight(scenario, simulate(scenario))


def states(result, name):
    return Counter(result.states_of(name))


ARMS = (
    Task(task_id="choose", kind=Branch()),
    Task(task_id="left", upstream=("choose",)),
    Task(task_id="right", upstream=("choose",)),
)


def test_a_branch_goes_each_way_as_often_as_its_shares_say():
    rule = Rule(tasks="d.choose", follow_shares={"left": 0.7, "left, right": 0.1})
    result = results(*ARMS, rules=(rule,))
    left, right = states(result, "d.left"), states(result, "d.right")
    assert left["success"] == pytest.approx(0.8 * RUNS, abs=0.1 * RUNS)
    assert right["success"] == pytest.approx(0.1 * RUNS, abs=0.08 * RUNS)
    assert left["skipped"] + left["success"] == right["skipped"] + right["success"]


def test_a_sure_way_is_always_gone():
    result = results(*ARMS, rules=(Rule(tasks="d.choose", follow_shares={"right": 1}),))
    assert set(states(result, "d.left")) == {"skipped"}
    assert set(states(result, "d.right")) == {"success"}


def test_a_short_circuit_is_true_as_often_as_its_share_says():
    tasks = Task(task_id="any", kind=ShortCircuit()), Task(task_id="work", upstream=("any",))
    result = results(*tasks, rules=(Rule(tasks="d.any", condition_share=0.25),))
    assert states(result, "d.work")["success"] == pytest.approx(0.25 * RUNS, abs=0.1 * RUNS)


def test_each_run_has_as_many_items_as_one_of_the_lengths():
    tasks = Task(task_id="names"), Task(task_id="each", upstream=("names",), expand=("names",))
    result = results(*tasks, rules=(Rule(tasks="d.names", length=OneOf(values=(1, 4))),))
    counts = Counter(one.run for one in result.all_of("d.each") if one.state == "success")
    assert set(counts.values()) == {1, 4}


def test_a_try_that_fails_takes_its_own_time():
    rule = Rule(duration_s=30, fails_after_s=2, outcomes=Odds(fail_no_retry=0.5))
    result = results(Task(task_id="t"), rules=(rule,))
    took = {
        (one.state, round((one.ended_us - one.started_us) / 1e6))
        for one in result.all_of("d.t")
        if one.ended_us is not None
    }
    assert took == {("failed", 2), ("success", 30)}


def test_a_trigger_fires_after_a_time_that_is_drawn_and_so_is_the_work_after_it():
    rule = Rule(
        duration_s=1,
        fire_after_s=Sample(values_s=(10, 20)),
        resume_duration_s=Sample(values_s=(3, 5)),
    )
    result = results(Task(task_id="t", kind=Deferrable()), rules=(rule,))
    took = {
        round(result.times("d.t", "success", run)[0] - result.times("d.t", "running", run)[0])
        for run in range(RUNS // 2)
    }
    assert took == {1 + 10 + 3, 1 + 10 + 5, 1 + 20 + 3, 1 + 20 + 5}


def test_what_is_drawn_differs_with_the_seed_and_with_nothing_else():
    rule = Rule(tasks="d.choose", follow_shares={"left": 0.5, "right": 0.5})

    def followed(seed, *more):
        result = results(*ARMS, *more, rules=(rule,), seed=seed)
        return result.states_of("d.left")

    assert followed(1) == followed(1, Task(task_id="other"))
    assert followed(1) != followed(2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"follow_shares": {"a": 0.7, "b": 0.5}},
        {"follow_shares": {"a": 0.7}, "follow": ("b",)},
        {"condition_share": 1.5},
    ],
)
def test_shares_that_can_not_be_are_refused(wrong):
    with pytest.raises(ValidationError):
        Rule(**wrong)


def test_joins_behind_a_branch_know_every_way_it_goes():
    sure = Rule(follow_shares={"left": 0.5, "right": 0.5})
    perhaps = Rule(follow_shares={"left": 0.5})
    assert sure.follows == (("left",), ("right",))
    assert perhaps.follows == (("left",), ())
    assert Rule().follows is None
    assert Rule(follow=None).follows == ((),)
