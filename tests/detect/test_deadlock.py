"""Deadlocks in small fleets are found with who holds what, in which circle, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import (
    Cluster,
    Dag,
    Every,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    PoolResized,
    Rule,
    Scenario,
    Sensor,
    Task,
    When,
    WorkerGroup,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
ONE_CODE = ["WT101"]


def codes(findings):
    return [finding.code for finding in findings]


def names(parties):
    return sorted(party.name for party in parties)


# -- parents that hold what their children need -------------------------------------------------


@pytest.fixture
def family(calls, work):
    """Two parents that trigger a child and wait for it."""

    def family(*, pool="default_pool", **how):
        parents = [calls(name, "child", pool=pool, **how) for name in PARENTS]
        return [*parents, work("child", "run", pool=pool)]

    return family


PARENTS = ["p1", "p2"]
LIMITS = {
    "pool": (
        {"pool": "db"},
        lambda n: {"pools": {"db": Pool(slots=n)}},
        "pool db",
        "Pool deadlock",
    ),
    "worker slots": (
        {},
        lambda n: {"workers": (WorkerGroup(slots=n),)},
        "worker slots default",
        "Worker slot deadlock",
    ),
    "parallelism": (
        {},
        lambda n: {"parallelism": n},
        "parallelism",
        "Parallelism deadlock",
    ),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_parents_that_fill_the_limit_of_their_children(find, family, limit):
    options, cluster, name, title = LIMITS[limit]
    (finding,) = find(*family(**options), runs=PARENTS, **cluster(2))
    assert (finding.code, finding.title) == ("WT101", title)
    assert names(finding.holding) == ["p1.call", "p2.call"]
    assert names(finding.waiting) == ["child.run", "child.run"]
    assert [party.holds for party in finding.holding] == [(f"1 of {name} (2/2)",)] * 2
    assert {party.waits_for for party in finding.holding} == {("its run of child to end",)}
    assert {party.waits_for for party in finding.waiting} == {(f"{name} (2/2)",)}
    assert finding.cycle == ("p1.call", "child.run", name, "p1.call")


@pytest.mark.parametrize("limit", LIMITS)
def test_with_one_more_slot_there_is_no_finding(find, family, limit):
    options, cluster, _, _ = LIMITS[limit]
    assert find(*family(**options), runs=PARENTS, **cluster(3)) == ()


@pytest.mark.parametrize("limit", LIMITS)
def test_parents_that_do_not_wait_block_nobody(find, family, limit):
    options, cluster, _, _ = LIMITS[limit]
    dags = family(wait_for_completion=False, **options)
    assert find(*dags, runs=PARENTS, **cluster(1)) == ()


@pytest.mark.parametrize("limit", LIMITS)
def test_parents_that_defer_block_nobody(find, family, limit):
    options, cluster, _, _ = LIMITS[limit]
    assert find(*family(deferrable=True, **options), runs=PARENTS, **cluster(1)) == ()


def test_a_parent_that_holds_the_only_slot_is_a_circle_of_its_own(find, calls, work):
    (finding,) = find(calls("p", "child"), work("child", "run"), runs=["p"], default_pool_slots=1)
    assert names(finding.holding) == ["p.call"]
    assert finding.cycle == ("p.call", "child.run", "pool default_pool", "p.call")


def test_the_finding_says_since_when_and_that_nothing_ends_it(find, calls, work):
    late = ManualRun(dag_id="p", at_s=600)
    (finding,) = find(calls("p", "child"), work("child", "run"), runs=[late], default_pool_slots=1)
    assert finding.since == START + timedelta(seconds=601), "the child needs a slot then"
    assert finding.until is None
    assert finding.ended_by == ""


def test_it_points_at_the_file_and_line_of_the_holder(find, calls, work):
    (call,) = calls("p", "child").tasks
    parent = Dag(dag_id="p", file="dags/p.py", tasks=(call.model_copy(update={"line": 12}),))
    (finding,) = find(parent, work("child", "run"), runs=["p"], default_pool_slots=1)
    assert (finding.dag_id, finding.file, finding.line) == ("p", "dags/p.py", 12)


def test_a_worker_slot_deadlock_is_ended_by_task_queued_timeout(find, calls, work):
    """The child is queued at 1 s, and fails after three times 600 s, checked every 120 s."""
    (finding,) = find(
        calls("p", "child"), work("child", "run"), runs=["p"], workers=(WorkerGroup(slots=1),)
    )
    assert finding.ended_by == "task_queued_timeout of child.run"
    assert finding.until == START + timedelta(seconds=2160)


def test_a_dagrun_timeout_ends_it(find, calls, work):
    parent = calls("p", "child", dagrun_timeout_s=3600.0)
    (finding,) = find(parent, work("child", "run"), runs=["p"], default_pool_slots=1)
    assert finding.ended_by == "dagrun_timeout of p"
    assert finding.until == START + timedelta(seconds=3600, microseconds=1), "strictly later"


def test_three_levels_over_two_limits(find, calls, work):
    """b's caller holds the worker slot that c needs; another holds b's pool."""
    findings = find(
        calls("a", "b", queue="wide"),
        calls("b", "c"),
        work("c", "run"),
        runs=["a"],
        workers=(WorkerGroup(slots=1), WorkerGroup(name="w", slots=9, queues=("wide",))),
    )
    (finding,) = findings
    assert names(finding.holding) == ["b.call"], "a.call waits for it, but is not in the way"
    assert "a.call" in names(finding.waiting)


def test_a_stranger_that_starves_behind_it_is_named(find, family, work):
    stranger = work("billing", "bill")
    (finding,) = find(
        *family(), stranger, runs=[*PARENTS, ManualRun(dag_id="billing", at_s=60)], parallelism=2
    )
    assert "billing.bill" in names(finding.waiting)
    assert "billing" in finding.summary


# -- max_active_runs ----------------------------------------------------------------------------


def test_a_dag_that_triggers_itself_with_one_run_at_a_time(find, calls):
    (finding,) = find(calls("a", "a", max_active_runs=1))
    assert finding.code == "WT101"
    assert names(finding.holding) == ["a.call"]
    assert finding.title == "Deadlock over max_active_runs"
    first, second, limit, again = finding.cycle
    assert first == again == "a.call (manual__2026-03-01T00:00:00+00:00)"
    assert second == "a.call (manual__2026-03-01T00:00:01+00:00)"
    assert limit == "max_active_runs a"
    assert [party.holds for party in finding.holding] == [
        ("its run's place in max_active_runs a (1/1)",)
    ]


def test_two_dags_that_trigger_each_other_with_one_run_at_a_time(find, calls):
    (finding,) = find(
        calls("a", "b", max_active_runs=1), calls("b", "a", max_active_runs=1), runs=["a"]
    )
    assert {"a.call", "b.call"} <= {p.name for p in (*finding.holding, *finding.waiting)}
    assert finding.until is None


def test_a_chain_of_single_runs_that_fits_is_safe(find, calls, work):
    """s08: with one run at a time, two wait at most, and the third slot is free for the work."""
    dags = (calls("a", "b", max_active_runs=1), calls("b", "c", max_active_runs=1))
    runs = ["a", ManualRun(dag_id="a", run_id="again")]
    assert find(*dags, work("c", "run"), runs=runs, default_pool_slots=3) == ()
    assert codes(find(*dags, work("c", "run"), runs=runs, default_pool_slots=2)) == ONE_CODE


def test_the_same_chain_with_two_runs_at_a_time_is_not(find, calls, work):
    dags = (calls("a", "b", max_active_runs=2), calls("b", "c", max_active_runs=1))
    runs = ["a", ManualRun(dag_id="a", run_id="again")]
    findings = find(*dags, work("c", "run"), runs=runs, default_pool_slots=3)
    assert codes(findings) == ONE_CODE


# -- sensors ------------------------------------------------------------------------------------


def test_sensors_that_fill_the_pool_of_what_they_wait_for(find, waits, work):
    """b01: two poking sensors, two slots, and the producer behind them."""
    (finding,) = find(
        waits("mart1", "etl.load", "build", priority_weight=9),
        waits("mart2", "etl.load", priority_weight=9),
        work("etl", "extract", "load"),
        default_pool_slots=2,
    )
    assert finding.title == "Pool deadlock"
    assert names(finding.holding) == ["mart1.wait", "mart2.wait"]
    assert {"etl.extract", "etl.load", "mart1.build"} == set(names(finding.waiting))
    assert finding.cycle[0] == finding.cycle[-1] == "mart1.wait"
    assert "etl.load" in finding.cycle


def test_the_timeout_of_the_first_sensor_ends_it(find, waits, work):
    (finding,) = find(
        waits("mart1", "etl.load", priority_weight=9, timeout_s=3600),
        waits("mart2", "etl.load", priority_weight=9),
        work("etl", "load"),
        default_pool_slots=2,
    )
    assert finding.ended_by == "the sensor timeout of mart1.wait"
    look = 61 * 60 + 1  # every 61 s, the first one that is later than an hour
    assert finding.until == START + timedelta(seconds=look)


def test_it_is_found_although_a_timeout_has_ended_it_long_before_the_window_does(find, waits, work):
    findings = find(
        waits("mart", "etl.load", priority_weight=9, timeout_s=600),
        work("etl", "load"),
        default_pool_slots=1,
        until=86400,
    )
    assert codes(findings) == ONE_CODE


def test_one_slot_more_than_sensors_is_safe(find, waits, work):
    """s01"""
    findings = find(
        waits("mart1", "etl.load", "build", priority_weight=9),
        waits("mart2", "etl.load", priority_weight=9),
        work("etl", "extract", "load"),
        default_pool_slots=3,
    )
    assert findings == ()


@pytest.mark.parametrize("how", [{"mode": "reschedule"}, {"deferrable": True}])
def test_sensors_that_give_their_slot_back_are_safe(find, waits, work, how):
    """s02 and s17: three sensors and their producer share a single slot."""
    sensors = [waits(f"m{i}", "etl.load", priority_weight=9, **how) for i in range(3)]
    assert find(*sensors, work("etl", "load"), default_pool_slots=1) == ()


def test_a_pool_that_counts_deferred_tasks_is_filled_by_them(find, waits, work):
    sensor = waits("m", "etl.load", priority_weight=9, pool="db", deferrable=True)
    producer = work("etl", "load", pool="db")
    counted = {"db": Pool(slots=1, include_deferred=True)}
    assert codes(find(sensor, producer, pools=counted)) == ONE_CODE
    assert find(sensor, producer, pools={"db": Pool(slots=1)}) == ()


def test_sensors_on_all_worker_slots_behind_a_wide_pool(find, waits, work):
    """b04: the pool lets the producer in, the workers don't."""
    (finding,) = find(
        waits("m1", "etl.load", priority_weight=9),
        waits("m2", "etl.load", priority_weight=9),
        work("etl", "load"),
        default_pool_slots=8,
        workers=(WorkerGroup(slots=2),),
    )
    assert finding.title == "Worker slot deadlock"
    assert names(finding.waiting) == ["etl.load"]
    assert [p.state for p in finding.waiting] == ["queued"]


