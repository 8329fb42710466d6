"""Work that nothing moves any more is told with its cause; a queue, a slow task and what somebody
mends are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cleared,
    Cluster,
    Dag,
    Deferrable,
    Elastic,
    Every,
    Fleet,
    ManualRun,
    Pool,
    PoolDeleted,
    PoolResized,
    Rule,
    Scenario,
    Sensor,
    Task,
    TaskFails,
    TaskHangs,
    WorkerGroup,
    WorkerLost,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = 3600.0


def found(*dags, faults=(), rules=(), runs=(), until=12 * HOUR, **cluster):
    scenario = Scenario(
        fleet=Fleet(dags=dags),
        start=START,
        duration_s=until,
        faults=tuple(faults),
        behavior=Behavior(rules=tuple(rules)),
        manual_runs=tuple(ManualRun(dag_id=r) if isinstance(r, str) else r for r in runs),
        cluster=Cluster(**cluster),
    )
    findings = detect(scenario, simulate(scenario))
    assert {finding.code for finding in findings} <= {"WT102"}
    return findings


def hourly(*tasks, **options):
    return Dag(dag_id="etl", tasks=tasks, schedule=Every(seconds=HOUR), start_date=START, **options)


# -- depends_on_past ----------------------------------------------------------------------------


LOAD = Task(task_id="load", depends_on_past=True)
FAILS_ONCE = TaskFails(tasks="etl.load", at_s=2 * HOUR, for_s=60)


def test_a_failure_that_depends_on_past_holds_against_all_later_runs():
    (finding,) = found(hourly(LOAD), faults=[FAILS_ONCE])
    assert finding.title == "Runs wait behind a failure"
    assert "until somebody clears it" in finding.summary
    assert "its instance in scheduled@2026-03-01T02:00:00+00:00" in finding.summary
    (first,) = finding.holding
    assert (first.name, first.run) == ("etl.load", "scheduled@2026-03-01T03:00:00+00:00")
    assert {party.run for party in finding.waiting} >= {"scheduled@2026-03-01T04:00:00+00:00"}
    assert (finding.until, finding.ended_by) == (None, "")


def test_with_wait_for_downstream_a_failure_further_down_does_the_same():
    load = Task(task_id="load", depends_on_past=True, wait_for_downstream=True)
    check = Task(task_id="check", upstream=("load",))
    fails = TaskFails(tasks="etl.check", at_s=2 * HOUR, for_s=120)
    (finding,) = found(hourly(load, check), faults=[fails])
    assert "etl.load of scheduled@2026-03-01T03:00:00+00:00 waits for check in" in finding.summary
    assert finding.holding[0].name == "etl.load"


def test_a_task_whose_upstream_is_under_way_may_still_be_ended_by_its_failure():
    """The first run's load fails; get of the second one takes long."""
    tasks = (Task(task_id="get"), LOAD.model_copy(update={"upstream": ("get",)}))
    long = Rule(tasks="etl.get", duration_s=(60, 60))
    slow = Rule(tasks="etl.get", duration_s=20 * HOUR)
    fails = TaskFails(tasks="etl.load", at_s=60, for_s=60)
    assert not found(hourly(*tasks), faults=[fails], rules=[slow], until=3 * HOUR)
    assert found(hourly(*tasks), faults=[fails], rules=[long], until=3 * HOUR)


def test_whichever_tasks_wait_it_is_one_stall_of_its_dag():
    two = (LOAD, LOAD.model_copy(update={"task_id": "copy"}))
    (one,) = found(hourly(*two), faults=[FAILS_ONCE])
    (other,) = found(hourly(*two), faults=[FAILS_ONCE.model_copy(update={"tasks": "etl.*"})])
    assert len(one.holding) < len(other.holding)
    assert one.identity == other.identity


def test_when_its_runs_take_all_of_max_active_runs_no_more_are_created():
    (finding,) = found(hourly(LOAD, max_active_runs=2), faults=[FAILS_ONCE])
    assert any("No further run of etl is created" in note for note in finding.notes)
    (finding,) = found(hourly(LOAD, max_active_runs=30), faults=[FAILS_ONCE])
    assert finding.notes == ()


def test_a_dagrun_timeout_ends_it_and_is_named():
    (finding,) = found(hourly(LOAD, dagrun_timeout_s=600.0), faults=[FAILS_ONCE])
    assert finding.ended_by == "dagrun_timeout of etl"


def test_a_failure_that_was_cleared_stalls_nothing():
    assert not found(hourly(LOAD), faults=[FAILS_ONCE, Cleared(tasks="etl.load", at_s=5 * HOUR)])


def test_a_failure_that_will_be_cleared_stalls_nothing_for_ever():
    assert not found(hourly(LOAD), faults=[FAILS_ONCE, Cleared(tasks="etl.load", at_s=20 * HOUR)])


def test_without_depends_on_past_a_failure_is_one_run_s():
    assert not found(hourly(Task(task_id="load")), faults=[FAILS_ONCE])


def test_a_failure_that_a_retry_makes_good_stalls_nothing():
    again = LOAD.model_copy(update={"retries": 1})
    assert not found(hourly(again), faults=[FAILS_ONCE])


