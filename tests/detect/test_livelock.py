"""Sensors that take turns on the slot of what they wait for are told where that has no end, and
only there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from effort import examples
from windtunnel import api
from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Every,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    SchedulerLoop,
    Sensor,
    Slowdown,
    Task,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
ETL = Dag(dag_id="etl", tasks=(Task(task_id="load"),))


def sensing(name, *, every=1.0, weight=5, dag="etl", task="load", pool="default_pool", **kind):
    """It looks for a task of another DAG every so many seconds, and comes before the others."""
    given = {"mode": "reschedule", "poke_interval_s": every, **kind}
    sensor = ExternalTaskSensor(external_dag_id=dag, external_task_ids=(task,), **given)
    return Dag(
        dag_id=name,
        tasks=(Task(task_id="wait", kind=sensor, priority_weight=weight, pool=pool),),
    )


def scenario(*dags, until=600.0, behavior=None, runs=None, **cluster):
    wanted = [d.dag_id for d in dags if d.schedule is None] if runs is None else runs
    return Scenario(
        fleet=Fleet(dags=dags),
        start=START,
        duration_s=until,
        behavior=behavior or Behavior(),
        manual_runs=tuple(ManualRun(dag_id=r) if isinstance(r, str) else r for r in wanted),
        cluster=Cluster(**{"default_pool_slots": 1, **cluster}),
    )


def found(*dags, **options):
    one = scenario(*dags, **options)
    return [f for f in detect(one, simulate(one)) if f.code == "WT105"]


PAIR = (sensing("m1"), sensing("m2"))


def test_two_eager_sensors_on_the_only_slot():
    """One pokes while the other one waits for its next poke: the slot is never free."""
    (finding,) = found(*PAIR, ETL)
    assert finding.title == "Livelock"
    assert [party.name for party in finding.holding] == ["m1.wait", "m2.wait"]
    assert {party.waits_for for party in finding.holding} == {("etl.load",)}
    assert [party.name for party in finding.waiting] == ["etl.load"]
    assert [limit.name for limit in finding.limits] == ["pool default_pool"]
    assert finding.cycle == ("m1.wait", "etl.load", "pool default_pool", "m1.wait")
    assert finding.ended_by == "the sensor timeout of m1.wait"


def test_the_same_with_the_delays_of_the_scheduler():
    (finding,) = found(*PAIR, ETL, loop=SchedulerLoop())
    assert len(finding.holding) == 2


def test_the_same_over_parallelism():
    (finding,) = found(*PAIR, ETL, default_pool_slots=9, parallelism=1)
    assert [limit.name for limit in finding.limits] == ["parallelism"]


def test_the_producer_may_be_far_below_what_is_waited_for():
    etl = Dag(
        dag_id="etl",
        tasks=(Task(task_id="get"), Task(task_id="load", pool="own", upstream=("get",))),
    )
    (finding,) = found(*PAIR, etl, pools={"own": Pool(slots=1)})
    assert {party.name for party in finding.waiting} == {"etl.get", "etl.load"}


def test_more_sensors_than_can_take_turns_starve_with_it():
    (finding,) = found(*(sensing(f"m{i}") for i in range(4)), ETL)
    assert len(finding.holding) == 2
    assert {p.name for p in finding.waiting} == {"m2.wait", "m3.wait", "etl.load"}
    assert finding.cycle[1] == "etl.load", "what they wait for, not who starves beside it"


SAFE = {
    "they leave a gap": {"dags": (sensing("m1", every=2), sensing("m2", every=2))},
    "the producer comes first": {"dags": (sensing("m1", weight=1), sensing("m2", weight=1))},
    "a second slot": {"default_pool_slots": 2},
    "a pool of their own": {
        "dags": (sensing("m1", pool="own"), sensing("m2", pool="own")),
        "pools": {"own": Pool(slots=1)},
    },
    "a single sensor is away while it waits": {"dags": (sensing("m1"),)},
}


@pytest.mark.parametrize("why", SAFE)
def test_these_do_end(why):
    options = dict(SAFE[why])
    dags = options.pop("dags", PAIR)
    assert not found(*dags, ETL, **options)


def test_what_was_seen_twice_only_is_not_proved():
    assert not found(*PAIR, ETL, until=6)
    assert found(*PAIR, ETL, until=16)


def test_sensors_that_wait_for_something_else_go_away_when_it_comes():
    other = Dag(dag_id="other", tasks=(Task(task_id="load", pool="own"),))
    sensors = (sensing("m1", dag="other"), sensing("m2", dag="other"))
    slow = Behavior(rules=(Rule(tasks="other.load", duration_s=7200),))
    options = {"pools": {"own": Pool(slots=1)}, "behavior": slow}
    assert not found(*sensors, ETL, other, **options)


def test_sensors_of_what_comes_from_outside_may_go_away():
    task = Task(
        task_id="s",
        priority_weight=5,
        kind=Sensor(mode="reschedule", poke_interval_s=1),
    )
    dags = tuple(Dag(dag_id=f"m{i}", tasks=(task,)) for i in range(2))
    late = Behavior(rules=(Rule(tasks="m*.s", true_at_s=7200, duration_s=1),))
    assert not found(*dags, ETL, behavior=late)


def test_a_long_task_that_will_give_its_slot_back_ends_it():
    long = Dag(dag_id="long", tasks=(Task(task_id="t", priority_weight=9),))
    busy = Behavior(rules=(Rule(tasks="long.t", duration_s=7200),))
    assert not found(long, *PAIR, ETL, behavior=busy, default_pool_slots=2, until=600)


def test_where_luck_takes_part_nothing_is_proved():
    slow = Behavior(slowdowns=(Slowdown(tasks="m*.wait", factor=1.5, per="hour"),))
    assert not found(*PAIR, ETL, behavior=slow)


def test_work_that_comes_and_goes_between_is_no_standstill():
    busy = Dag(
        dag_id="busy",
        tasks=(Task(task_id="t", priority_weight=9),),
        schedule=Every(seconds=60),
        start_date=START,
    )
    assert not found(*PAIR, ETL, busy, runs=["m1", "m2", "etl"], until=610)


def test_work_elsewhere_does_not_hide_it():
    busy = Dag(
        dag_id="busy",
        tasks=(Task(task_id="t", pool="own"),),
        schedule=Every(seconds=60),
        start_date=START,
    )
    assert found(*PAIR, ETL, busy, runs=["m1", "m2", "etl"], pools={"own": Pool(slots=1)})


def test_a_check_names_the_pool_size_that_ends_it():
    (finding,) = (f for f in api.check(scenario(*PAIR, ETL), seeds=1).findings if f.code == "WT105")
    assert ("pool default_pool", "1", "2") in {
        (f.setting, f.before, f.after) for f in finding.fixes
    }


EAGER = st.builds(
    lambda every, weights: tuple(
        sensing(f"m{i}", every=seconds, weight=weight)
        for i, (seconds, weight) in enumerate(zip(every, weights, strict=True))
    ),
    st.tuples(*(st.sampled_from((1.0, 1.0, 2.0, 3.0)),) * 4),
    st.tuples(*(st.sampled_from((1, 5)),) * 4),
)


@settings(examples(30), suppress_health_check=[HealthCheck.too_slow])
@given(EAGER, st.integers(1, 4), st.integers(1, 2), st.sampled_from((0.5, 1.0, 2.0)))
def test_a_producer_is_kept_out_for_long_exactly_where_it_is_told(sensors, count, slots, poke_s):
    pokes = Behavior(rules=(Rule(tasks="m*", duration_s=poke_s),))
    dags = (*sensors[:count], ETL)
    told = found(*dags, until=300.0, behavior=pokes, default_pool_slots=slots)
    long = simulate(scenario(*dags, until=1800.0, behavior=pokes, default_pool_slots=slots))
    (load,) = (one for one in long.task_instances() if one.dag_id == "etl")
    assert bool(told) == (load.state != "success")
