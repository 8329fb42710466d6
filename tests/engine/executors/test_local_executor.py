"""LocalExecutor: ``parallelism`` processes; 3.x forgets what it has handed to them."""

from __future__ import annotations

import pytest

from windtunnel.model import (
    Dag,
    LocalSettings,
    ManualRun,
    Pool,
    Rule,
    SchedulerLoop,
    Task,
    TaskLostByExecutor,
)
from windtunnel.trace import store

LOCAL = {"executor": "LocalExecutor", "parallelism": 4}


def test_as_many_run_at_once_as_there_are_processes_first_in_first_out(fly, crowd, starts):
    flight = fly(crowd(10), seconds={"*": 60}, **LOCAL)
    assert starts(flight) == [0] * 4 + [60] * 4 + [120] * 2


def test_3_x_takes_all_that_is_queued_whatever_parallelism_is(fly, crowd, starts):
    assert starts(fly(crowd(10), seconds={"*": 60}, **LOCAL), "queued") == [0] * 10


def test_each_loop_of_3_x_queues_parallelism_more(fly, crowd, starts):
    """4, 8, 12 ...: the executor reports no slot as taken, loop after loop."""
    flight = fly(crowd(12), seconds={"*": 60}, loop=SchedulerLoop(), **LOCAL)
    queued = starts(flight, "queued")
    assert len(queued) == 12
    assert [queued.count(at) for at in sorted(set(queued))] == [4, 4, 4]
    assert queued[-1] < 60


def test_2_x_counts_what_runs(fly, crowd, starts):
    flight = fly(crowd(10), seconds={"*": 60}, profile="airflow-2.11", **LOCAL)
    assert starts(flight, "queued") == [0] * 4 + [60] * 4 + [120] * 2


def test_a_release_that_mends_it_counts_again(fly, crowd, starts):
    mended = LocalSettings(counts_running=True)
    flight = fly(crowd(10), seconds={"*": 60}, local_executor=mended, **LOCAL)
    assert starts(flight, "queued") == [0] * 4 + [60] * 4 + [120] * 2


def test_what_waits_for_a_process_for_longer_than_its_token_lives_fails_without_having_run(
    fly, crowd, starts
):
    """600 s and 10 s of leeway: those whose turn comes at 900 are refused."""
    flight = fly(crowd(16), seconds={"*": 300}, **LOCAL)
    assert starts(flight) == [0] * 4 + [300] * 4 + [600] * 4
    assert starts(flight, "failed") == [900] * 4
    assert "not begun: its token has expired" in flight.trace.reasons.values()
    assert flight.run_states("d") == ["failed"]


def test_a_refused_start_uses_up_a_retry_and_no_more(fly, crowd, starts):
    flight = fly(crowd(5, retries=1, retry_delay_s=0), seconds={"*": 700},
                 **{**LOCAL, "parallelism": 1}, until=1500)  # fmt: skip
    assert starts(flight, "up_for_retry") == [700] * 4
    assert starts(flight)[:2] == [0, 700.000001]


def test_2_x_has_no_token(fly, crowd):
    flight = fly(crowd(16), seconds={"*": 300}, profile="airflow-2.11", **LOCAL)
    assert flight.run_states("d") == ["success"]


def test_nobody_looks_for_what_is_stuck_in_its_queue(fly, crowd, starts):
    """It has no ``revoke_task``; a longer life of the token lets it wait for hours."""
    flight = fly(crowd(2), seconds={"*": 5000}, executor="LocalExecutor", parallelism=1,
                 task_queued_timeout_check_interval_s=10, task_queued_timeout_s=9000)  # fmt: skip
    assert starts(flight, "queued") == [0, 0]
    assert starts(flight) == [0, 5000]


def test_what_is_queued_holds_its_pool_though_it_is_not_counted(fly, crowd, starts):
    flight = fly(crowd(9), seconds={"*": 60}, pools={"default_pool": Pool(slots=6)}, **LOCAL)
    assert starts(flight, "queued") == [0] * 6 + [60] * 3


def test_later_work_of_high_priority_waits_behind_what_is_queued(fly):
    low = Dag(dag_id="low", tasks=(Task(task_id="t", expand=(6,)),), max_active_tasks=100)
    high = Dag(
        dag_id="high",
        tasks=(
            Task(task_id="first"),
            Task(task_id="then", upstream=("first",), priority_weight=99),
        ),
    )
    flight = fly(high, low, seconds={"*": 10}, executor="LocalExecutor", parallelism=1)
    assert flight.span("high.then")[0] == 70, "after the six that were queued before"


def test_the_memory_of_the_host_is_that_of_all_its_processes(fly, crowd, starts):
    flight = fly(
        crowd(3),
        rules=[Rule(tasks="*", duration_s=60, memory_mb=400)],
        local_executor=LocalSettings(memory_mb=1000),
        **LOCAL,
    )
    assert starts(flight, "failed") == [0]


def test_two_schedulers_have_their_processes_each(fly, crowd, starts):
    flight = fly(crowd(10), seconds={"*": 60}, schedulers=2, **LOCAL)
    assert starts(flight) == [0] * 8 + [60] * 2


@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
def test_the_trace_has_a_file_form(fly, crowd, profile):
    trace = fly(crowd(6), seconds={"*": 60}, profile=profile, **LOCAL).trace
    assert list(store.dump(store.parse(store.dump(trace)))) == list(store.dump(trace))


@pytest.mark.parametrize("loop", [None, SchedulerLoop()])
def test_what_it_has_lost_counts_as_little_as_what_runs(fly, one_task, loop):
    flight = fly(
        one_task("lost"),
        one_task("other"),
        runs=["lost", ManualRun(dag_id="other", at_s=50)],
        faults=[TaskLostByExecutor(tasks="lost.*")],
        until=3600,
        loop=loop,
        **{**LOCAL, "parallelism": 1},
    )
    assert [flight.state("lost.t"), flight.state("other.t")] == ["queued", "success"]
