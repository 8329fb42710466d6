"""Steps: what a try does one thing after the other, and what the trace keeps of it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from windtunnel.model import (
    Dag,
    Deferrable,
    ExternalTaskSensor,
    HeartbeatLost,
    LogNormal,
    Odds,
    Rule,
    Step,
    Task,
    TaskFails,
    TaskHangs,
    TaskIsSlow,
    TriggerDagRun,
    WorkerGroup,
    WorkerLost,
    XComBackend,
)


def touches(flight, name, run=0):
    """(second, try, what, data set) of one task instance."""
    ti = flight.task(name, run).index
    return [
        (at / 1e6, number, what.label, dataset)
        for at, who, number, what, dataset in flight.trace.touches
        if who == ti
    ]


@pytest.fixture
def steps(fly, one_task):
    """Simulates one task ``d.t`` with these steps."""

    def steps(*given, faults=(), rule=None, dags=(), **options):
        rules = [Rule(tasks="d.t", steps=given, **(rule or {}))]
        task = {k: options.pop(k) for k in list(options) if k in Task.model_fields}
        return fly(one_task("d", **task), *dags, rules=rules, faults=faults, **options)

    return steps


def test_steps_follow_each_other_and_work_takes_its_time(steps):
    flight = steps(
        Step(work_s=30),
        Step(read="table.a"),
        Step(work_s=5, write="table.b"),
        Step(append="log"),
        Step(work_s=10),
    )
    assert flight.span("d.t") == (0, 45)
    assert touches(flight, "d.t") == [
        (30, 1, "read begins", "table.a"),
        (30, 1, "read ends", "table.a"),
        (30, 1, "write begins", "table.b"),
        (35, 1, "write ends", "table.b"),
        (35, 1, "append begins", "log"),
        (35, 1, "append ends", "log"),
    ]


def test_no_steps_at_all_take_no_time(steps):
    assert steps().span("d.t") == (0, 0)


def test_a_write_that_a_timeout_ends_is_cut_and_begins_anew_with_the_retry(steps):
    flight = steps(
        Step(append="loading", work_s=60),
        Step(write="final", work_s=600),
        execution_timeout_s=300,
        retries=1,
        retry_delay_s=40,
    )
    assert flight.state("d.t") == "failed"
    assert touches(flight, "d.t") == [
        (0, 1, "append begins", "loading"),
        (60, 1, "append ends", "loading"),
        (60, 1, "write begins", "final"),
        (300, 1, "write cut", "final"),
        (pytest.approx(340, abs=1e-5), 2, "append begins", "loading"),
        (pytest.approx(400, abs=1e-5), 2, "append ends", "loading"),
        (pytest.approx(400, abs=1e-5), 2, "write begins", "final"),
        (pytest.approx(640, abs=1e-5), 2, "write cut", "final"),
    ]


def test_names_are_filled_in_so_that_each_run_has_a_partition_of_its_own(steps):
    flight = steps(Step(write="{dag}/{run}/{task}"), Step(acquire="lock:{run}"))
    run = flight.trace.dag_runs()[0].run
    assert [dataset for *_, dataset in touches(flight, "d.t")] == [f"d/{run}/t"] * 2


def test_a_step_that_defers_leaves_the_worker_and_goes_on_where_it_was(steps):
    flight = steps(Step(work_s=10), Step(defer_s=600), Step(work_s=20), Step(write="out"))
    assert flight.history("d.t")[-5:] == [
        (10, "deferred"),
        (610, "scheduled"),
        (610, "queued"),
        (610, "running"),
        (630, "success"),
    ]
    assert flight.task("d.t").try_number == 1


def test_a_lock_is_kept_through_a_deferral_and_what_was_needed_is_not(fly, one_task):
    rules = [
        Rule(
            tasks="a.t",
            steps=(Step(acquire="lock:a"), Step(defer_s=600), Step(work_s=20)),
            needs={"lock:b": 1},
        ),
        Rule(tasks="b.t", duration_s=5, needs={"lock:a": 1}),
        Rule(tasks="c.t", duration_s=5, needs={"lock:b": 1}),
    ]
    flight = fly(one_task("a"), one_task("b"), one_task("c"), rules=rules)
    assert flight.span("c.t")[1] == 5
    assert flight.span("a.t")[1] == 620
    assert flight.span("b.t")[1] == 625


def test_an_operator_that_defers_does_so_after_its_steps(steps):
    flight = steps(
        Step(work_s=10), kind=Deferrable(), rule={"fire_after_s": 50, "resume_duration_s": 7}
    )
    assert flight.times("d.t", "deferred") == [10]
    assert flight.span("d.t")[1] == 67


def test_a_step_triggers_a_run_and_does_not_wait_for_it(steps, one_task):
    flight = steps(
        Step(work_s=10), Step(trigger="child"), Step(work_s=5), dags=[one_task("child")],
        runs=["d"],
    )  # fmt: skip
    assert flight.span("d.t")[1] == 15
    assert flight.span("child.t")[0] == 10


def test_an_operator_that_triggers_does_so_after_its_steps(steps, one_task):
    flight = steps(
        Step(work_s=10), kind=TriggerDagRun(trigger_dag_id="child"), dags=[one_task("child")],
        runs=["d"],
    )  # fmt: skip
    assert flight.span("child.t")[0] == 10
    assert flight.state("d.t") == "success"


def test_a_step_may_fail_and_what_follows_is_not_done(steps):
    flight = steps(Step(work_s=3), Step(fail=1), Step(write="out"), retries=1, retry_delay_s=0)
    assert flight.state("d.t") == "failed"
    assert flight.reasons("d.t") == ["step 2 fails", "step 2 fails"]
    assert touches(flight, "d.t") == []


def test_about_so_many_tries_fail_as_the_probability_says(fly):
    dag = Dag(dag_id="d", tasks=(Task(task_id="t", expand=(400,)),))
    flight = fly(dag, rules=[Rule(steps=(Step(fail=0.25),))])
    failed = sum(ti.state == "failed" for ti in flight.all_of("d.t"))
    assert 70 < failed < 130


def test_work_that_somebody_has_done_is_left_out_or_ends_the_try(fly, one_task):
    rules = [
        Rule(tasks="a.t", steps=(Step(work_s=60, unless="cache"), Step(write="cache"))),
        Rule(tasks="b.t", steps=(Step(work_s=100), Step(work_s=60, unless="cache"))),
        Rule(tasks="c.t", steps=(Step(work_s=100), Step(done_if="cache"), Step(work_s=60))),
        Rule(tasks="e.t", steps=(Step(done_if="cache"), Step(work_s=60))),
    ]
    flight = fly(*[one_task(name) for name in "abce"], rules=rules)
    assert [flight.span(f"{name}.t")[1] for name in "abce"] == [60, 100, 100, 60]


def test_an_xcom_that_the_backend_does_not_take_fails_the_try_after_its_work(steps):
    flight = steps(Step(work_s=10), Step(push=70_000), xcom=XComBackend(max_bytes=65_535))
    assert flight.span("d.t") == (0, 10)
    (reason,) = flight.reasons("d.t")
    assert reason.startswith("XCom 'return_value' of d.t has 70,000 bytes")
    assert steps(Step(work_s=10), Step(push=60_000)).state("d.t") == "success"


def test_pushing_takes_as_long_as_the_backend_needs_for_it(steps):
    slow = XComBackend(push_mb_per_s=2)
    assert steps(Step(push=40 * 1024**2), xcom=slow).span("d.t") == (0, 20)


def test_a_release_lets_the_next_one_in_before_the_try_is_over(fly, one_task):
    one = (Step(acquire="lock:x"), Step(work_s=10), Step(release="lock:x"), Step(work_s=50))
    flight = fly(one_task("a"), one_task("b"), rules=[Rule(steps=one)])
    assert flight.span("a.t")[1] == 60
    assert flight.span("b.t")[1] == 70


def test_faults_strike_tries_with_steps_as_others(steps):
    work = (Step(work_s=10), Step(read="a", work_s=10))
    assert steps(*work, faults=[TaskIsSlow(tasks="d.t", factor=3)]).span("d.t")[1] == 60
    assert steps(*work, faults=[TaskFails(tasks="d.t")]).state("d.t") == "failed"
    assert steps(*work, faults=[TaskHangs(tasks="d.t")], execution_timeout_s=70).span("d.t") == (
        0,
        70,
    )


def test_a_task_that_fails_early_does_not_do_the_steps_that_follow(steps):
    work = (Step(work_s=10), Step(read="a", work_s=10), Step(write="b"))
    flight = steps(*work, faults=[TaskFails(tasks="d.t", after_s=15)])
    assert flight.span("d.t") == (0, 15)
    assert flight.state("d.t") == "failed"
    assert touches(flight, "d.t")[-1] == (15, 1, "read cut", "a")


def test_a_worker_that_dies_cuts_what_was_being_written(steps):
    flight = steps(
        Step(write="a", work_s=100),
        faults=[WorkerLost(at_s=40, for_s=10)],
        workers=(WorkerGroup(),),
        retries=1,
    )
    assert touches(flight, "d.t")[:2] == [
        (0, 1, "write begins", "a"),
        (40, 1, "write cut", "a"),
    ]


def test_a_process_that_outlives_its_try_writes_beside_the_retry(steps):
    flight = steps(
        Step(work_s=700),
        Step(write="a"),
        faults=[HeartbeatLost(tasks="d.t", tries=(1,))],
        retries=1,
        retry_delay_s=60,
    )
    ends = [(at, number) for at, number, what, _ in touches(flight, "d.t") if "ends" in what]
    assert ends == [(700, 1), (pytest.approx(1070, abs=1e-4), 2)]


def test_work_may_be_drawn_and_is_the_same_for_the_same_seed(steps):
    work = Step(work_s=LogNormal(median_s=60, sigma=0.5))
    spans = [steps(work, seed=seed).span("d.t")[1] for seed in (1, 1, 2)]
    assert spans[0] == spans[1] != spans[2]
    two = steps(work, work, seed=1).span("d.t")[1]
    assert two != 2 * spans[0], "each step has a draw of its own"


def test_a_try_with_steps_may_end_in_any_way_when_they_are_done(steps):
    rule = {"outcomes": Odds(skip=1)}
    assert steps(Step(work_s=5), rule=rule).state("d.t") == "skipped"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "does nothing"),
        ({"read": "a", "write": "b"}, "not read and write"),
        ({"acquire": "a", "work_s": 5}, "work goes with read, write and append"),
        ({"read": "a", "slots": 2}, "slots go with acquire and release"),
        ({"write": "out/{date}"}, "{date} is nothing that can be filled in"),
    ],
)
def test_a_step_that_does_not_do_one_thing_is_refused(given, said):
    with pytest.raises(ValidationError, match=said.replace("{", r"\{").replace("}", r"\}")):
        Step(**given)


def test_a_rule_has_steps_or_a_duration_and_not_both():
    with pytest.raises(ValidationError, match="leave duration out"):
        Rule(steps=(Step(work_s=1),), duration_s=5)


def test_a_sensor_at_the_steps_of_its_second_look_has_a_timeout_that_is_a_date(fly, one_task):
    kind = ExternalTaskSensor(external_dag_id="b", mode="reschedule", timeout_s=3600)
    rule = Rule(tasks="a.wait", steps=(Step(work_s=60),))
    flight = fly(
        one_task("a", "wait", kind=kind), one_task("b"), rules=[rule], runs=["a"], until=150
    )
    (waits,) = [actor for actor in flight.trace.snapshots[-1].actors if actor.task_id == "wait"]
    assert flight.state("a.wait") == "running"
    assert waits.gives_up_us is not None
    assert 3600 <= waits.gives_up_us / 1e6 < 4000