def test_two_dags_that_wait_for_each_other_need_no_full_limit(find, waits):
    """b08"""
    (finding,) = find(waits("a", "b.publish", "publish"), waits("b", "a.publish", "publish"))
    assert finding.title == "Deadlock between DAGs"
    assert names(finding.holding) == ["a.wait", "b.wait"]
    assert finding.cycle == ("a.wait", "b.publish", "b.wait", "a.publish", "a.wait")
    assert finding.ended_by == "the sensor timeout of a.wait"


def test_two_dags_of_which_only_one_waits_are_safe(find, waits, work):
    assert find(waits("a", "b.publish", "publish"), work("b", "publish")) == ()


# -- in a busy fleet ----------------------------------------------------------------------------


@pytest.fixture
def busy(work):
    """Ten DAGs that run every ten minutes and always have work."""
    return [
        work(
            f"busy{i}",
            "a",
            "b",
            "c",
            queue="other",
            schedule=Every(seconds=600),
            start_date=START,
        )
        for i in range(10)
    ]


def test_a_small_deadlock_is_found_inside_a_fleet_that_goes_on(find, busy, waits, work):
    findings = find(
        *busy,
        waits("mart", "etl.load", pool="db", priority_weight=9),
        work("etl", "load", pool="db"),
        pools={"db": Pool(slots=1)},
        runs=["mart", "etl"],
        until=4 * 3600,
    )
    assert codes(findings) == ONE_CODE
    assert names(findings[0].holding) == ["mart.wait"]
    assert names(findings[0].waiting) == ["etl.load"], "nobody of the busy DAGs"


