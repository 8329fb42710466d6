"""Schedulers, database, API server and triggerers: what follows when one of them is struck."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel.engine import simulate
from windtunnel.model import (
    ApiServerDown,
    Behavior,
    Cleared,
    ClockJump,
    Cluster,
    Cron,
    Dag,
    DatabaseDown,
    DatabaseSlow,
    Deferrable,
    ExecutorSlotsLeaked,
    Fleet,
    ManualRun,
    PoolResized,
    Rule,
    RunMarked,
    Scenario,
    SchedulerLoop,
    SchedulerLost,
    SchedulerPaused,
    Task,
    TaskFails,
    TaskMarked,
    TriggererDown,
    TriggererLost,
    WorkerLost,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
S = 1_000_000
SLOW = Behavior(default_duration_s=1000.0)


def fly(*faults, tasks=None, behavior=None, at_s=0, duration_s=7200, **cluster):
    """One manual run of ``d``, at 0 unless another second is given; tasks of 60 s."""
    scenario = Scenario(
        fleet=Fleet(dags=(Dag(dag_id="d", tasks=tasks or (Task(task_id="t"),)),)),
        cluster=Cluster(**cluster),
        behavior=behavior or Behavior(default_duration_s=60.0),
        start=START,
        duration_s=duration_s,
        manual_runs=(ManualRun(dag_id="d", run_id="m", at_s=at_s),),
        faults=faults,
    )
    return simulate(scenario)


def states(trace, task="t"):
    """(second, state) of one task instance."""
    return [(e.at_us / S, e.state) for e in trace.events() if e.task_id == task]


def final(trace):
    return {ti.task_id: ti.state for ti in trace.task_instances()}


def moments(trace, state, task="t"):
    return [at for at, now in states(trace, task) if now == state]


LOCAL = {"executor": "LocalExecutor", "schedulers": 2}
CELERY = {"executor": "CeleryExecutor", "schedulers": 2}

# -- schedulers -----------------------------------------------------------------------------------


def test_a_scheduler_that_is_silent_loses_its_local_tasks_to_another_one():
    """Silent from 100 on; at 300 the other one looks, and resets what it can't adopt. The process
    hears of it with its next heartbeat, five seconds later, and meanwhile two of them run."""
    trace = fly(SchedulerPaused(at_s=100, for_s=400), behavior=SLOW, **LOCAL)
    assert states(trace)[2:6] == [
        (0, "running"), (300, "none"), (300, "scheduled"), (300, "queued"),
    ]  # fmt: skip
    assert moments(trace, "success") == [1300]
    (stray,) = trace.strays
    assert (stray.since_us / S, stray.until_us / S) == (300, 305)
    assert [ti.try_number for ti in trace.task_instances()] == [2]


def test_a_reset_costs_no_retry():
    assert final(fly(SchedulerPaused(at_s=100, for_s=400), behavior=SLOW, **LOCAL)) == {
        "t": "success"
    }


@pytest.mark.parametrize(
    "cluster",
    [
        CELERY,
        {**LOCAL, "scheduler_health_check_threshold_s": 600},
        {**LOCAL, "orphaned_tasks_check_interval_s": 3000},
        {"executor": "LocalExecutor"},
    ],
    ids=["adopted by Celery", "threshold beyond the pause", "nobody looks", "no other scheduler"],
)
def test_healthy_tasks_survive_the_pause(cluster):
    trace = fly(SchedulerPaused(at_s=100, for_s=400), behavior=SLOW, **cluster)
    assert moments(trace, "running") == [0]
    assert moments(trace, "success") == [1000]


def test_a_pause_shorter_than_the_threshold_does_no_harm():
    trace = fly(SchedulerPaused(at_s=280, for_s=25), behavior=SLOW, **LOCAL)
    assert moments(trace, "running") == [0]


def test_a_scheduler_once_marked_dead_makes_orphans_for_ever():
    """It goes on at 500 as if nothing had happened, but its job stays failed."""
    tasks = (Task(task_id="t"), Task(task_id="u", upstream=("t",)))
    trace = fly(
        SchedulerPaused(at_s=100, for_s=400),
        SchedulerPaused(scheduler=2, at_s=1200),
        tasks=tasks,
        behavior=SLOW,
        **LOCAL,
    )
    resets = [at for at, state in states(trace, "u") if state == "none"]
    assert resets[:2] == [1500, 1800]


@pytest.mark.parametrize(("for_s", "reset_at"), [(100, 200), (20, 300)])
def test_a_new_scheduler_resets_what_died_with_the_old_one(for_s, reset_at):
    """It looks as it starts; if the old one was silent for less than 30 s, at the next look."""
    fault = SchedulerLost(at_s=100, for_s=for_s)
    trace = fly(fault, behavior=SLOW, executor="LocalExecutor")
    assert moments(trace, "none") == [reset_at]
    assert moments(trace, "success") == [reset_at + 1000]
    assert not trace.strays


def test_a_look_while_a_scheduler_is_away_does_not_make_its_replacement_count_as_dead():
    """Looks at 600, 900, ... find the old one dead; the new one, from 2100 on, is another job."""
    lost = SchedulerLost(scheduler=1, at_s=300, for_s=1800)
    trace = fly(lost, behavior=Behavior(default_duration_s=900.0), at_s=2401, **LOCAL)
    assert states(trace)[2:] == [(2401, "running"), (3301, "success")]
    assert not trace.strays


def test_a_replacement_that_is_paused_begins_with_a_look_when_it_goes_on():
    faults = (SchedulerLost(at_s=100, for_s=100), SchedulerPaused(at_s=150, for_s=300))
    trace = fly(*faults, behavior=SLOW, executor="LocalExecutor")
    assert moments(trace, "none") == [450]
    assert moments(trace, "success") == [1450]


def test_workers_go_on_when_a_scheduler_dies_and_the_next_one_adopts_what_they_do():
    trace = fly(SchedulerLost(at_s=100, for_s=100), behavior=SLOW, executor="CeleryExecutor")
    assert states(trace)[2:] == [(0, "running"), (1000, "success")]


def test_nobody_looks_for_the_heartbeats_of_a_dead_schedulers_tasks_before_they_are_adopted():
    """The worker dies at 50; without the other loss it is noticed at 360."""
    losses = (WorkerLost(at_s=50), SchedulerLost(at_s=100, for_s=900))
    trace = fly(*losses, behavior=SLOW, executor="CeleryExecutor")
    assert moments(trace, "failed")[0] >= 1000


@pytest.mark.parametrize("loop", [None, SchedulerLoop()])
def test_a_lost_scheduler_takes_its_part_of_parallelism_along(loop):
    tasks = tuple(Task(task_id=f"t{i}") for i in range(4))
    given = {"tasks": tasks, "parallelism": 1, "schedulers": 2, "loop": loop}
    both = fly(**given)
    one = fly(SchedulerLost(scheduler=2, at_s=0), **given)
    assert max(both.task_instances()[i].ended_us for i in range(4)) < 130 * S
    assert max(one.task_instances()[i].ended_us for i in range(4)) > 230 * S


def test_leaked_slots_are_missing_until_the_scheduler_is_started_anew():
    tasks = tuple(Task(task_id=f"t{i}") for i in range(3))
    leak = ExecutorSlotsLeaked(slots=2, at_s=30)
    given = {"tasks": tasks, "parallelism": 2, "executor": "CeleryExecutor"}
    trace = fly(leak, **given)
    assert final(trace) == {"t0": "success", "t1": "success", "t2": "scheduled"}
    restarted = fly(leak, SchedulerLost(at_s=600, for_s=60), **given)
    assert moments(restarted, "running", "t2") == [660]


# -- database and API server ----------------------------------------------------------------------


@pytest.mark.parametrize("down", [ApiServerDown, DatabaseDown])
def test_a_short_outage_is_bridged(down):
    trace = fly(down(at_s=55, for_s=12))
    assert states(trace)[2:] == [(0, "running"), (67, "success")]


def test_a_try_that_can_send_no_heartbeat_is_killed_and_tried_again():
    task = Task(task_id="t", retries=1, retry_delay_s=0)
    trace = fly(ApiServerDown(at_s=30, for_s=300), tasks=(task,))
    assert moments(trace, "up_for_retry") == [45]
    assert final(trace) == {"t": "failed"}
    assert moments(trace, "failed") == [60.000001]


def test_tries_that_begin_while_the_api_server_is_down_use_up_their_retries():
    task = Task(task_id="t", retries=3, retry_delay_s=100)
    trace = fly(ApiServerDown(at_s=0, for_s=200), tasks=(task,))
    assert moments(trace, "up_for_retry") == [15, 130.000001]
    assert final(trace) == {"t": "success"}


def test_nothing_changes_state_while_the_database_is_down():
    task = Task(task_id="t", retries=1, retry_delay_s=0)
    trace = fly(DatabaseDown(at_s=30, for_s=600), tasks=(task, Task(task_id="u", upstream=("t",))))
    assert not [e for e in trace.events() if 30 * S < e.at_us < 630 * S]
    assert 630 <= moments(trace, "up_for_retry")[0] <= 640
    assert final(trace) == {"t": "success", "u": "success"}


@pytest.mark.parametrize(
    ("deed", "then"),
    [
        (Cleared(tasks="d.t", states=("success",), at_s=300), [(700, "none")]),
        (TaskMarked(tasks="d.t", state="failed", at_s=300), [(700, "failed")]),
    ],
)
def test_what_people_do_while_the_database_is_down_is_done_when_it_is_back(deed, then):
    trace = fly(DatabaseDown(at_s=100, for_s=600), deed)
    assert states(trace)[4:5] == then
    assert trace.struck == [1, 1]


def test_what_runs_is_marked_when_the_database_is_back():
    """The task dies at 45; its run is marked before a scheduler sees that."""
    marked = RunMarked(dags="d", state="success", at_s=40)
    trace = fly(DatabaseDown(at_s=30, for_s=270), marked, behavior=SLOW)
    (run,) = trace.dag_runs()
    assert (run.state, run.ended_us / S) == ("success", 300)


def test_a_run_that_somebody_asks_for_is_created_when_the_database_is_back():
    trace = fly(DatabaseDown(at_s=100, for_s=600), at_s=300)
    assert states(trace)[0] == (700, "scheduled")
    assert final(trace) == {"t": "success"}
    assert not fly(DatabaseDown(at_s=100), at_s=300).dag_runs()


def test_a_pool_that_is_resized_late_has_its_slots_back_late():
    """At 760; with another outage then, at the end of that."""
    resized = PoolResized(pool="default_pool", slots=0, at_s=300, for_s=60)
    outage, another = DatabaseDown(at_s=100, for_s=600), DatabaseDown(at_s=750, for_s=150)
    assert moments(fly(outage, resized, at_s=720), "queued") == [760]
    assert moments(fly(outage, another, resized, at_s=720), "queued") == [900]


def test_in_3_x_the_executor_tells_of_what_died_as_soon_as_the_database_is_back():
    task = Task(task_id="t", retries=1, retry_delay_s=60)
    trace = fly(DatabaseDown(at_s=100, for_s=100), tasks=(task,), behavior=SLOW)
    assert moments(trace, "up_for_retry") == [pytest.approx(200, abs=0.001)]


@pytest.mark.parametrize(
    ("for_s", "duration_s", "after"),
    [
        (200, 1000, [(1000, "success")]),  # goes on, and reports
        (200, 100, [(340, "failed")]),  # its result reached nobody
        (600, 1000, [(640, "failed")]),  # no heartbeat for 300 s: it gave up
    ],
)
def test_on_2_x_a_try_lives_as_long_as_its_heartbeat_may_be_late(for_s, duration_s, after):
    trace = fly(
        DatabaseDown(at_s=30, for_s=for_s),
        behavior=Behavior(default_duration_s=duration_s),
        profile="airflow-2.11",
    )
    (found,) = states(trace)[3:]
    assert found[1] == after[0][1]
    assert abs(found[0] - after[0][0]) <= 10


def test_a_slow_database_makes_each_start_and_each_report_late():
    trace = fly(DatabaseSlow(by_s=4))
    assert states(trace)[1:] == [(0, "queued"), (4, "running"), (68, "success")]


def test_a_slow_database_makes_loops_longer():
    tasks = (Task(task_id="t"), Task(task_id="u", upstream=("t",)))
    given = {"tasks": tasks, "loop": SchedulerLoop(duration_s=1)}
    usual, slow = fly(**given), fly(DatabaseSlow(factor=10), **given)
    assert moments(slow, "running")[0] >= moments(usual, "running")[0] + 9


# -- triggerers -----------------------------------------------------------------------------------

DEFERS = Task(task_id="t", kind=Deferrable())
FIRES = Behavior(rules=(Rule(duration_s=1, fire_after_s=100, resume_duration_s=1),))


def test_triggers_of_a_dead_triggerer_go_to_another_one_after_its_silence():
    trace = fly(TriggererLost(triggerer=1, at_s=90), tasks=(DEFERS,), behavior=FIRES, triggerers=2)
    assert moments(trace, "success") == [121]


def test_a_trigger_that_was_not_due_meanwhile_fires_in_time():
    trace = fly(TriggererLost(at_s=10), tasks=(DEFERS,), behavior=FIRES, triggerers=2)
    assert moments(trace, "success") == [102]


def test_without_another_one_they_wait_for_the_new_triggerer():
    trace = fly(TriggererLost(at_s=90, for_s=500), tasks=(DEFERS,), behavior=FIRES)
    assert moments(trace, "success") == [591]
    for_ever = fly(TriggererLost(at_s=90), tasks=(DEFERS,), behavior=FIRES)
    assert final(for_ever) == {"t": "deferred"}


def test_a_new_triggerer_takes_the_triggers_of_the_old_one_when_it_was_silent_for_long_enough():
    trace = fly(TriggererLost(at_s=90, for_s=15), tasks=(DEFERS,), behavior=FIRES)
    assert moments(trace, "success") == [121]


def test_only_so_many_triggers_run_at_once_those_of_high_weight_first():
    """The two heavy ones wait for 500 s; the others fire when they are over, and not before."""
    tasks = tuple(Task(task_id=f"t{i}", kind=Deferrable(), priority_weight=i) for i in range(4))
    rules = tuple(
        Rule(tasks=f"d.t{i}", duration_s=1, fire_after_s=500 if i > 1 else 100, resume_duration_s=1)
        for i in range(4)
    )
    given = {"tasks": tasks, "behavior": Behavior(rules=rules)}
    full, roomy = fly(triggerer_capacity=2, **given), fly(**given)
    ends = [[moments(t, "success", f"t{i}")[0] for i in range(4)] for t in (full, roomy)]
    assert ends == [[502, 502, 502, 502], [102, 102, 502, 502]]


def test_what_has_no_triggerer_still_times_out():
    task = Task(task_id="t", kind=Deferrable(timeout_s=60))
    trace = fly(TriggererDown(), tasks=(task,), behavior=FIRES)
    assert moments(trace, "failed")


# -- clocks ---------------------------------------------------------------------------------------


def scheduled(*faults, **cluster):
    """Every ten minutes a run."""
    dag = Dag(
        dag_id="d", tasks=(Task(task_id="t"),), schedule=Cron(expression="*/10 * * * *"),
        start_date=START, catchup=True,
    )  # fmt: skip
    scenario = Scenario(
        fleet=Fleet(dags=(dag,)),
        cluster=Cluster(**cluster),
        behavior=Behavior(default_duration_s=20.0),
        start=START,
        duration_s=3600,
        faults=faults,
    )
    return [run.queued_us / S for run in simulate(scenario).dag_runs()]


@pytest.mark.parametrize("loop", [None, SchedulerLoop()])
def test_a_clock_that_is_ahead_creates_runs_early(loop):
    usual = scheduled(loop=loop)
    early = scheduled(ClockJump(by_s=240, at_s=900), loop=loop)
    behind = scheduled(ClockJump(by_s=-240, at_s=900), loop=loop)
    assert usual[:4] == pytest.approx([0, 600, 1200, 1800], abs=2)
    assert early[:4] == pytest.approx([0, 600, 960, 1560], abs=2)
    assert behind[:4] == pytest.approx([0, 600, 1440, 2040], abs=2)


def test_a_clock_that_jumps_back_brings_no_run_a_second_time():
    times = scheduled(ClockJump(by_s=700, at_s=900, for_s=600))
    assert len(times) == len(set(times)) == 6


def test_retries_run_and_trigger_timeouts_come_early_by_a_jump():
    task = Task(task_id="t", retries=1, retry_delay_s=1000)
    trace = fly(TaskFails(tasks="d.t", tries=(1,)), ClockJump(by_s=280, at_s=100), tasks=(task,))
    assert [round(at) for at in moments(trace, "running")] == [0, 780]
    waits = Task(task_id="t", kind=Deferrable(timeout_s=1000))
    never = Behavior(rules=(Rule(duration_s=1, fire_after_s=9000),))
    timed_out = fly(ClockJump(by_s=280, at_s=100), tasks=(waits,), behavior=never)
    assert round(moments(timed_out, "failed")[0]) in range(721, 737)
    dag = Dag(dag_id="d", tasks=(Task(task_id="t"),), dagrun_timeout_s=900)
    hangs = Scenario(
        fleet=Fleet(dags=(dag,)),
        behavior=SLOW,
        start=START,
        duration_s=7200,
        manual_runs=(ManualRun(dag_id="d", run_id="m"),),
        faults=(ClockJump(by_s=280, at_s=100),),
    )
    (run,) = simulate(hangs).dag_runs()
    assert (run.state, round(run.ended_us / S)) == ("failed", 620)


def test_a_clock_far_ahead_takes_healthy_tries_for_dead():
    task = Task(task_id="t", retries=5, retry_delay_s=0)
    trace = fly(ClockJump(by_s=3600, at_s=95, for_s=10), tasks=(task,), behavior=SLOW)
    assert moments(trace, "up_for_retry") == [100]
    assert final(trace) == {"t": "success"}
    assert len(trace.strays) == 1


@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
def test_a_healthy_try_that_was_taken_for_dead_hears_of_it_with_its_next_heartbeat(profile):
    """Heartbeats of a try that began at 0 come every 5 s; it is given up at 110."""
    task = Task(task_id="t", retries=2, retry_delay_s=60)
    jump = ClockJump(by_s=600, at_s=101, for_s=30)
    trace = fly(jump, tasks=(task,), behavior=SLOW, profile=profile)
    (stray,) = trace.strays
    assert (stray.since_us / S, stray.until_us / S) == (110, 115)
    assert final(trace) == {"t": "success"}
    assert moments(trace, "running")[1] > 115
