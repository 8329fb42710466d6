"""A task that is passed over by what came later, again and again, is told; a queue is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windtunnel import api
from windtunnel.detect import detect, find_starvation
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    DagPaused,
    Every,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    SchedulerLoop,
    Task,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = 3600.0
SMALL = Dag(dag_id="x", tasks=(Task(task_id="t", pool="db"),))
BIG = Dag(dag_id="x", tasks=(Task(task_id="t", pool="db", pool_slots=2),))


def stream(dag_id, *, every=60.0, at=0.0, tasks=None, **options):
    """A DAG with one task, run every so many seconds from some second on."""
    return Dag(
        dag_id=dag_id,
        tasks=tasks or (Task(task_id="t", pool="db", **options),),
        schedule=Every(seconds=every),
        start_date=START + timedelta(seconds=at),
        max_active_runs=500,
    )


def scenario(*dags, seconds=None, slots=1, until=HOUR, runs=None, faults=(), **cluster):
    asked = [ManualRun(dag_id="x", at_s=35)] if runs is None else runs
    rules = tuple(Rule(tasks=name, duration_s=length) for name, length in (seconds or {}).items())
    return Scenario(
        fleet=Fleet(dags=dags),
        start=START,
        duration_s=until,
        behavior=Behavior(rules=rules),
        manual_runs=tuple(asked),
        faults=tuple(faults),
        cluster=Cluster(pools={"db": Pool(slots=slots)}, **cluster),
    )


def found(*dags, **options):
    one = scenario(*dags, **options)
    return [finding for finding in detect(one, simulate(one)) if finding.code == "WT104"]


HEAVY = stream("a", priority_weight=5)
OVERLAPPING = (stream("a"), stream("b", at=30))


# -- streams ------------------------------------------------------------------------------------


def test_a_light_task_behind_a_stream_of_heavy_ones():
    (finding,) = found(HEAVY, SMALL, seconds={"a.t": 61})
    assert finding.title == "Starvation"
    assert "x.t of manual__2026-03-01T00:00:35+00:00 is ready" in finding.summary
    assert "a.t (59 times). It has not run in this window." in finding.summary
    assert [party.name for party in finding.holding] == ["a.t"]
    assert [party.name for party in finding.waiting] == ["x.t"]
    assert [limit.name for limit in finding.limits] == ["pool db"]
    assert "They weigh more than it (5 and more against 1)" in finding.notes[0]


@pytest.mark.parametrize("loop", [None, SchedulerLoop()], ids=["no delays", "delays"])
def test_a_task_of_two_slots_that_never_come_free_together(loop):
    """Each slot is free for a third of the time."""
    seconds = {"*.t": 40}
    (finding,) = found(*OVERLAPPING, BIG, seconds=seconds, slots=2, loop=loop)
    assert "a.t (5" in finding.summary
    assert "b.t (5" in finding.summary
    assert "It needs 2 slots at once. They need 1" in finding.notes[0]


def test_one_over_parallelism():
    (finding,) = found(HEAVY, SMALL, seconds={"a.t": 61}, slots=9, parallelism=1)
    assert [limit.name for limit in finding.limits] == ["parallelism"]


def test_older_dates_go_first_among_equals():
    """Runs that catch up come as quickly as they end, each with a date before its own."""
    old = Dag(
        dag_id="old",
        tasks=(Task(task_id="t", pool="db"),),
        schedule=Every(seconds=HOUR),
        start_date=START - timedelta(days=30),
        catchup=True,
        max_active_runs=2,
    )
    replayed = scenario(old, SMALL, seconds={"old.t": 60}).model_copy(
        update={"backlog": "replayed"}
    )
    (finding,) = find_starvation(replayed, simulate(replayed))
    assert "They have earlier dates" in finding.notes[0]


def test_one_that_ran_after_more_than_half_of_the_window():
    ends = HEAVY.model_copy(update={"end_date": START + timedelta(minutes=40)})
    (finding,) = found(ends, SMALL, seconds={"a.t": 61})
    assert "It has not run" not in finding.summary
    assert finding.until is not None
    assert finding.until > START + timedelta(minutes=40)


# -- queues -------------------------------------------------------------------------------------


SAFE = {
    "the stream leaves gaps": {"dags": (HEAVY, SMALL), "seconds": {"a.t": 59}},
    "a slot more": {"dags": (HEAVY, SMALL), "seconds": {"a.t": 61}, "slots": 2},
    "equals in order of their dates": {"dags": (stream("a"), SMALL), "seconds": {"a.t": 61}},
    "slots that come free together": {
        "dags": (stream("a"), stream("b"), BIG),
        "seconds": {"*.t": 40},
        "slots": 2,
    },
    "it waited for less than half of the window": {
        "dags": (
            HEAVY.model_copy(update={"end_date": START + timedelta(minutes=20)}),
            SMALL,
        ),
        "seconds": {"a.t": 61},
    },
}


@pytest.mark.parametrize("why", SAFE)
def test_these_do_not_starve(why):
    options = dict(SAFE[why])
    assert not found(*options.pop("dags"), **options)


def test_a_backlog_that_was_there_before_is_a_queue():
    """A hundred heavier tasks, ready at once: it is served when they are done."""
    many = Dag(
        dag_id="many",
        tasks=(Task(task_id="t", pool="db", expand=(100,), priority_weight=9),),
        max_active_tasks=200,
    )
    runs = [ManualRun(dag_id="many"), ManualRun(dag_id="x", at_s=35)]
    assert not found(many, SMALL, runs=runs, seconds={"many.t": 60})


def test_later_tasks_of_runs_that_were_there_before_are_part_of_that_queue():
    chain = tuple(
        Task(task_id=f"t{i}", pool="db", upstream=(f"t{i - 1}",) if i else (), priority_weight=9)
        for i in range(100)
    )
    runs = [ManualRun(dag_id="long"), ManualRun(dag_id="x", at_s=35)]
    long = Dag(dag_id="long", tasks=chain)
    assert not found(long, SMALL, runs=runs, seconds={"long.*": 60})


def test_a_task_at_a_limit_of_its_own_is_not_starved_by_those_who_use_the_pool():
    """Its run may have one task at a time, and that one is long."""
    tasks = (
        Task(task_id="long", pool="own"),
        Task(task_id="t", pool="db"),
    )
    x = Dag(dag_id="x", tasks=tasks, max_active_tasks=1)
    one = scenario(HEAVY, x, seconds={"a.t": 61, "x.long": 2 * HOUR})
    pools = {**one.cluster.pools, "own": Pool(slots=1)}
    one = one.model_copy(update={"cluster": one.cluster.model_copy(update={"pools": pools})})
    assert not [f for f in detect(one, simulate(one)) if f.code == "WT104"]


def test_tasks_of_a_dag_that_somebody_paused_wait_for_that_person():
    paused = DagPaused(dags="x", at_s=60)
    assert not found(HEAVY, SMALL, seconds={"a.t": 61}, faults=[paused])


def test_sensors_that_hold_a_pool_are_no_stream(waits):
    sensors = [waits(f"m{i}", "x.t", pool="db", priority_weight=9) for i in range(2)]
    late = ManualRun(dag_id="x", at_s=35, logical_date=START)
    runs = [*(ManualRun(dag_id=sensor.dag_id) for sensor in sensors), late]
    one = scenario(*sensors, SMALL, slots=2, runs=runs)
    assert [finding.code for finding in detect(one, simulate(one))] == ["WT101"]


# -- how often ----------------------------------------------------------------------------------


def test_how_often_is_too_often_may_be_said():
    one = scenario(HEAVY, SMALL, seconds={"a.t": 61})
    trace = simulate(one)
    assert find_starvation(one, trace, bound=58)
    assert not find_starvation(one, trace, bound=59)


def test_a_pool_of_many_slots_may_pass_somebody_over_more_often():
    """Twice its size, by default: 40 slots, and 59 times."""
    wide = stream("a", tasks=(Task(task_id="t", pool="db", pool_slots=40, priority_weight=5),))
    assert not found(wide, SMALL, seconds={"a.t": 61}, slots=40)


def test_a_check_names_a_size_with_which_it_runs():
    one = scenario(*OVERLAPPING, BIG, seconds={"*.t": 40}, slots=2)
    (finding,) = (f for f in api.check(one, seeds=0).findings if f.code == "WT104")
    assert ("pool db", "2", "3") in {(fix.setting, fix.before, fix.after) for fix in finding.fixes}