def test_a_busy_fleet_without_one_has_no_finding(find, busy):
    assert find(*busy, runs=[], until=4 * 3600, parallelism=6) == ()


def test_two_deadlocks_are_two_findings(find, waits):
    pairs = [waits(one, f"{two}.x", "x") for one, two in ("ab", "ba", "cd", "dc")]
    findings = find(*pairs)
    assert sorted(f.dag_id for f in findings) == ["a", "c"]


def test_one_deadlock_that_many_timeouts_show_is_one_finding(find, waits, work):
    sensors = [
        waits(f"m{i}", "etl.load", priority_weight=9, timeout_s=1000 + 100 * i) for i in range(4)
    ]
    findings = find(*sensors, work("etl", "load"), default_pool_slots=4)
    assert codes(findings) == ONE_CODE
    assert len(findings[0].holding) == 4


# -- slow is not stuck --------------------------------------------------------------------------


def test_a_slow_fleet_that_the_window_cuts_off_is_no_deadlock(find, work):
    dags = [work(f"slow{i}", "a", "b") for i in range(8)]
    assert find(*dags, seconds={"*": 20_000}, parallelism=1, until=30_000) == ()


def test_a_long_wait_for_a_producer_that_works_is_no_deadlock(find, waits, work):
    findings = find(
        waits("mart", "etl.load", priority_weight=9),
        work("etl", "load"),
        seconds={"etl.load": 80_000},
        until=40_000,
    )
    assert findings == ()


