"""Resources: who waits, fails or slows down where tries need more than there is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from windtunnel import api
from windtunnel.model import (
    Dag,
    ExecutorConfig,
    HeartbeatLost,
    ManualRun,
    OneOf,
    Resource,
    ResourceDown,
    ResourceResized,
    Rule,
    Step,
    Task,
    TaskHangs,
    TriggerDagRun,
    WorkerGroup,
    WorkerLost,
)


@pytest.fixture
def fly_with(fly):
    """``fly_with({"db": Resource(slots=2)}, dag, rules=…)``."""

    def fly_with(resources, *dags, **options):
        return fly(*dags, resources=resources, **options)

    return fly_with


def many(count, **options):
    """A DAG of equal tasks."""
    tasks = tuple(Task(task_id=f"t{i:02d}", **options) for i in range(count))
    return Dag(dag_id="d", tasks=tasks, max_active_tasks=1000)


BIG = {"parallelism": 1000, "default_pool_slots": 1000}


def ends(flight, count):
    return [flight.span(f"d.t{i:02d}")[1] for i in range(count)]


def test_whoever_finds_a_resource_full_waits_on_its_worker_in_the_order_in_which_they_came(
    fly_with,
):
    rules = [Rule(tasks="d.*", duration_s=10, needs={"db": 2})]
    flight = fly_with({"db": Resource(slots=4)}, many(5), rules=rules, **BIG)
    assert ends(flight, 5) == [10, 10, 20, 20, 30]
    assert flight.span("d.t04")[0] == 0, "it runs, and holds its slots, while it waits"
    assert ("resource db", 0, 20) in flight.waits("d.t04")


def test_one_that_needs_more_keeps_those_behind_it_waiting(fly_with):
    rules = [
        Rule(tasks="d.t00", duration_s=10, needs={"db": 1}),
        Rule(tasks="d.t01", duration_s=10, needs={"db": 2}),
        Rule(tasks="d.t02", duration_s=10, needs={"db": 1}),
    ]
    flight = fly_with({"db": Resource(slots=2)}, many(3), rules=rules, **BIG)
    assert ends(flight, 3) == [10, 20, 30]


def test_by_priority_the_heaviest_comes_next(fly_with):
    first = Dag(dag_id="a", tasks=(Task(task_id="t", priority_weight=9),))
    rules = [Rule(duration_s=10, needs={"db": 1})]
    light = many(2)
    heavy = Dag(dag_id="e", tasks=(Task(task_id="t", priority_weight=5),))
    runs = ["a", "d", ManualRun(dag_id="e", at_s=5)]
    for order, end in (("first", 40), ("priority", 20)):
        db = Resource(slots=1, order=order)
        flight = fly_with({"db": db}, first, light, heavy, rules=rules, runs=runs)
        assert flight.span("e.t")[1] == end


def test_whoever_finds_it_full_may_fail_and_come_again(fly_with):
    rules = [Rule(tasks="d.*", duration_s=10, needs={"db": 1})]
    db = Resource(slots=1, when_full="fail")
    flight = fly_with({"db": db}, many(3, retries=1, retry_delay_s=15), rules=rules, **BIG)
    assert [flight.state(f"d.t0{i}") for i in range(3)] == ["success", "success", "failed"]
    assert flight.reasons("d.t02") == ["no room: db", "no room: db"]


def test_what_is_shared_goes_slower_the_more_use_it_and_nothing_lies_idle(fly_with):
    rules = [Rule(tasks="d.*", duration_s=2.7, needs={"db": 1})]
    db = Resource(slots=10, when_full="slow")
    flight = fly_with({"db": db}, many(100), rules=rules, **BIG)
    assert ends(flight, 100) == [27] * 100
    flight = fly_with({"db": db}, many(7), rules=rules, **BIG)
    assert ends(flight, 7) == [2.7] * 7


def test_shares_change_when_somebody_comes_or_goes(fly_with):
    rules = [
        Rule(tasks="d.t00", duration_s=3, needs={"db": 1}),
        Rule(tasks="d.t01", duration_s=10, needs={"db": 1}),
        Rule(tasks="d.t02", steps=(Step(work_s=6), Step(acquire="db"), Step(work_s=4))),
    ]
    flight = fly_with({"db": Resource(slots=1, when_full="slow")}, many(3), rules=rules, **BIG)
    # Two share until 6 s (3 s of work each); from then on t01 with its last 7 s and t02 with 4 s.
    assert ends(flight, 3) == [6, 17, 14]


def test_processors_are_shared_on_each_worker_by_itself(fly_with):
    rules = [Rule(tasks="d.*", duration_s=10, cpus=1)]
    workers = (WorkerGroup(count=2, slots=4, cpus=2),)
    flight = fly_with({}, many(6), rules=rules, workers=workers, **BIG)
    assert ends(flight, 6) == [15] * 6
    flight = fly_with({}, many(5), rules=rules, workers=workers, **BIG)
    assert sorted(ends(flight, 5)) == [10, 10, 15, 15, 15]


def test_a_rate_limit_lets_through_so_many_in_a_minute(fly_with):
    rules = [Rule(tasks="d.*", duration_s=1, needs={"api": 1})]
    flight = fly_with({"api": Resource(per_minute=6, burst=2)}, many(5), rules=rules, **BIG)
    assert ends(flight, 5) == [1, 1, 11, 21, 31]
    full = Resource(per_minute=6, burst=2, when_full="fail")
    flight = fly_with({"api": full}, many(5), rules=rules, **BIG)
    assert [flight.state(f"d.t0{i}") for i in range(5)].count("failed") == 3


def test_a_wait_that_takes_too_long_fails(fly_with):
    rules = [Rule(tasks="d.*", duration_s=100, needs={"db": 1})]
    flight = fly_with({"db": Resource(slots=1, wait_at_most_s=30)}, many(3), rules=rules, **BIG)
    assert ends(flight, 3) == [100, 30, 30]
    assert flight.reasons("d.t02") == ["waited too long for db"]


def test_execution_timeout_ends_a_wait_too(fly_with):
    rules = [Rule(tasks="d.*", duration_s=50, needs={"db": 1})]
    dag = many(3, execution_timeout_s=70)
    flight = fly_with({"db": Resource(slots=1)}, dag, rules=rules, **BIG)
    assert [flight.state(f"d.t0{i}") for i in range(3)] == ["success", "failed", "failed"]
    assert ends(flight, 3) == [50, 70, 70]


@pytest.mark.parametrize(
    ("given", "end"),
    [
        (Resource(slots=1), 115),
        (Resource(slots=1, leaks_when=("failed",)), 115),
        (Resource(slots=1, leaks_when=("lost",)), None),
        (Resource(slots=1, leaks_when=("lost",), lease_s=300), 415),
    ],
)
def test_what_a_dead_worker_held_is_given_back_or_not_or_when_its_lease_has_run_out(
    fly_with, given, end
):
    rules = [
        Rule(tasks="a.t", duration_s=1000, needs={"tag": 1}),
        Rule(tasks="b.t", duration_s=60, needs={"tag": 1}),
    ]
    flight = fly_with(
        {"tag": given},
        *[Dag(dag_id=name, tasks=(Task(task_id="t"),)) for name in "ab"],
        rules=rules,
        workers=(WorkerGroup(count=2, slots=1),),
        faults=(WorkerLost(at_s=55),),
        until=10_000,
    )
    assert flight.span("b.t")[1] == end
    waited = ("resource tag", 0, 10_000 if end is None else end - 60)
    assert waited in flight.waits("b.t")


def test_a_process_that_outlives_its_try_keeps_what_it_holds(fly_with):
    rules = [Rule(tasks="*", duration_s=600, needs={"tag": 1})]
    dags = [Dag(dag_id=name, tasks=(Task(task_id="t"),)) for name in "ab"]
    flight = fly_with(
        {"tag": Resource(slots=1)}, *dags, rules=rules, faults=(HeartbeatLost(tasks="a.t"),)
    )
    assert flight.span("a.t")[1] == 310
    assert flight.span("b.t")[1] == 1200


def test_a_run_that_is_ended_by_force_gives_its_locks_back_or_leaks_them(fly_with):
    dag = Dag(dag_id="flow", tasks=(Task(task_id="t"),), dagrun_timeout_s=100)
    other = Dag(dag_id="other", tasks=(Task(task_id="t"),))
    steps = (Step(acquire="lock:x"), Step(work_s=1000))
    rules = [Rule(tasks="flow.t", steps=steps), Rule(tasks="other.t", steps=steps)]
    flight = fly_with({}, dag, other, rules=rules)
    assert flight.span("other.t")[1] == pytest.approx(
        1105, abs=1
    )  # its process hears of it with its next heartbeat
    leaky = {"lock:x": Resource(slots=1, leaks_when=("stopped",))}
    flight = fly_with(leaky, dag, other, rules=rules)
    assert flight.state("other.t") == "running"


def test_two_that_hold_what_the_other_waits_for_are_a_deadlock(scenario):
    one = [Step(acquire="lock:a"), Step(work_s=10), Step(acquire="lock:b"), Step(work_s=10)]
    two = [Step(acquire="lock:b"), Step(work_s=10), Step(acquire="lock:a"), Step(work_s=10)]
    dags = [Dag(dag_id=name, tasks=(Task(task_id="t"),)) for name in ("one", "two", "three")]
    rules = [
        Rule(tasks="one.t", steps=tuple(one)),
        Rule(tasks="two.t", steps=tuple(two)),
        Rule(tasks="three.t", needs={"lock:a": 1}),
    ]
    result = api.simulate(scenario(dags, rules=rules))
    assert result.trace.complete
    (finding,) = [f for f in result.findings if f.code == "WT101"]
    assert {limit.name for limit in finding.limits} == {"resource lock:a", "resource lock:b"}
    assert {party.name for party in finding.holding} == {"one.t", "two.t"}
    assert [party.name for party in finding.waiting] == ["three.t"]
    assert finding.since == result.scenario.start + timedelta(seconds=10)
    same_order = [rules[0], Rule(tasks="two.t", steps=tuple(one)), rules[2]]
    assert not api.simulate(scenario(dags, rules=same_order)).findings


def test_a_circle_that_a_limit_on_waiting_ends_is_seen_before(scenario):
    rules = [
        Rule(
            tasks=f"{name}.t",
            steps=(Step(acquire=first), Step(work_s=10), Step(acquire=second), Step(work_s=1)),
        )
        for name, first, second in (("one", "a", "b"), ("two", "b", "a"))
    ]
    given = {"a": Resource(slots=1, wait_at_most_s=600), "b": Resource(slots=1)}
    dags = [Dag(dag_id=name, tasks=(Task(task_id="t"),)) for name in ("one", "two")]
    result = api.simulate(scenario(dags, rules=rules, resources=given))
    (finding,) = result.findings
    assert finding.code == "WT101"
    assert finding.ended_by == "wait_at_most of two.t"
    assert [result.task(f"{name}.t").state for name in ("one", "two")] == ["success", "failed"]


def test_a_lock_held_while_waiting_for_a_run_that_needs_it_is_a_deadlock(scenario):
    call = TriggerDagRun(trigger_dag_id="child", wait_for_completion=True)
    parent = Dag(dag_id="parent", tasks=(Task(task_id="call", kind=call),))
    child = Dag(dag_id="child", tasks=(Task(task_id="t"),))
    rules = [Rule(needs={"lock:x": 1})]
    result = api.simulate(scenario([parent, child], rules=rules, runs=["parent"]))
    (finding,) = [f for f in result.findings if f.code == "WT101"]
    assert "resource lock:x" in {limit.name for limit in finding.limits}


def test_a_lock_that_nobody_gives_back_is_told_with_who_held_it(scenario):
    dag = Dag(dag_id="flow", tasks=(Task(task_id="t"),), dagrun_timeout_s=100)
    other = Dag(dag_id="other", tasks=(Task(task_id="t", execution_timeout_s=500),))
    rules = [Rule(duration_s=200, needs={"lock:x": 1})]
    lock = Resource(slots=1, leaks_when=("stopped",))
    result = api.simulate(scenario([dag, other], rules=rules, resources={"lock:x": lock}))
    (finding,) = result.findings
    assert finding.code == "WT115"
    assert finding.summary == (
        "1 task waits in vain: resource lock:x was not given back by flow.t of "
        "manual__2026-03-01T00:00:00+00:00, which is over."
    )
    assert [party.name for party in finding.waiting] == ["other.t"]
    assert finding.ended_by == "execution_timeout of other.t"
    leased = lock.model_copy(update={"lease_s": 60})
    assert not api.simulate(
        scenario([dag, other], rules=rules, resources={"lock:x": leased})
    ).findings


def test_somebody_who_will_give_it_back_is_no_deadlock(scenario):
    dags = [Dag(dag_id=name, tasks=(Task(task_id="t"),)) for name in "abc"]
    rules = [Rule(duration_s=50_000, needs={"db": 1})]
    one = scenario(dags, rules=rules, resources={"db": Resource(slots=1)})
    assert not api.simulate(one).findings


def test_what_hangs_keeps_what_it_holds(fly_with):
    rules = [Rule(tasks="*", duration_s=10, needs={"db": 1})]
    dags = [Dag(dag_id=name, tasks=(Task(task_id="t"),)) for name in "ab"]
    flight = fly_with(
        {"db": Resource(slots=1)}, *dags, rules=rules, faults=(TaskHangs(tasks="a.t"),)
    )
    assert flight.state("b.t") == "running"


@pytest.mark.parametrize(
    ("resources", "needs", "said"),
    [
        ({"warehouse": Resource(slots=2)}, {"warehose": 1}, "did you mean 'warehouse'"),
        ({"warehouse": Resource(slots=2)}, {"warehouse": 3}, "which has 2"),
        ({}, {"db": 1}, "there are: none"),
    ],
)
def test_a_resource_that_is_not_there_or_too_small_is_an_error(scenario, resources, needs, said):
    with pytest.raises(ValidationError, match=said):
        scenario([], rules=[Rule(tasks="etl.*", needs=needs)], resources=resources)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs slots, or per_minute"),
        ({"per_minute": 5, "when_full": "slow"}, "is for slots"),
        ({"per_minute": 5, "when_full": "exceed"}, "is for slots"),
        ({"slots": 1, "renewed": False}, "there is none"),
    ],
)
def test_a_resource_that_says_nothing_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        Resource(**given)


# -- memory and processors ------------------------------------------------------------------------


def test_a_worker_out_of_memory_may_die_as_a_whole_and_another_one_takes_its_place(fly):
    rules = [
        Rule(tasks="d.t00", duration_s=1000, memory_mb=300),
        Rule(tasks="d.t01", duration_s=1000, memory_mb=800),
        Rule(tasks="d.t02", duration_s=10),
    ]
    for what, states in (
        ("kill largest", ["success", "failed", "success"]),
        ("worker lost", ["failed", "failed", "success"]),
    ):
        group = WorkerGroup(slots=2, memory_mb=1000, when_out_of_memory=what)
        flight = fly(many(3), rules=rules, workers=(group,), **BIG)
        assert [flight.state(f"d.t{i:02d}") for i in range(3)] == states
    assert flight.reasons("d.t00") == ["no heartbeat"]


@pytest.mark.parametrize("duration_s", [60, 1000])
def test_a_try_on_a_dead_worker_never_succeeds_however_soon_it_would_have_ended(fly, duration_s):
    """Nothing is heard of it until its heartbeat is too old."""
    group = WorkerGroup(memory_mb=1000, when_out_of_memory="worker lost")
    large = Rule(tasks="d.t00", duration_s=duration_s, memory_mb=2000)
    flight = fly(many(1), rules=[large], workers=(group,))
    assert flight.history("d.t00")[-1] == (310, "failed")
    assert flight.reasons("d.t00") == ["no heartbeat"]


def test_executor_config_says_what_a_try_needs_where_no_rule_does(fly):
    asks = ExecutorConfig(request_memory_mb=600, request_cpus=1)
    dag = many(2, executor_config=asks)
    group = WorkerGroup(memory_mb=1000)
    flight = fly(dag, workers=(group,), **BIG)
    assert [flight.state(f"d.t0{i}") for i in range(2)] == ["success", "failed"]
    flight = fly(dag, rules=[Rule(memory_mb=400)], workers=(group,), **BIG)
    assert [flight.state(f"d.t0{i}") for i in range(2)] == ["success", "success"]
    flight = fly(dag, workers=(WorkerGroup(cpus=1),), **BIG)
    assert ends(flight, 2) == [120, 120]
    flight = fly(dag, rules=[Rule(cpus=0.5)], workers=(WorkerGroup(cpus=1),), **BIG)
    assert ends(flight, 2) == [60, 60]


def test_memory_may_be_drawn_for_each_try(fly):
    dag = many(8, retries=20, retry_delay_s=0)
    group = WorkerGroup(slots=1, memory_mb=1000)
    flight = fly(dag, rules=[Rule(memory_mb=OneOf(values=(900, 1100)))], workers=(group,), **BIG)
    tries = [flight.task(f"d.t0{i}").try_number for i in range(8)]
    assert min(tries) == 1
    assert max(tries) > 1
    assert {flight.state(f"d.t0{i}") for i in range(8)} == {"success"}


# -- faults of resources --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waits", "ended", "why"), [(False, 100, ["no room: db"]), (True, 310, [])]
)
def test_while_a_resource_is_down_whoever_needs_it_fails_or_waits(fly_with, waits, ended, why):
    dags = [Dag(dag_id=name, tasks=(Task(task_id="t"),)) for name in ("early", "late")]
    rules = [Rule(tasks="early.t", duration_s=200, needs={"db": 1}), Rule(needs={"db": 1})]
    flight = fly_with(
        {"db": Resource(slots=5)},
        *dags,
        rules=rules,
        runs=["early", ManualRun(dag_id="late", at_s=100)],
        faults=[ResourceDown(resource="db", at_s=50, for_s=200, waits=waits)],
    )
    assert flight.span("early.t") == (0, 200), "who has it keeps it"
    assert flight.span("late.t")[1] == ended
    assert flight.reasons("late.t") == why


def test_a_resource_that_shrinks_makes_others_wait_until_it_has_its_size_again(fly_with):
    rules = [Rule(duration_s=10, needs={"db": 1})]
    fault = ResourceResized(resource="db", slots=1, at_s=0, for_s=15)
    flight = fly_with({"db": Resource(slots=4)}, many(5), rules=rules, faults=[fault], **BIG)
    assert ends(flight, 5) == [10, 20, 25, 25, 25]