# -- pools --------------------------------------------------------------------------------------


POOLED = Task(task_id="load", pool="db")
DB = {"db": Pool(slots=4)}


@pytest.mark.parametrize(
    "fault",
    [PoolDeleted(pool="db", at_s=90), PoolResized(pool="db", slots=0, at_s=90)],
    ids=["deleted", "no slots"],
)
def test_a_pool_that_is_taken_away_for_good(fault):
    (finding,) = found(hourly(POOLED), faults=[fault], pools=DB)
    assert finding.title == "Pool without the slots that its tasks need"
    assert [limit.name for limit in finding.limits] == ["pool db"]
    assert {party.name for party in finding.waiting} == {"etl.load"}


@pytest.mark.parametrize("for_h", [3, 20])
def test_one_that_comes_back_is_none(for_h):
    """Also where that is after the window."""
    fault = PoolDeleted(pool="db", at_s=90, for_s=for_h * HOUR)
    assert not found(hourly(POOLED), faults=[fault], pools=DB)


def test_one_that_is_only_small_turns_still():
    fault = PoolResized(pool="db", slots=1, at_s=90)
    tasks = tuple(POOLED.model_copy(update={"task_id": f"t{i}"}) for i in range(9))
    rules = [Rule(tasks="*", duration_s=1000)]
    assert not found(hourly(*tasks), faults=[fault], pools=DB, rules=rules)


# -- workers ------------------------------------------------------------------------------------


def test_a_queue_whose_last_worker_is_lost():
    lost = WorkerLost(at_s=1.5 * HOUR)
    (finding,) = found(hourly(Task(task_id="t")), faults=[lost], workers=(WorkerGroup(),))
    assert finding.title == "Queue whose workers are gone"
    assert finding.ended_by == "task_queued_timeout of etl.t"


def test_a_worker_that_comes_back_is_not_gone():
    lost = WorkerLost(at_s=1.5 * HOUR, for_s=HOUR)
    assert not found(hourly(Task(task_id="t")), faults=[lost], workers=(WorkerGroup(),))


def test_an_elastic_group_without_workers_starts_some():
    """At the end of the window nobody is there yet to take the last task."""
    group = WorkerGroup(count=0, elastic=Elastic(most=2), start_s=1)
    tasks = hourly(Task(task_id="t"))
    lost = WorkerLost(at_s=0.5 * HOUR)
    assert not found(tasks, faults=[lost], workers=(group,), until=4 * HOUR + 1)


# -- without an end -----------------------------------------------------------------------------


def test_a_task_that_hangs_without_any_timeout():
    dag = Dag(dag_id="d", tasks=(Task(task_id="t"), Task(task_id="after", upstream=("t",))))
    hang = TaskHangs(tasks="d.t")
    (finding,) = found(dag, faults=[hang], runs=["d"])
    assert finding.title == "Task that hangs"
    assert [party.name for party in finding.waiting] == ["d.after"]
    assert finding.until is None


def test_one_that_execution_timeout_ends_is_none():
    dag = Dag(dag_id="d", tasks=(Task(task_id="t", execution_timeout_s=600),))
    assert not found(dag, faults=[TaskHangs(tasks="d.t")], runs=["d"])


def test_a_trigger_that_never_fires():
    dag = Dag(dag_id="d", tasks=(Task(task_id="t", kind=Deferrable()),))
    (finding,) = found(dag, rules=[Rule(fire_after_s=None)], runs=["d"])
    assert "its trigger never fires" in finding.summary
    timed = Dag(dag_id="d", tasks=(Task(task_id="t", kind=Deferrable(timeout_s=60)),))
    assert not found(timed, rules=[Rule(fire_after_s=None)], runs=["d"])


def test_a_long_task_is_not_one_that_hangs():
    dag = Dag(dag_id="d", tasks=(Task(task_id="t"),))
    assert not found(dag, rules=[Rule(duration_s=100 * HOUR)], runs=["d"])


# -- sensors that pile up -----------------------------------------------------------------------


NEVER = Rule(tasks="etl.s", true_at_s=None)


def sensing(**kind):
    return hourly(Task(task_id="s", kind=Sensor(**kind)))


def test_sensors_whose_timeout_is_longer_than_the_interval_pile_up():
    (finding,) = found(sensing(), rules=[NEVER])
    assert finding.title == "Sensors that pile up"
    assert len(finding.holding) == 12
    assert finding.ended_by == "the sensor timeout of etl.s"
    assert finding.until > START + timedelta(days=7)


def test_a_sensor_that_gives_up_before_the_next_run_comes_is_as_it_was_meant():
    assert not found(sensing(timeout_s=0.5 * HOUR), rules=[NEVER])


@pytest.mark.parametrize("how", [{"mode": "reschedule"}, {"deferrable": True}])
def test_sensors_that_hold_no_slots_do_not_pile_up(how):
    assert not found(sensing(**how), rules=[NEVER])


def test_sensors_of_what_comes_late_do_not_pile_up_for_ever():
    assert not found(sensing(), rules=[Rule(tasks="etl.s", true_at_s=50 * HOUR)])