def test_parents_that_wait_while_one_child_still_runs_are_not_stuck(find, calls, work):
    """Three slots: two parents and one child at a time. Tight, and it moves."""
    parents = [calls(f"p{i}", "child") for i in range(2)]
    findings = find(
        *parents,
        work("child", "a", "b", "c"),
        runs=["p0", "p1"],
        seconds={"child.*": 5000},
        default_pool_slots=3,
        until=9000,
    )
    assert findings == ()


def test_a_retry_that_will_come_is_no_deadlock(find, waits, work):
    fails = Rule(tasks="etl.load", outcome="fail", duration_s=10)
    producer = work("etl", "load", retries=3, retry_delay_s=40_000)
    assert find(waits("mart", "etl.load"), producer, rules=[fails], until=30_000) == ()


def test_a_sensor_for_the_outside_world_is_no_deadlock(find):
    dag = Dag(
        dag_id="d",
        tasks=(
            Task(task_id="wait", kind=Sensor(), priority_weight=9),
            Task(task_id="work"),
        ),
    )
    never = Rule(tasks="d.wait", true_at_s=None)
    assert find(dag, rules=[never], default_pool_slots=1, until=5000) == ()


def test_a_wait_for_a_run_that_is_still_to_be_created_is_no_deadlock(find, waits, work):
    """The sensor looks for the run of its own tick, which the other DAG makes an hour later."""
    hourly = {"schedule": Every(seconds=3600), "start_date": START, "catchup": True}
    interval = {"schedule": Every(seconds=3600, timetable="interval")}
    mart = waits("mart", "etl.load").model_copy(update=hourly)
    etl = work("etl", "load").model_copy(update={**hourly, **interval})
    assert find(mart, etl, runs=[], until=3000) == ()


def test_a_paused_dag_is_no_part_of_a_deadlock(find, work):
    paused = work("paused", "a").model_copy(update={"is_paused": True})
    findings = find(paused, work("etl", "load"), until=5000)
    assert findings == ()


def test_the_same_input_gives_the_same_findings(find, waits, work):
    dags = [waits(f"m{i}", "etl.load", priority_weight=9) for i in range(5)]
    first = find(*dags, work("etl", "load"), default_pool_slots=5)
    assert first == find(*dags, work("etl", "load"), default_pool_slots=5)


