"""Workers: slots are taken in order of hand-over, per queue, and given back."""

from __future__ import annotations

from itertools import pairwise

import pytest

from windtunnel.model import Dag, LocalSettings, Rule, Sample, Task, WorkerGroup


@pytest.fixture
def fan():
    """``fan("etl", 4)``: a DAG of that many independent tasks ``t0``, ``t1``, …"""

    def fan(dag_id, count, **options):
        return Dag(
            dag_id=dag_id,
            tasks=tuple(Task(task_id=f"t{i}", **options) for i in range(count)),
        )

    return fan


def group(slots, *queues, count=1):
    return WorkerGroup(slots=slots, count=count, queues=queues or ("default",))


def test_without_worker_groups_every_queued_task_starts_at_once(fly, fan):
    flight = fly(fan("etl", 6), seconds={"*": 60})
    assert flight.trace.complete
    assert [flight.span(f"etl.t{i}") for i in range(6)] == [(0, 60)] * 6


def test_tasks_start_first_in_first_out_as_slots_become_free(fly, fan):
    seconds = {"etl.t0": 10, "etl.t1": 25, "*": 20}
    flight = fly(fan("etl", 5), seconds=seconds, workers=(group(2),))
    assert [flight.span(f"etl.t{i}") for i in range(5)] == [
        (0, 10),
        (0, 25),
        (10, 30),
        (25, 45),
        (30, 50),
    ]


def test_several_workers_of_a_group_add_their_slots(fly, fan):
    flight = fly(fan("etl", 7), seconds={"*": 60}, workers=(group(2, count=3),))
    assert [flight.span(f"etl.t{i}")[0] for i in range(7)] == [0, 0, 0, 0, 0, 0, 60]


def test_a_busy_queue_does_not_hold_up_another_one(fly, fan):
    flight = fly(
        fan("slow", 3, queue="slow"),
        fan("quick", 1),
        seconds={"slow.*": 100, "quick.t0": 5},
        workers=(group(1, "slow"), group(1)),
    )
    assert flight.span("quick.t0") == (0, 5)
    assert [flight.span(f"slow.t{i}")[0] for i in range(3)] == [0, 100, 200]


def test_a_worker_that_serves_two_queues_takes_the_oldest_of_both(fly):
    chain = (
        Task(task_id="a", queue="x"),
        Task(task_id="b", queue="x"),
        Task(task_id="c", queue="y"),
        Task(task_id="d", queue="x"),
    )
    both = (group(1, "y", "x"),)
    flight = fly(Dag(dag_id="mix", tasks=chain), seconds={"*": 10}, workers=both)
    assert [flight.span(f"mix.{t}")[0] for t in "abcd"] == [0, 10, 20, 30]


def test_a_queue_that_nobody_serves_waits_while_others_run(fly, fan):
    flight = fly(
        fan("orphan", 1, queue="gpu"),
        fan("etl", 1),
        seconds={"*": 5},
        workers=(group(1),),
        until=500,
    )
    assert flight.history("orphan.t0") == [(0, "scheduled"), (0, "queued")]
    assert flight.span("etl.t0") == (0, 5)


@pytest.mark.parametrize("outcome", ["success", "fail", "skip", "fail_no_retry"])
def test_a_slot_is_given_back_however_the_try_ends(fly, fan, outcome):
    rules = [Rule(tasks="etl.t0", outcome=outcome, duration_s=10)]
    flight = fly(fan("etl", 2), rules=rules, seconds={"*": 10}, workers=(group(1),))
    assert flight.span("etl.t1") == (10, 20)


def test_a_slot_is_free_during_a_retry_delay(fly, fan):
    rules = [Rule(tasks="etl.t0", outcome="fail", duration_s=10)]
    dag = Dag(
        dag_id="etl",
        tasks=(Task(task_id="t0", retries=1, retry_delay_s=100), Task(task_id="t1")),
    )
    flight = fly(dag, rules=rules, seconds={"*": 40}, workers=(group(1),))
    assert flight.span("etl.t1") == (10, 50)
    assert flight.times("etl.t0", "running") == [0, 110.000001], "strictly after the delay"


def test_an_execution_timeout_gives_the_slot_back(fly):
    dag = Dag(
        dag_id="etl",
        tasks=(Task(task_id="hang", execution_timeout_s=30), Task(task_id="next")),
    )
    flight = fly(dag, seconds={"etl.hang": 9999, "etl.next": 5}, workers=(group(1),))
    assert flight.state("etl.hang") == "failed"
    assert flight.reasons("etl.hang") == ["execution_timeout"]
    assert flight.span("etl.next") == (30, 35)


def test_a_dagrun_timeout_takes_its_tasks_off_the_workers_and_out_of_their_queue(fly, fan):
    """The run must be older than its timeout, so it ends a microsecond after it."""
    timed = fan("early", 2).model_copy(update={"dagrun_timeout_s": 50.0})
    flight = fly(
        timed,
        fan("etl", 1),
        seconds={"early.*": 1000, "etl.t0": 5},
        workers=(group(1),),
    )
    assert [flight.state(f"early.t{i}") for i in range(2)] == ["skipped", "skipped"]
    assert flight.span("etl.t0") == (50.000001, 55.000001)


def test_queued_tasks_hold_their_pool_while_they_wait_for_a_worker(fly, fan):
    flight = fly(
        fan("a", 2),
        fan("b", 1, queue="other"),
        seconds={"*": 10},
        default_pool_slots=2,
        workers=(group(1), group(1, "other")),
    )
    assert flight.times("b.t0", "queued") == [10]


def test_a_slot_is_free_only_when_the_process_of_its_task_is_gone(fly, fan):
    slow_to_go = WorkerGroup(slots=2, end_s=5.0)
    flight = fly(fan("etl", 3), seconds={"etl.t0": 10, "*": 20}, workers=(slow_to_go,))
    assert [flight.span(f"etl.t{i}") for i in range(3)] == [(0, 10), (0, 20), (15, 35)]
    assert flight.trace.dag_runs()[0].ended_us == 35_000_000  # nobody waits for a process to go


def test_how_long_processes_need_to_go_is_drawn_for_each_try(fly, fan):
    group = WorkerGroup(slots=1, end_s=Sample(values_s=(1.0, 4.0)))
    flight = fly(fan("etl", 20), seconds={"*": 10}, workers=(group,))
    starts = [flight.span(f"etl.t{i}")[0] for i in range(20)]
    gaps = {later - earlier - 10 for earlier, later in pairwise(starts)}
    assert gaps == {1, 4}


def test_processes_beside_the_scheduler_need_a_while_to_go_too(fly, fan):
    flight = fly(
        fan("etl", 2, retries=1),
        seconds={"*": 10},
        rules=[Rule(tasks="etl.t0", outcome=("fail", "success"), duration_s=10)],
        executor="LocalExecutor",
        parallelism=1,
        local_executor=LocalSettings(end_s=3.0),
    )
    assert flight.span("etl.t1") == (13, 23)
    assert not flight.trace.strays
