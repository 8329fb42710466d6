"""Faults: what each of them does to a small fleet, instant by instant."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    BrokerDown,
    Cleared,
    Cluster,
    Dag,
    DagPaused,
    Deferrable,
    Every,
    Fleet,
    HeartbeatLost,
    LateData,
    ManualRun,
    Pool,
    PoolResized,
    Rule,
    Scenario,
    SchedulerDown,
    Sensor,
    Task,
    TaskFails,
    TaskHangs,
    TaskIsSlow,
    TaskLostByExecutor,
    TriggererDown,
    WorkerGroup,
    WorkerLost,
    WorkersDrained,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
S = 1_000_000


def fly(*faults, tasks=None, dag=None, cluster=None, behavior=None, duration_s=7200, seed=0):
    """One manual run of ``d`` at 0 (unless it has a schedule), tasks of 60 s."""
    dag = dag or Dag(dag_id="d", tasks=tasks or (Task(task_id="t"),))
    scenario = Scenario(
        fleet=Fleet(dags=(dag,)),
        cluster=cluster or Cluster(),
        behavior=behavior or Behavior(default_duration_s=60.0),
        start=START,
        duration_s=duration_s,
        manual_runs=() if dag.schedule else (ManualRun(dag_id="d", run_id="m"),),
        faults=faults,
        seed=seed,
    )
    return simulate(scenario)


def states(trace, task="t", map_index=-1):
    """(second, state) of one task instance."""
    return [
        (e.at_us / S, e.state)
        for e in trace.events()
        if e.task_id == task and e.map_index == map_index
    ]


def final(trace):
    return {ti.task_id: ti.state for ti in trace.task_instances()}


def moments(trace, state, task="t"):
    return [at for at, now in states(trace, task) if now == state]


def test_a_task_fails_on_the_named_try_and_its_retry_succeeds():
    retried = Task(task_id="t", retries=2, retry_delay_s=10)
    trace = fly(TaskFails(tasks="d.t", tries=(1,)), tasks=(retried,))
    assert moments(trace, "up_for_retry") == [60]
    assert final(trace) == {"t": "success"}


def test_without_retries_it_fails_for_good_and_so_does_what_needs_it():
    tasks = (Task(task_id="t"), Task(task_id="u", upstream=("t",)))
    trace = fly(TaskFails(tasks="*.t"), tasks=tasks)
    assert final(trace) == {"t": "failed", "u": "upstream_failed"}


def test_a_failure_that_is_not_retryable_ignores_retries():
    trace = fly(
        TaskFails(tasks="*", retryable=False, after_s=5), tasks=(Task(task_id="t", retries=3),)
    )
    assert states(trace)[-1] == (5, "failed")


def test_a_failure_strikes_only_tries_that_begin_in_its_window():
    tasks = (Task(task_id="t"), Task(task_id="u", upstream=("t",)))
    assert final(fly(TaskFails(tasks="*", at_s=30, for_s=60), tasks=tasks)) == {
        "t": "success",
        "u": "failed",
    }


def test_a_probability_is_drawn_for_each_try_from_the_seed():
    tasks = tuple(Task(task_id=f"t{i}") for i in range(200))
    dag = Dag(dag_id="d", tasks=tasks, max_active_tasks=200)
    fault = TaskFails(tasks="*", probability=0.3)
    cluster = Cluster(parallelism=200, default_pool_slots=-1)
    first, same, other = (
        final(fly(fault, dag=dag, cluster=cluster, seed=seed)) for seed in (1, 1, 2)
    )
    failed = sum(state == "failed" for state in first.values())
    assert 35 <= failed <= 85
    assert first == same != other


def test_a_hanging_task_is_ended_by_execution_timeout_and_retried():
    task = Task(task_id="t", execution_timeout_s=300, retries=1, retry_delay_s=0)
    trace = fly(TaskHangs(tasks="d.t", tries=(1,)), tasks=(task,))
    assert moments(trace, "up_for_retry") == [300]
    assert final(trace) == {"t": "success"}


def test_a_hanging_task_without_execution_timeout_runs_until_its_run_times_out():
    dag = Dag(dag_id="d", tasks=(Task(task_id="t"),), dagrun_timeout_s=600)
    trace = fly(TaskHangs(tasks="d.t"), dag=dag)
    assert moments(trace, "running") == [0]
    assert states(trace)[-1] == (600.000001, "skipped")


def test_a_slow_task_takes_a_multiple():
    assert moments(fly(TaskIsSlow(tasks="d.t", factor=2.5)), "success") == [150]


def test_late_data_keeps_a_sensor_waiting():
    sensor = Task(task_id="t", kind=Sensor(mode="reschedule", poke_interval_s=60))
    behavior = Behavior(rules=(Rule(tasks="d.t", true_at_s=100, duration_s=1),))
    on_time = fly(tasks=(sensor,), behavior=behavior)
    late = fly(LateData(tasks="d.*", by_s=600), tasks=(sensor,), behavior=behavior)
    assert moments(on_time, "success")[0] < 170
    assert 700 <= moments(late, "success")[0] < 770


# -- workers ----------------------------------------------------------------------------------

TWO = Cluster(workers=(WorkerGroup(name="w", count=2, slots=1),))


def test_a_lost_worker_is_noticed_by_the_heartbeat_timeout_and_its_task_retried():
    """Lost at 20; no heartbeat for 300 s is seen by the sweep at 330."""
    task = Task(task_id="t", retries=1, retry_delay_s=0)
    trace = fly(WorkerLost(at_s=20), tasks=(task,), cluster=TWO)
    assert states(trace)[:5] == [
        (0, "scheduled"), (0, "queued"), (0, "running"), (330, "up_for_retry"),
        (330.000001, "scheduled"),
    ]  # fmt: skip
    assert final(trace) == {"t": "success"}


def test_an_executor_that_tells_of_the_loss_saves_the_wait():
    task = Task(task_id="t", retries=1, retry_delay_s=0)
    trace = fly(WorkerLost(at_s=20, noticed="at once"), tasks=(task,), cluster=TWO)
    assert moments(trace, "up_for_retry") == [20]


def test_a_lost_worker_takes_its_slots_with_it():
    tasks = tuple(Task(task_id=f"t{i}") for i in range(4))
    cluster = Cluster(workers=(WorkerGroup(count=2, slots=2),), task_queued_timeout_s=9000)
    trace = fly(WorkerLost(at_s=0), tasks=tasks, cluster=cluster)
    assert sorted(moments(trace, "running", f"t{i}")[0] for i in range(4)) == [0, 0, 60, 60]


def test_after_the_outage_new_workers_take_what_is_queued():
    tasks = tuple(Task(task_id=f"t{i}") for i in range(2))
    cluster = Cluster(workers=(WorkerGroup(count=1, slots=1),), task_queued_timeout_s=9000)
    trace = fly(WorkerLost(at_s=90, for_s=1000, noticed="at once"), tasks=tasks, cluster=cluster)
    assert final(trace) == {"t0": "success", "t1": "failed"}
    retried = tuple(Task(task_id=f"t{i}", retries=1, retry_delay_s=0) for i in range(2))
    trace = fly(WorkerLost(at_s=90, for_s=1000, noticed="at once"), tasks=retried, cluster=cluster)
    assert moments(trace, "running", "t1") == [60, 1090]


def test_a_drained_worker_finishes_what_it_has_and_takes_nothing_new():
    tasks = tuple(Task(task_id=f"t{i}") for i in range(3))
    cluster = Cluster(workers=(WorkerGroup(count=1, slots=1),), task_queued_timeout_s=9000)
    trace = fly(WorkersDrained(at_s=30, for_s=1000), tasks=tasks, cluster=cluster)
    assert moments(trace, "success", "t0") == [60]
    assert moments(trace, "running", "t1") == [1030]


def test_only_the_named_group_loses_workers():
    groups = (WorkerGroup(name="a", slots=1), WorkerGroup(name="b", slots=1, queues=("b",)))
    tasks = (Task(task_id="t"), Task(task_id="u", queue="b"))
    trace = fly(
        WorkerLost(at_s=10, group="b", noticed="at once"),
        tasks=tasks,
        cluster=Cluster(workers=groups),
    )
    assert final(trace) == {"t": "success", "u": "failed"}


def test_without_heartbeat_the_process_goes_on_and_keeps_its_slot_while_the_retry_waits():
    """The first process works until 1000 on the only worker; the retry starts when it ends."""
    task = Task(task_id="t", retries=1, retry_delay_s=0)
    cluster = Cluster(workers=(WorkerGroup(slots=1),), task_queued_timeout_s=9000)
    trace = fly(
        HeartbeatLost(tasks="d.t", tries=(1,)),
        tasks=(task,),
        cluster=cluster,
        behavior=Behavior(default_duration_s=1000),
    )
    assert moments(trace, "up_for_retry") == [310]
    assert moments(trace, "running") == [0, 1000]
    assert moments(trace, "success") == [2000]


def test_a_short_try_without_heartbeat_ends_before_anybody_notices():
    trace = fly(HeartbeatLost(tasks="d.t"))
    assert moments(trace, "success") == [60]


def test_a_task_that_the_executor_lost_is_queued_again_after_task_queued_timeout():
    trace = fly(TaskLostByExecutor(tasks="d.t", at_s=0, for_s=60), cluster=TWO)
    assert moments(trace, "queued") == [0, 720]
    assert final(trace) == {"t": "success"}


# -- the control plane ------------------------------------------------------------------------


def test_while_the_scheduler_is_down_running_tasks_end_and_nothing_follows():
    tasks = (Task(task_id="t"), Task(task_id="u", upstream=("t",)))
    trace = fly(SchedulerDown(at_s=30, for_s=600), tasks=tasks)
    assert moments(trace, "success", "t") == [60]
    assert moments(trace, "scheduled", "u") == [630]


def test_runs_that_were_due_meanwhile_are_created_when_the_scheduler_is_back():
    dag = Dag(
        dag_id="d", tasks=(Task(task_id="t"),), schedule=Every(seconds=600), start_date=START,
        catchup=True,
    )  # fmt: skip
    runs = fly(SchedulerDown(at_s=500, for_s=1500), dag=dag).dag_runs()
    assert [run.queued_us / S for run in runs][:5] == [0, 2000, 2000, 2000, 2400]


def test_queued_tasks_reach_no_worker_while_the_broker_is_down():
    trace = fly(BrokerDown(at_s=0, for_s=100))
    assert (moments(trace, "queued"), moments(trace, "running")) == ([0], [100])


def test_triggers_fire_when_the_triggerer_is_back():
    task = Task(task_id="t", kind=Deferrable())
    behavior = Behavior(rules=(Rule(duration_s=1, fire_after_s=50, resume_duration_s=1),))
    trace = fly(TriggererDown(at_s=10, for_s=500), tasks=(task,), behavior=behavior)
    assert moments(trace, "success") == [511]


def test_a_shrunk_pool_lets_go_what_it_has_and_takes_no_more_than_it_may():
    tasks = tuple(Task(task_id=f"t{i}", pool="p") for i in range(4))
    cluster = Cluster(pools={"p": Pool(slots=2)})
    trace = fly(PoolResized(pool="p", slots=1, at_s=30, for_s=120), tasks=tasks, cluster=cluster)
    starts = sorted(moments(trace, "running", f"t{i}")[0] for i in range(4))
    assert starts == [0, 0, 60, 120]
    wider = fly(PoolResized(pool="p", slots=4, at_s=30), tasks=tasks, cluster=cluster)
    assert sorted(moments(wider, "running", f"t{i}")[0] for i in range(4)) == [0, 0, 30, 30]


def test_a_paused_dag_starts_nothing_but_lets_running_tasks_end():
    tasks = (Task(task_id="t"), Task(task_id="u", upstream=("t",)))
    trace = fly(DagPaused(dags="d", at_s=30, for_s=600), tasks=tasks)
    assert moments(trace, "success", "t") == [60]
    assert moments(trace, "running", "u") == [630]


def test_what_was_scheduled_of_a_paused_dag_waits_too():
    tasks = tuple(Task(task_id=f"t{i}", pool="p") for i in range(2))
    cluster = Cluster(pools={"p": Pool(slots=1)})
    trace = fly(DagPaused(dags="d*", at_s=30, for_s=600), tasks=tasks, cluster=cluster)
    assert moments(trace, "running", "t1") == [630]


def test_a_cleared_failure_runs_again_and_with_it_its_run():
    tasks = (Task(task_id="t"), Task(task_id="u", upstream=("t",)))
    trace = fly(TaskFails(tasks="d.t", for_s=10), Cleared(tasks="d.*", at_s=900), tasks=tasks)
    assert moments(trace, "running", "t") == [0, 900]
    assert final(trace) == {"t": "success", "u": "success"}
    runs = [(e.at_us / S, e.state) for e in trace.events() if e.task_id is None]
    assert runs[2:] == [(60, "failed"), (900, "queued"), (900, "running"), (1020, "success")]


def test_a_cleared_task_has_its_retries_again():
    task = Task(task_id="t", retries=1, retry_delay_s=0)
    trace = fly(TaskFails(tasks="d.t"), Cleared(tasks="d.t", at_s=900), tasks=(task,))
    assert len(moments(trace, "running")) == 4


def test_clear_of_an_old_failed_run_with_depends_on_past_and_one_active_run_goes_round():
    """The first run waits for a place among active runs, which the second one holds, whose task
    waits for the first run (apache/airflow#29524)."""
    tasks = (Task(task_id="a", depends_on_past=True),)
    dag = Dag(
        dag_id="d", tasks=tasks, schedule=Every(seconds=600), start_date=START, catchup=True,
        max_active_runs=1,
    )  # fmt: skip
    trace = fly(
        TaskFails(tasks="d.a", for_s=10), Cleared(tasks="d.a", at_s=900), dag=dag, duration_s=7200
    )
    first, second = trace.dag_runs()[:2]
    assert (first.state, second.state) == ("queued", "running")
    assert {ti.state for ti in trace.task_instances()} == {"none"}


@pytest.mark.parametrize("fault", [SchedulerDown(at_s=3000), DagPaused(dags="*", at_s=3000)])
def test_a_fault_after_the_last_task_changes_nothing(fault):
    assert list(fly(fault).history) == list(fly(TaskIsSlow(tasks="nobody", factor=2)).history)


# -- what tasks need and how often they fail --------------------------------------------------


def memory(mb, *, workers=1, slots=4):
    return Cluster(workers=(WorkerGroup(count=workers, slots=slots, memory_mb=mb),))


def needs(**megabytes):
    rules = tuple(Rule(tasks=f"d.{task}", memory_mb=mb) for task, mb in megabytes.items())
    return Behavior(rules=rules, default_duration_s=60.0)


def test_the_largest_try_is_killed_when_a_worker_runs_out_of_memory():
    tasks = (Task(task_id="big"), Task(task_id="small"), Task(task_id="late", upstream=("small",)))
    behavior = Behavior(
        rules=(
            Rule(tasks="d.big", memory_mb=3000, duration_s=300),
            Rule(tasks="d.small", memory_mb=500, duration_s=60),
            Rule(tasks="d.late", memory_mb=2000, duration_s=60),
        )
    )
    trace = fly(tasks=tasks, cluster=memory(4000), behavior=behavior)
    assert final(trace) == {"big": "failed", "small": "success", "late": "success"}
    assert states(trace, "big")[-1] == (60, "failed")


def test_memory_is_free_again_when_a_try_ends():
    tasks = (Task(task_id="a"), Task(task_id="b", upstream=("a",)))
    trace = fly(tasks=tasks, cluster=memory(1000), behavior=needs(a=900, b=900))
    assert final(trace) == {"a": "success", "b": "success"}


def test_two_workers_have_a_memory_each():
    tasks = (Task(task_id="a"), Task(task_id="b"))
    trace = fly(tasks=tasks, cluster=memory(1000, workers=2), behavior=needs(a=900, b=900))
    assert final(trace) == {"a": "success", "b": "success"}
    cramped = fly(tasks=tasks, cluster=memory(1000), behavior=needs(a=900, b=900))
    assert sorted(final(cramped).values()) == ["failed", "success"]


def test_a_retry_storm_of_tasks_that_never_fit_together_uses_up_their_retries():
    tasks = tuple(Task(task_id=f"t{i}", retries=2, retry_delay_s=10) for i in range(3))
    behavior = Behavior(rules=(Rule(memory_mb=600),), default_duration_s=60.0)
    trace = fly(tasks=tasks, cluster=memory(1000), behavior=behavior)
    ended = Counter(final(trace).values())
    assert ended["failed"] >= 1
    assert ended["success"] >= 1


def test_a_share_of_tries_fails_each_drawn_for_itself():
    tasks = tuple(Task(task_id=f"t{i}", retries=20, retry_delay_s=0) for i in range(100))
    dag = Dag(dag_id="d", tasks=tasks, max_active_tasks=100)
    cluster = Cluster(parallelism=100)
    behavior = Behavior(rules=(Rule(fail_share=0.5),), default_duration_s=1.0)
    trace = fly(dag=dag, cluster=cluster, behavior=behavior)
    tries = [ti.try_number for ti in trace.task_instances()]
    assert set(final(trace).values()) == {"success"}
    assert 1.6 < sum(tries) / len(tries) < 2.4