def test_a_sensor_for_a_run_that_failed_waits_in_vain_but_in_no_circle(find, waits, work):
    """The second run of etl waits for mart, and mart for the first one, which has failed: nobody
    holds what the other needs."""
    etl = work("etl", "load", "publish", max_active_runs=1)
    mart = waits("mart", "etl")
    publish = (
        waits("etl", "mart.wait", execution_delta_s=3600)
        .tasks[0]
        .model_copy(update={"task_id": "publish", "upstream": ("load",)})
    )
    etl = etl.model_copy(update={"tasks": (etl.tasks[0], publish)})
    first = Rule(tasks="etl.load", when=When(run_id="first"), outcome="fail_no_retry")
    later = START + timedelta(hours=1)

    findings = find(
        etl,
        mart,
        rules=[first],
        runs=[
            ManualRun(dag_id="etl", run_id="first", logical_date=START),
            ManualRun(dag_id="mart", logical_date=START, at_s=600),
            ManualRun(dag_id="etl", run_id="second", logical_date=later, at_s=600),
        ],
    )

    assert codes(findings) == ["WT103"]


# -- deferred, rescheduled, called back ---------------------------------------------------------


COUNTED = {
    "limit on the task": {"max_active_tis_per_dag": 1},
    "limit in the run": {"max_active_tis_per_dagrun": 1},
    "pool that counts deferred tasks": {"pool": "db"},
}


@pytest.fixture(params=["call", "sensor"])
def deferred(request, calls, waits, work):
    """``deferred(**options)``: a deferred task of ``p`` that waits for ``c``; the runs to start."""

    def deferred(**options):
        if request.param == "call":
            return [calls("p", "c", deferrable=True, **options), work("c", "w")], ["p"]
        return [waits("p", "c.w", deferrable=True, **options), work("c", "w")], ["p", "c"]

    return deferred


@pytest.mark.parametrize("how", COUNTED)
def test_a_deferred_task_does_not_need_a_second_time_what_it_holds(find, deferred, how):
    """The snapshot at the window's end falls into the deferral."""
    pools = {"db": Pool(slots=1, include_deferred=True)}
    dags, runs = deferred(**COUNTED[how])
    assert find(*dags, runs=runs, seconds={"c.w": 7200}, pools=pools, until=60) == ()


def test_but_what_others_need_of_it_is_taken(find, calls, work):
    parent = calls("p", "c", deferrable=True, pool="db")
    pools = {"db": Pool(slots=1, include_deferred=True)}
    (finding,) = find(parent, work("c", "w", pool="db"), runs=["p"], pools=pools)
    assert finding.cycle == ("p.call", "c.w", "pool db", "p.call")
    assert [party.state for party in finding.holding] == ["deferred"]


def test_the_circle_of_a_deferred_task_names_the_work_it_waits_for(find, calls, work):
    """Nobody else holds the pool: the child could run, were the window longer."""
    parent = calls("p", "c", deferrable=True, pool="one")
    child = work("c", "w", pool="one")
    seconds = {"c.w": 50_000}
    assert find(parent, child, runs=["p"], pools={"one": Pool(slots=1)}, seconds=seconds) == ()


@pytest.mark.parametrize("hours", [3, 23])
def test_reschedule_sensors_give_up_in_the_end_however_long_the_window_is(find, waits, hours):
    pair = [waits(one, f"{two}.x", "x", mode="reschedule", poke_interval_s=45) for one, two in RING]
    (finding,) = find(*pair, until=hours * 3600)
    assert finding.since == START
    assert finding.ended_by == "the sensor timeout of a.wait"
    week = timedelta(days=7)
    assert week < finding.until - START <= week + timedelta(seconds=46)


RING = ("ab", "ba")


@pytest.mark.parametrize("how", [{"mode": "reschedule"}, {"mode": "poke"}, {"deferrable": True}])
@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
def test_the_end_that_is_told_is_the_end_that_comes(find, when_ended, waits, how, profile):
    """The window that shows the end agrees with the one that foresees it."""
    pair = [waits(one, f"{two}.x", "x", timeout_s=7200, **how) for one, two in RING]
    (early,) = find(*pair, until=4000, profile=profile)
    ended = when_ended("a.wait", *pair, until=20_000, profile=profile)
    assert early.until is not None
    assert abs((early.until - ended).total_seconds()) < 1


@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
def test_execution_timeout_ends_the_wait_of_a_sensor(find, when_ended, waits, profile):
    pair = [waits(one, f"{two}.x", "x", execution_timeout_s=1800.0) for one, two in RING]
    (finding,) = find(*pair, until=600, profile=profile)
    assert finding.ended_by == "execution_timeout of a.wait"
    assert finding.until == START + timedelta(seconds=1800)
    assert when_ended("a.wait", *pair, until=3600, profile=profile) == finding.until


