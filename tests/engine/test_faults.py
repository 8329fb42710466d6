"""Faults: what each of them does to a small fleet, instant by instant."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time

import pytest

from windtunnel.engine import Simulation, simulate
from windtunnel.model import (
    Behavior,
    BrokerDown,
    Cleared,
    Cluster,
    Dag,
    DagPaused,
    DagProcessorDown,
    DagUnpaused,
    Deferrable,
    DiskFull,
    Elastic,
    Every,
    Fleet,
    HeartbeatLost,
    LateData,
    LimitNotKept,
    ManualRun,
    OutOfMemory,
    Pool,
    PoolDeleted,
    PoolResized,
    ResultLost,
    Rule,
    RunMarked,
    Scenario,
    SchedulerDown,
    SchedulerLoop,
    Sensor,
    SpotLoss,
    Task,
    TaskFails,
    TaskHangs,
    TaskIsSlow,
    TaskLostByExecutor,
    TaskMarked,
    TriggererDown,
    TriggerRule,
    WorkerGroup,
    WorkerLost,
    WorkersDrained,
)
from windtunnel.trace import store
from windtunnel.window import unstruck

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


# -- found by the incidents -------------------------------------------------------------------


def test_a_pool_of_one_slot_holds_for_tasks_that_become_ready_together():
    tasks = (
        Task(task_id="m"),
        *(Task(task_id=f"g{i}", pool="one", upstream=("m",)) for i in range(3)),
    )
    trace = fly(tasks=tasks, cluster=Cluster(pools={"one": Pool(slots=1)}))
    assert sorted(moments(trace, "running", f"g{i}")[0] for i in range(3)) == [60, 120, 180]
    missing = fly(tasks=tasks)
    assert {final(missing)[f"g{i}"] for i in range(3)} == {"scheduled"}


@pytest.mark.parametrize("at_s", [0, 0.05, 10, 60.7])
def test_a_scheduler_that_is_down_in_the_middle_of_its_loops_goes_on_when_it_is_back(at_s):
    cluster = Cluster(loop=SchedulerLoop())
    trace = fly(SchedulerDown(at_s=at_s, for_s=300), cluster=cluster)
    (run,) = trace.dag_runs()
    assert run.state == "success"
    assert run.ended_us / S >= at_s + 300


def test_a_pool_that_grows_wakes_a_scheduler_that_sleeps():
    cluster = Cluster(loop=SchedulerLoop(), pools={"p": Pool(slots=1)})
    fault = PoolResized(pool="p", slots=0, for_s=300)
    trace = fly(fault, tasks=(Task(task_id="t", pool="p"),), cluster=cluster)
    assert 300 <= moments(trace, "running")[0] < 303


def test_getting_stuck_in_queued_is_counted_since_the_task_last_ran():
    sensor = Task(task_id="t", kind=Sensor(mode="reschedule", poke_interval_s=600))
    behavior = Behavior(rules=(Rule(true_at_s=72_000, duration_s=1),))
    lost = [TaskLostByExecutor(tasks="d.t", at_s=h * 3600, for_s=660) for h in (2, 8, 14)]
    given = {"tasks": (sensor,), "behavior": behavior, "duration_s": 86_400}
    apart = fly(*lost, cluster=Cluster(workers=(WorkerGroup(),)), **given)
    assert final(apart) == {"t": "success"}
    in_a_row = fly(
        TaskLostByExecutor(tasks="d.t", at_s=7200, for_s=4000),
        cluster=Cluster(workers=(WorkerGroup(),)),
        **given,
    )
    assert final(in_a_row) == {"t": "failed"}


@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
def test_soft_fail_makes_a_skip_of_a_failure_that_is_final(profile):
    behavior = Behavior(rules=(Rule(duration_s=1, outcome="fail_no_retry"),))
    for soft, state in ((True, "skipped"), (False, "failed")):
        sensor = Task(task_id="t", kind=Sensor(soft_fail=soft))
        trace = fly(tasks=(sensor,), behavior=behavior, cluster=Cluster(profile=profile))
        assert final(trace) == {"t": state}


# -- when and how often -------------------------------------------------------------------------


def test_a_fault_comes_again_as_often_as_it_says():
    dag = Dag(dag_id="d", tasks=(Task(task_id="t"),), schedule=Every(seconds=600), start_date=START)
    fault = TaskFails(tasks="d.t", at_s=600, for_s=60, every_s=1200, times=2)
    states = [run.state for run in fly(fault, dag=dag).dag_runs()]
    assert states[:6] == ["success", "failed", "success", "failed", "success", "success"]


def test_a_time_of_day_is_resolved_against_the_start():
    fault = SchedulerDown(at_time=time(0, 0, 30), for_s=600)
    tasks = (Task(task_id="t"), Task(task_id="u", upstream=("t",)))
    assert moments(fly(fault, tasks=tasks), "scheduled", "u") == [630]


def test_each_outage_loses_one_more_worker():
    cluster = Cluster(workers=(WorkerGroup(count=3, slots=1),), task_queued_timeout_s=9000)
    tasks = tuple(Task(task_id=f"t{i}") for i in range(12))
    trace = fly(WorkerLost(at_s=70, every_s=60, times=2), tasks=tasks, cluster=cluster)
    starts = sorted(moments(trace, "running", f"t{i}")[0] for i in range(12))
    assert Counter(starts) == {0: 3, 60: 3, 120: 2, 180: 1, 240: 1, 300: 1, 360: 1}


def test_tasks_are_named_by_tag_and_operator_too():
    dag = Dag(
        dag_id="d", tags=("nightly",),
        tasks=(Task(task_id="t", operator="BashOperator"), Task(task_id="u")),
    )  # fmt: skip
    assert final(fly(TaskFails(tasks="tag:night*"), dag=dag)) == {"t": "failed", "u": "failed"}
    by_operator = TaskFails(tasks="operator:Bash*")
    assert final(fly(by_operator, dag=dag)) == {"t": "failed", "u": "success"}


# -- what an exception decides --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raising", "profile", "tries", "state"),
    [
        ("ConnectionError", "airflow-3.3", 3, "failed"),
        ("AirflowTaskTimeout", "airflow-3.3", 3, "failed"),
        ("AirflowFailException", "airflow-3.3", 1, "failed"),
        ("AirflowSensorTimeout", "airflow-2.11", 1, "failed"),
        ("airflow.exceptions.AirflowSkipException", "airflow-3.3", 1, "skipped"),
        ("AirflowTaskTerminated", "airflow-3.3", 1, "failed"),
        ("AirflowTaskTerminated", "airflow-2.11", 3, "failed"),
    ],
)
def test_the_class_of_the_exception_decides_what_follows(raising, profile, tries, state):
    task = Task(task_id="t", retries=2, retry_delay_s=0)
    fault = TaskFails(tasks="d.t", raising=raising)
    trace = fly(fault, tasks=(task,), cluster=Cluster(profile=profile))
    assert (len(moments(trace, "running")), final(trace)["t"]) == (tries, state)
    if state == "failed":
        assert raising in [e.reason for e in trace.events() if e.task_id][-1]


def test_a_failure_after_a_while_does_not_strike_what_has_ended_before():
    assert final(fly(TaskFails(tasks="d.t", after_s=61))) == {"t": "success"}


def test_a_try_that_hangs_may_still_be_killed_for_its_memory():
    task = Task(task_id="t", retries=1, retry_delay_s=0)
    struck = (TaskHangs(tasks="d.t", tries=(1,)), OutOfMemory(tasks="d.t", tries=(1,), after_s=90))
    trace = fly(*struck, tasks=(task,))
    assert moments(trace, "up_for_retry") == [90]
    assert final(trace) == {"t": "success"}


def test_a_poking_sensor_is_killed_in_the_middle_of_its_wait():
    sensor = Task(task_id="t", kind=Sensor(mode="poke", poke_interval_s=30))
    behavior = Behavior(rules=(Rule(true_at_s=600, duration_s=1),))
    trace = fly(OutOfMemory(tasks="d.t", after_s=45), tasks=(sensor,), behavior=behavior)
    assert states(trace)[-1] == (45, "failed")


@pytest.mark.parametrize(
    ("profile", "noticed", "at"),
    [
        ("airflow-3.3", None, 60),
        ("airflow-3.3", "heartbeat", 370),
        ("airflow-2.11", None, 370),
        ("airflow-2.11", "at once", 60),
    ],
)
def test_a_lost_result_costs_a_try_although_the_work_is_done(profile, noticed, at):
    task = Task(task_id="t", retries=1, retry_delay_s=0)
    fault = ResultLost(tasks="d.t", tries=(1,), noticed=noticed)
    trace = fly(fault, tasks=(task,), cluster=Cluster(profile=profile))
    assert moments(trace, "up_for_retry") == [at]
    assert final(trace) == {"t": "success"}


def test_the_slot_of_a_try_whose_result_is_lost_is_free_at_once():
    tasks = tuple(Task(task_id=f"t{i}") for i in range(2))
    cluster = Cluster(workers=(WorkerGroup(slots=1),))
    trace = fly(ResultLost(tasks="d.t0", noticed="heartbeat"), tasks=tasks, cluster=cluster)
    assert moments(trace, "running", "t1") == [60]
    assert moments(trace, "failed", "t0") == [370]


# -- workers --------------------------------------------------------------------------------------


def test_a_share_of_the_workers_is_lost():
    cluster = Cluster(workers=(WorkerGroup(count=6, slots=1),))
    tasks = tuple(Task(task_id=f"t{i}") for i in range(6))
    trace = fly(WorkerLost(share=1 / 3, at_s=30, noticed="at once"), tasks=tasks, cluster=cluster)
    assert Counter(final(trace).values()) == {"success": 4, "failed": 2}


def test_on_2_x_what_the_executor_tells_of_a_running_try_does_not_count():
    task = Task(task_id="t", retries=1, retry_delay_s=0)
    cluster = Cluster(profile="airflow-2.11", workers=TWO.workers)
    trace = fly(WorkerLost(at_s=20, noticed="at once"), tasks=(task,), cluster=cluster)
    assert moments(trace, "up_for_retry") == [330]


def test_a_worker_that_is_lost_after_its_results_were_written_costs_nothing_but_itself():
    trace = fly(WorkerLost(at_s=20, results_written=True), cluster=TWO)
    assert states(trace)[-1] == (20, "success")


@pytest.mark.parametrize(("duration_s", "state"), [(150, "success"), (300, "failed")])
def test_before_a_spot_machine_is_gone_short_tasks_end(duration_s, state):
    cluster = Cluster(workers=(WorkerGroup(count=1, slots=1),), task_queued_timeout_s=9000)
    tasks = (Task(task_id="t"), Task(task_id="u"))
    behavior = Behavior(rules=(Rule(tasks="d.t", duration_s=duration_s),), default_duration_s=60)
    fault = SpotLoss(at_s=60, for_s=600, noticed="at once")
    trace = fly(fault, tasks=tasks, cluster=cluster, behavior=behavior)
    assert states(trace)[-1] == (min(duration_s, 180), state)
    assert moments(trace, "running", "u") == [660]


def test_a_worker_with_a_full_disk_swallows_what_waits():
    """It fails what it runs, and then everything that it takes, at once."""
    cluster = Cluster(workers=(WorkerGroup(count=1, slots=1),), task_queued_timeout_s=9000)
    tasks = tuple(Task(task_id=f"t{i}", retries=1, retry_delay_s=600) for i in range(3))
    trace = fly(DiskFull(at_s=30, for_s=60), tasks=tasks, cluster=cluster)
    assert [moments(trace, "up_for_retry", f"t{i}") for i in range(3)] == [[30]] * 3
    assert set(final(trace).values()) == {"success"}


# -- two at once ----------------------------------------------------------------------------------


def test_the_trace_tells_of_a_process_that_goes_on_beside_its_retry():
    task = Task(task_id="t", retries=1, retry_delay_s=0)
    behavior = Behavior(default_duration_s=1000)
    trace = fly(HeartbeatLost(tasks="d.t", tries=(1,)), tasks=(task,), behavior=behavior)
    (stray,) = trace.strays
    assert (stray.try_number, stray.since_us / S, stray.until_us / S) == (1, 310, 1000)
    assert list(store.dump(store.parse(store.dump(trace)))) == list(store.dump(trace))


# -- people ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "then"),
    [
        ("airflow-3.3", [(21, "restarting"), (25, "none"), (25, "scheduled")]),
        ("airflow-2.11", [(21, "restarting"), (25, "up_for_retry"), (325.000001, "scheduled")]),
    ],
)
def test_a_cleared_running_try_is_stopped_with_its_next_heartbeat(profile, then):
    cluster = Cluster(profile=profile, workers=(WorkerGroup(slots=1),))
    trace = fly(Cleared(tasks="d.t", states=(), at_s=21), cluster=cluster)
    assert states(trace)[3:6] == then
    assert final(trace) == {"t": "success"}


def test_a_clear_takes_what_is_downstream_along():
    tasks = (Task(task_id="t"), Task(task_id="u", upstream=("t",)), Task(task_id="v"))
    clear = Cleared(tasks="d.t", states=(), downstream=True, at_s=900)
    trace = fly(clear, tasks=tasks)
    assert [len(moments(trace, "running", t)) for t in "tuv"] == [2, 2, 1]


def test_a_clear_of_one_run_takes_earlier_or_later_ones_along():
    dag = Dag(dag_id="d", tasks=(Task(task_id="t"),), schedule=Every(seconds=600), start_date=START)
    runs = [f"scheduled__2026-03-01T00:{minute}0:00+00:00" for minute in range(3)]
    for which, expected in (("past", [2, 2, 1]), ("future", [1, 2, 2])):
        clear = Cleared(tasks="d.t", states=(), run_id=runs[1], at_s=1500, **{which: True})
        trace = fly(clear, dag=dag, duration_s=1800)
        begins = Counter(e.run for e in trace.events() if e.task_id and e.state == "running")
        assert [begins[run.run] for run in trace.dag_runs()] == expected


def test_queued_and_waiting_task_instances_may_be_cleared_too():
    tasks = (
        Task(task_id="t", retries=1, retry_delay_s=3000),
        Task(task_id="w", kind=Deferrable()),
        Task(task_id="q"),
        Task(task_id="q2"),
    )
    behavior = Behavior(
        rules=(Rule(tasks="d.w", duration_s=1, fire_after_s=500),), default_duration_s=60
    )
    cluster = Cluster(workers=(WorkerGroup(slots=2),), task_queued_timeout_s=9000)
    clear = Cleared(tasks="d.*", states=("up_for_retry", "deferred", "queued"), at_s=100)
    trace = fly(
        TaskFails(tasks="d.t", tries=(1,)), clear, tasks=tasks, behavior=behavior, cluster=cluster
    )
    assert set(final(trace).values()) == {"success"}
    assert moments(trace, "up_for_retry") == [60]
    assert len(moments(trace, "running", "w")) == 3


@pytest.mark.parametrize("state", ["success", "failed", "skipped"])
def test_a_marked_task_has_that_state_at_once_and_its_slot_is_free(state):
    tasks = (Task(task_id="t"), Task(task_id="u"))
    cluster = Cluster(workers=(WorkerGroup(slots=1),))
    trace = fly(TaskMarked(tasks="d.t", state=state, at_s=20), tasks=tasks, cluster=cluster)
    assert states(trace)[-1] == (20, state)
    assert moments(trace, "running", "u") == [20]
    assert next(e.reason for e in trace.events() if e.state == state) == "marked by hand"


def test_marking_a_failed_task_as_success_clears_what_failed_below_it():
    tasks = (Task(task_id="t"), Task(task_id="u", upstream=("t",)))
    faults = (TaskFails(tasks="d.t"), TaskMarked(tasks="d.t", state="success", at_s=900))
    trace = fly(*faults, tasks=tasks)
    assert final(trace) == {"t": "success", "u": "success"}
    assert [run.state for run in trace.dag_runs()] == ["success"]
    alone = fly(*faults)
    assert final(alone) == {"t": "success"}
    assert [run.state for run in alone.dag_runs()] == ["failed"]


def test_a_task_that_never_began_has_no_try_when_somebody_marks_it():
    tasks = (Task(task_id="t"), Task(task_id="u", upstream=("t",)))
    trace = fly(TaskMarked(tasks="d.u", state="success", at_s=20), tasks=tasks)
    assert {ti.task_id: ti.try_number for ti in trace.task_instances()} == {"t": 1, "u": 0}


SCOPE = (
    Task(task_id="create", is_setup=True),
    Task(task_id="t", upstream=("create",)),
    Task(task_id="u", upstream=("t",)),
    Task(
        task_id="delete",
        is_teardown=True,
        trigger_rule=TriggerRule.ALL_DONE_SETUP_SUCCESS,
        upstream=("create", "u"),
    ),
)


def test_a_run_marked_failed_fails_what_runs_skips_the_rest_and_still_runs_teardowns():
    trace = fly(RunMarked(dags="d", state="failed", at_s=90), tasks=SCOPE)
    assert final(trace) == {"create": "success", "t": "failed", "u": "skipped", "delete": "success"}
    (run,) = trace.dag_runs()
    assert (run.state, run.ended_us / S) == ("success", 150)


def test_a_run_without_teardown_is_over_as_soon_as_somebody_marks_it():
    tasks = SCOPE[:3]
    trace = fly(RunMarked(dags="d", state="failed", at_s=90), tasks=tasks)
    (run,) = trace.dag_runs()
    assert (run.state, run.ended_us / S) == ("failed", 90)


@pytest.mark.parametrize(
    ("profile", "state"), [("airflow-3.3", "failed"), ("airflow-2.11", "success")]
)
def test_on_2_x_a_run_marked_success_takes_its_failed_tasks_along(profile, state):
    faults = (TaskFails(tasks="d.t"), RunMarked(dags="d", state="success", run_id="m", at_s=900))
    trace = fly(*faults, cluster=Cluster(profile=profile))
    assert final(trace) == {"t": state}
    assert [run.state for run in trace.dag_runs()] == ["success"]


def test_a_queued_run_that_is_marked_never_starts_and_its_place_goes_to_the_next():
    dag = Dag(dag_id="d", tasks=(Task(task_id="t"),), max_active_runs=1)
    scenario = Scenario(
        fleet=Fleet(dags=(dag,)),
        behavior=Behavior(default_duration_s=60.0),
        start=START,
        duration_s=3600,
        manual_runs=tuple(ManualRun(dag_id="d", run_id=f"m{i}", at_s=i) for i in range(3)),
        faults=(RunMarked(dags="d", state="failed", run_id="m1", at_s=30),),
    )
    runs = simulate(scenario).dag_runs()
    assert [run.state for run in runs] == ["success", "failed", "success"]
    assert runs[1].started_us is None
    assert runs[2].started_us == 60 * S


def test_tasks_of_a_deleted_pool_wait_until_it_is_there_again():
    tasks = tuple(Task(task_id=f"t{i}", pool="p") for i in range(2))
    cluster = Cluster(pools={"p": Pool(slots=1)})
    trace = fly(PoolDeleted(pool="p", at_s=30, for_s=600), tasks=tasks, cluster=cluster)
    assert [moments(trace, "running", f"t{i}") for i in range(2)] == [[0], [630]]


def test_an_unpaused_dag_begins_with_what_is_due():
    dag = Dag(
        dag_id="d", tasks=(Task(task_id="t"),), schedule=Every(seconds=600), start_date=START,
        is_paused=True,
    )  # fmt: skip
    trace = fly(DagUnpaused(dags="d", at_s=1500, for_s=1000), dag=dag)
    assert [run.queued_us / S for run in trace.dag_runs()] == [1500, 2100]


# -- the control plane ----------------------------------------------------------------------------


def test_what_lay_in_a_broker_that_loses_its_messages_waits_for_task_queued_timeout():
    cluster = Cluster(workers=(WorkerGroup(slots=1),))
    tasks = tuple(Task(task_id=f"t{i}") for i in range(2))
    fault = BrokerDown(at_s=30, for_s=60, messages_lost=True)
    trace = fly(fault, tasks=tasks, cluster=cluster)
    assert moments(trace, "running", "t1") == [720]


def test_a_dag_is_unknown_until_the_dag_processor_has_parsed_it():
    dag = Dag(dag_id="d", tasks=(Task(task_id="t"),), schedule=Every(seconds=600), start_date=START)
    trace = fly(DagProcessorDown(for_s=900), dag=dag)
    assert next(run.queued_us / S for run in trace.dag_runs()) == 900


def test_a_parse_that_was_due_meanwhile_is_made_when_the_dag_processor_is_back():
    """A run marked by hand leaves the mark that the DAG is full until the next parse (3.x)."""
    dag = Dag(
        dag_id="d", tasks=(Task(task_id="t"),), schedule=Every(seconds=600), start_date=START,
        max_active_runs=1,
    )  # fmt: skip
    cluster = Cluster(min_file_process_interval_s=30)
    faults = (RunMarked(dags="d", state="failed", at_s=10), DagProcessorDown(at_s=20, for_s=900))
    trace = fly(*faults, dag=dag, cluster=cluster)
    assert [run.queued_us / S for run in trace.dag_runs()][:2] == [0, 920]
    calm = fly(faults[0], dag=dag, cluster=cluster)
    assert [run.queued_us / S for run in calm.dag_runs()][:2] == [0, 600]


def test_a_limit_that_is_not_kept_lets_all_runs_start_while_it_lasts():
    dag = Dag(
        dag_id="d", tasks=(Task(task_id="t"),), schedule=Every(seconds=30), start_date=START,
        max_active_runs=1, catchup=True,
    )  # fmt: skip
    fault = LimitNotKept(dags="d", at_s=300, for_s=600)
    runs = fly(fault, dag=dag, duration_s=1800).dag_runs()

    def peak(begin, end):
        changes = [(r.started_us, 1) for r in runs] + [(r.ended_us, -1) for r in runs if r.ended_us]
        running, most = 0, 0
        for at, change in sorted(changes, key=lambda c: (c[0], c[1])):
            running += change
            most = max(most, running) if begin * S <= at < end * S else most
        return most

    assert peak(0, 300) == 1
    assert peak(300, 900) > 1
    assert peak(1000, 1800) == 1


# -- faults that strike nothing -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            TaskFails(tasks="d.t", tries=(2,), at_s=60, for_s=60),
            "no try 2 of d.t began between 2026-03-01 00:01 and 2026-03-01 00:02",
        ),
        (
            TaskLostByExecutor(tasks="d.t", at_s=600),
            "no try of d.t was queued from 2026-03-01 00:10 on",
        ),
        (LateData(tasks="d.t", by_s=60), "no sensor of d.t waited"),
        (SchedulerDown(at_s=9000), "the window has ended by then"),
        (
            Cleared(tasks="d.t", at_s=300),
            "no task instance of d.t was in failed or upstream_failed at 2026-03-01 00:05",
        ),
        (RunMarked(dags="d", state="failed", at_s=300), "no such run of d was there"),
        (DagUnpaused(dags="d", at_s=300), "d was not paused"),
    ],
)
def test_a_fault_that_struck_nothing_is_told(fault, said):
    scenario = Scenario(
        fleet=Fleet(dags=(Dag(dag_id="d", tasks=(Task(task_id="t"),)),)),
        behavior=Behavior(default_duration_s=60.0),
        start=START,
        duration_s=7200,
        manual_runs=(ManualRun(dag_id="d", run_id="m"),),
        faults=(TaskIsSlow(tasks="d.t", factor=1.5), fault),
    )
    (told,) = unstruck(scenario, simulate(scenario))
    assert told.subject.startswith("fault 2 (")
    assert said in told.assumed


def test_no_more_machines_come_back_than_this_fault_took():
    """The one machine dies of memory while its notice runs, and is replaced for that."""
    group = WorkerGroup(slots=1, start_s=60, memory_mb=100, when_out_of_memory="worker lost")
    scenario = Scenario(
        fleet=Fleet(dags=(Dag(dag_id="d", tasks=(Task(task_id="t"),)),)),
        cluster=Cluster(workers=(group,)),
        behavior=Behavior(rules=(Rule(tasks="d.t", memory_mb=200),)),
        start=START,
        manual_runs=(ManualRun(dag_id="d"),),
        faults=(SpotLoss(at_s=10, notice_s=120, for_s=600),),
    )
    simulation = Simulation(scenario)
    simulation.run()
    assert simulation._parts.workers.count(0) == 1


def test_an_elastic_group_never_has_more_workers_than_it_may():
    tasks = tuple(Task(task_id=f"t{i}") for i in range(12))
    group = WorkerGroup(count=1, slots=1, elastic=Elastic(most=2, start_s=10))
    trace = fly(
        WorkerLost(at_s=70, for_s=60, noticed="at once"),
        dag=Dag(dag_id="d", tasks=tasks, max_active_tasks=100),
        cluster=Cluster(workers=(group,), task_queued_timeout_s=3600),
        duration_s=3600,
    )
    now = most = 0
    for event in trace.events():
        if event.task_id is not None:
            now += (event.state == "running") - (event.state in ("success", "failed"))
            most = max(most, now)
    assert most == 2