def test_it_ends_the_wait_for_a_triggered_run_in_2_11_and_not_in_3_3(find, calls, work):
    dags = (calls("p", "c", execution_timeout_s=1800.0), work("c", "w"))
    (old,) = find(*dags, runs=["p"], default_pool_slots=1, profile="airflow-2.11")
    assert old.ended_by == "execution_timeout of p.call"
    assert old.notes == ()
    (new,) = find(*dags, runs=["p"], default_pool_slots=1)
    assert (new.until, new.ended_by) == (None, "")
    assert "execution_timeout of p.call does not end this" in new.notes[0]


def test_a_timeout_that_needs_a_slot_which_the_circle_holds_ends_nothing(find, calls, waits, work):
    """The sensor pokes once, then never again: its slot is taken by the parent. So it never sees
    that its time is over."""
    sensor = waits("s", "c.w", mode="reschedule", pool="one", timeout_s=600)
    parent = calls("p", "c", pool="one", execution_timeout_s=9999.0)
    runs = ["s", ManualRun(dag_id="p", at_s=30)]
    (finding,) = find(
        sensor, parent, work("c", "w", pool="one"), runs=runs, pools={"one": Pool(slots=1)}
    )
    assert finding.until is None
    assert "s.wait" in names(finding.waiting)


def test_one_whose_wish_came_true_is_not_stuck_before_it_looks_again(find, calls, work):
    """The child ends at 11 s, the parent looks at 61 s; the window ends between."""
    dags = (calls("p", "c", pool="one"), work("c", "w"))
    other = work("x", "y", pool="one")
    findings = find(
        *dags, other, runs=["p", "x"], pools={"one": Pool(slots=1)}, seconds={"c.w": 10}, until=30
    )
    assert findings == ()


# -- the cause, and nothing but the cause -------------------------------------------------------


def test_a_limit_that_the_circle_does_not_need_is_not_named(find, waits):
    """Two DAGs wait for each other; that their waits also fill a pool is not why."""
    pair = [waits(one, f"{two}.x", "x", pool="db") for one, two in RING]
    (finding,) = find(*pair, pools={"db": Pool(slots=2)})
    assert (finding.title, finding.limits) == ("Deadlock between DAGs", ())
    assert finding.cycle == ("a.wait", "b.x", "b.wait", "a.x", "a.wait")


def test_tasks_that_queue_behind_it_hold_nothing_that_matters(find, calls, work):
    """Hourly work fills parallelism while it waits for the only worker: the freeze is older."""
    hourly = work("billing", "bill", schedule=Every(seconds=3600), start_date=START, catchup=True)
    (finding,) = find(
        calls("p", "c"),
        work("c", "w"),
        hourly,
        runs=[ManualRun(dag_id="p", at_s=600)],
        workers=(WorkerGroup(slots=1),),
        parallelism=8,
        task_queued_timeout_s=30 * 86400,
    )
    assert finding.title == "Worker slot deadlock"
    assert names(finding.holding) == ["p.call"]
    assert finding.since == START + timedelta(seconds=601)


def test_two_limits_that_are_both_full_are_both_named(find, family):
    (finding,) = find(*family(pool="db"), runs=PARENTS, pools={"db": Pool(slots=2)}, parallelism=2)
    assert [limit.name for limit in finding.limits] == ["parallelism", "pool db"]
    assert finding.title == "Deadlock over parallelism and pool"


def test_a_task_stuck_for_another_reason_is_not_listed(find, calls, work):
    found = find(
        calls("p", "c", pool="one"),
        work("c", "w", pool="one"),
        work("v", "w", pool="missing"),
        runs=["p", "v"],
        pools={"one": Pool(slots=1)},
    )
    (finding,) = [f for f in found if f.code == "WT101"]
    assert names((*finding.holding, *finding.waiting)) == ["c.w", "p.call"]


def test_two_deadlocks_over_two_pools_know_nothing_of_each_other(find, calls, work):
    dags = [
        dag
        for one in ("x", "y")
        for dag in (calls(one, f"{one}c", pool=one), work(f"{one}c", "w", pool=one))
    ]
    pools = {"x": Pool(slots=1), "y": Pool(slots=1)}
    first, second = find(*dags, runs=["x", "y"], pools=pools)
    assert names((*first.holding, *first.waiting)) == ["x.call", "xc.w"]
    assert names((*second.holding, *second.waiting)) == ["y.call", "yc.w"]
    assert first.identity != second.identity


def test_a_circle_inside_a_full_pool_is_the_cause_and_the_others_wait_behind_it(find, waits, work):
    pair = [waits(one, f"{two}.x", "x", pool="db", priority_weight=9) for one, two in RING]
    (finding,) = find(*pair, work("etl", "load", pool="db"), pools={"db": Pool(slots=2)})
    assert finding.limits == ()
    assert names(finding.waiting) == ["a.x", "b.x", "etl.load"]


def test_max_active_runs_that_keeps_out_the_run_that_is_waited_for(find, waits, work):
    """The sensor of one run looks for a task of the next, which may not be created beside it."""
    hourly = {"schedule": Every(seconds=3600), "start_date": START, "catchup": True}
    dag = waits("p", "p.z", "z", execution_delta_s=-3600, timeout_s=6000)
    one = dag.model_copy(update={**hourly, "max_active_runs": 1})
    (finding, *_) = find(one, runs=[])
    assert finding.title == "Deadlock over max_active_runs"
    assert [limit.name for limit in finding.limits] == ["max_active_runs p"]
    assert finding.cycle == ("p.wait", "max_active_runs p", "p.wait")


def test_its_safe_twin_looks_for_a_task_of_the_run_before(find, waits):
    hourly = {"schedule": Every(seconds=3600), "start_date": START - timedelta(days=1)}
    dag = waits("p", "p.z", "z", execution_delta_s=3600, timeout_s=6000)
    one = dag.model_copy(update={**hourly, "catchup": True, "max_active_runs": 1})
    assert find(one, runs=[]) == ()


def test_a_circle_through_depends_on_past(find, waits):
    """p.t of the second run waits for p.t of the first, which waits for q.x of an hour later,
    which waits for p.t of the second."""
    sensor = ExternalTaskSensor(
        external_dag_id="q", external_task_ids=("wait",), execution_delta_s=-3600
    )
    p = Dag(dag_id="p", tasks=(Task(task_id="t", kind=sensor, depends_on_past=True),))
    q = waits("q", "p.t")
    later = START + timedelta(hours=1)
    (finding, *_) = find(
        p,
        q,
        runs=[
            ManualRun(dag_id="p", logical_date=START),
            ManualRun(dag_id="p", logical_date=later, at_s=60),
            ManualRun(dag_id="q", logical_date=later, at_s=60),
        ],
    )
    assert finding.title == "Deadlock between DAGs"
    assert {"p.t", "q.wait"} == {step.split(" (")[0] for step in finding.cycle}


def test_its_safe_twin_without_depends_on_past(find, waits):
    p = waits("p", "q.wait", execution_delta_s=-3600)
    q = waits("q", "x")
    later = START + timedelta(hours=1)
    found = find(
        p,
        q,
        Dag(dag_id="x", tasks=(Task(task_id="t"),)),
        runs=[
            ManualRun(dag_id="p", logical_date=START),
            ManualRun(dag_id="x", logical_date=later),
            ManualRun(dag_id="q", logical_date=later, at_s=60),
        ],
    )
    assert found == ()


# -- in words -----------------------------------------------------------------------------------


def test_what_is_not_all_of_a_limit_is_not_called_all(find, calls, work):
    (finding,) = find(
        calls("p", "c", pool="db"),
        work("c", "w", pool="db", pool_slots=2),
        runs=["p"],
        pools={"db": Pool(slots=2)},
    )
    assert "too much of pool db (1/2), where 2 are needed at once" in finding.summary
    assert "all of" not in finding.summary
    assert [party.waits_for for party in finding.waiting] == [("2 of pool db (1/2)",)]


def test_of_many_dags_a_few_are_named_and_the_others_counted(find, calls, work):
    parents = [calls(f"p{i}", f"c{i:02}") for i in range(9)]
    children = [work(f"c{i:02}", "w") for i in range(9)]
    runs = [dag.dag_id for dag in parents]
    (finding,) = find(*parents, *children, runs=runs, default_pool_slots=9)
    assert "(also of DAGs c00, c01, c02, c03, c04 and 4 more)" in finding.summary


def test_a_sensor_for_its_own_run_waits_for_itself(find, waits):
    (finding,) = find(waits("q", "q"))
    assert finding.title == "Deadlock within one DAG"
    assert finding.cycle == ("q.wait", "the end of its own run", "q.wait")
    assert finding.summary == "1 task waits for work that comes only after itself."


def test_several_runs_of_a_task_in_a_circle_are_told_apart(find, waits):
    sensor = waits("p", "p.wait", execution_delta_s=-3600, max_active_tis_per_dag=2)
    hourly = {"schedule": Every(seconds=3600), "start_date": START, "catchup": True}
    (finding, *_) = find(sensor.model_copy(update=hourly), runs=[])
    assert finding.title == "Deadlock over max_active_tis_per_dag"
    second, third = (f"p.wait (scheduled@2026-03-01T0{i}:00:00+00:00)" for i in (1, 2))
    assert finding.cycle == (second, third, "max_active_tis_per_dag p.wait", second)


# -- the runs from before -----------------------------------------------------------------------


@pytest.fixture
def old_parent(calls):
    """Daily since a year ago, with catchup; its task triggers ``c`` and waits."""
    daily = {"schedule": Every(seconds=86400), "start_date": START - timedelta(days=365)}
    return calls("p", "c", pool="db", catchup=True, **daily)


def test_a_backlog_that_is_done_blocks_nobody(find, old_parent, work):
    pools = {"db": Pool(slots=2)}
    assert find(old_parent, work("c", "w", pool="db"), runs=[], pools=pools) == ()


def test_one_that_is_replayed_may_and_the_finding_says_that_it_is_one(find, old_parent, work):
    (finding,) = find(
        old_parent,
        work("c", "w", pool="db"),
        runs=[],
        pools={"db": Pool(slots=2)},
        backlog="replayed",
    )
    (note,) = finding.notes
    assert "2 catch-up runs of p take part, due before 2026-03-01 00:00" in note


def test_a_daily_deadlock_is_one_with_the_backlog_done_too(find, old_parent, work):
    pools = {"db": Pool(slots=1)}
    (finding,) = find(old_parent, work("c", "w", pool="db"), runs=[], pools=pools)
    assert finding.notes == ()


@pytest.mark.parametrize("until", [0.5, 30, 61.5, 62])
def test_a_reschedule_sensor_in_the_middle_of_a_poke_holds_nothing_for_long(
    find, waits, work, until
):
    """It pokes at 0 and 61 s, for a second each; the only slot is free between."""
    sensor = waits("m", "etl.load", mode="reschedule", priority_weight=9)
    extract = {"etl.extract": 5000}
    etl = work("etl", "extract", "load", pool="default_pool", queue="q")
    etl = etl.model_copy(
        update={"tasks": (etl.tasks[0].model_copy(update={"pool": "big"}), etl.tasks[1])}
    )
    pools = {"big": Pool(slots=9)}
    assert find(sensor, etl, seconds=extract, pools=pools, default_pool_slots=1, until=until) == ()


# -- a limit that a fault made small ------------------------------------------------------------


@pytest.fixture
def squeezed(calls, work):
    """A parent and its child in a pool of two, of which a fault leaves one slot."""

    def squeezed(until=3600, **fault):
        dags = (calls("p", "child", pool="db"), work("child", "run", pool="db"))
        scenario = Scenario(
            fleet=Fleet(dags=dags),
            start=START,
            duration_s=until,
            manual_runs=(ManualRun(dag_id="p", at_s=60),),
            cluster=Cluster(pools={"db": Pool(slots=2)}),
            faults=(PoolResized(pool="db", slots=1, at_s=30, **fault),),
        )
        return detect(scenario, simulate(scenario))

    return squeezed


def test_it_lasts_until_the_pool_has_its_size_again(squeezed):
    """Also where that is after the window."""
    (finding,) = squeezed(for_s=7200)
    assert finding.until == START + timedelta(seconds=7230)
    assert finding.ended_by == "another size of pool db (a fault of the scenario)"


def test_a_pool_that_stays_small_ends_nothing(squeezed):
    (finding,) = squeezed()
    assert (finding.until, finding.ended_by) == (None, "")


def test_one_that_had_its_size_again_is_gone(squeezed):
    assert squeezed(for_s=1200) == ()
