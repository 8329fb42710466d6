"""What is said of tries: durations and ends by try, slow-downs, histories, sensors' truth."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from flight import Flight
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cron,
    Dag,
    ExternalTaskSensor,
    History,
    ManualRun,
    Measured,
    Odds,
    OneOf,
    Rule,
    Sensor,
    Slowdown,
    Spread,
    Task,
    Uniform,
)

START = datetime(2026, 3, 1, tzinfo=UTC)


def fan(count, dag_id="d", **options):
    """A DAG of one task that is mapped so often."""
    return Dag(dag_id=dag_id, tasks=(Task(task_id="t", expand=(count,), **options),))


def took(flight, name="d.t"):
    return [round(end - begin, 3) for begin, end in flight.spans(name)]


BIG = {"parallelism": 1000, "default_pool_slots": 1000, "max_active_tasks_per_dag": 1000}


def test_each_try_may_take_another_time_and_the_last_said_is_for_all_that_follow(fly, one_task):
    dag = one_task("d", retries=3, retry_delay_s=0)
    rules = [Rule(duration_s=(10, Uniform(low=20, high=20), 5), outcome="fail")]
    flight = fly(dag, rules=rules)
    begun, failed = flight.times("d.t", "running"), flight.times("d.t", "up_for_retry")
    ends = [*failed, flight.span("d.t")[1]]
    assert [round(end - begin) for begin, end in zip(begun, ends, strict=True)] == [10, 20, 5, 5]


def test_each_try_may_end_otherwise(fly, one_task):
    dag = one_task("d", retries=5, retry_delay_s=0)
    flight = fly(dag, rules=[Rule(outcome=("fail", "fail", "skip"))])
    assert flight.state("d.t") == "skipped"
    assert flight.task("d.t").try_number == 3
    flight = fly(dag, rules=[Rule(outcomes=(Odds(fail=1), Odds(success=1)))])
    assert (flight.state("d.t"), flight.task("d.t").try_number) == ("success", 2)


def test_ends_are_as_likely_as_they_are_said_to_be(fly):
    odds = Odds(fail=0.2, fail_no_retry=0.1, skip=0.3)
    flight = fly(fan(1000), rules=[Rule(outcomes=odds)], **BIG)
    found = Counter(ti.state for ti in flight.all_of("d.t"))
    assert found["success"] == pytest.approx(400, abs=60)
    assert found["skipped"] == pytest.approx(300, abs=60)
    assert found["failed"] == pytest.approx(300, abs=60)


def test_odds_that_are_not_one_are_refused():
    with pytest.raises(ValidationError, match=r"together they are 1\.1"):
        Odds(fail=0.6, skip=0.5)
    with pytest.raises(ValidationError, match=r"together they are 0\.9"):
        Odds(success=0.5, fail=0.4)


# -- slow-downs -----------------------------------------------------------------------------------


def slowed(scenario, *dags, slowdowns, **options):
    one = scenario(dags, **options)
    behavior = one.behavior.model_copy(update={"slowdowns": slowdowns})
    one = one.model_copy(update={"behavior": behavior})
    return Flight(one, simulate(one))


def test_a_slow_run_is_slow_in_all_its_tasks_and_no_other_run_is_as_slow(scenario):
    slow = Slowdown(tasks="d.*", factor=Spread(median=2, sigma=1), per="run")
    runs = [ManualRun(dag_id="d", at_s=600 * i) for i in range(8)]
    flight = slowed(scenario, fan(5), slowdowns=(slow,), seconds={"d.t": 10}, runs=runs)
    times = took(flight)
    by_run = [set(times[i : i + 5]) for i in range(0, 40, 5)]
    assert all(len(run) == 1 for run in by_run)
    assert len(set.union(*by_run)) == 8


def test_an_hour_or_a_day_that_is_slow_is_slow_for_all_that_begins_in_it(scenario):
    one = Dag(dag_id="d", tasks=(Task(task_id="t"),))
    runs = [ManualRun(dag_id="d", at_s=1800 * i) for i in range(96)]
    for per, length in (("hour", 2), ("day", 48)):
        slow = Slowdown(tasks="d.*", factor=Uniform(low=1, high=9), per=per)
        flight = slowed(
            scenario, one, slowdowns=(slow,), seconds={"d.t": 10}, runs=runs, until=2 * 86400
        )
        times = took(flight)
        stretches = [set(times[i : i + length]) for i in range(0, 96, length)]
        assert all(len(stretch) == 1 for stretch in stretches)
        assert len(set.union(*stretches)) == 96 // length


def test_a_slow_down_may_strike_a_share_of_its_stretches_and_leaves_other_tasks_alone(scenario):
    slow = Slowdown(tasks="d.*", factor=3, per="run", probability=0.3)
    other = Dag(dag_id="e", tasks=(Task(task_id="t"),))
    runs = [ManualRun(dag_id="d", at_s=100 * i) for i in range(200)]
    flight = slowed(
        scenario, fan(1), other, slowdowns=(slow,), seconds={"*.t": 10}, runs=[*runs, "e"]
    )
    times = Counter(took(flight))
    assert set(times) == {10, 30}
    assert times[30] == pytest.approx(60, abs=20)
    assert took(flight, "e.t") == [10]


def test_slow_downs_that_meet_multiply(scenario):
    both = (Slowdown(factor=2, per="window"), Slowdown(tasks="d.t", factor=OneOf(values=(3,))))
    assert took(slowed(scenario, fan(1), slowdowns=both, seconds={"d.t": 10})) == [60]


# -- histories ------------------------------------------------------------------------------------


def test_a_rule_is_asked_before_the_history_and_the_default_after_it(scenario):
    history = History(
        measured=(
            Measured(dag_id="a", task_id="t", values_s=(11,)),
            Measured(dag_id="b", task_id="t", values_s=(12, 13)),
        )
    )
    dags = [fan(20, name) for name in "abc"]
    one = scenario(dags, **BIG)
    behavior = Behavior(
        rules=(Rule(tasks="a.t", duration_s=5), Rule(tasks="b.t", memory_mb=10)), history=history
    )
    one = one.model_copy(update={"behavior": behavior})
    flight = Flight(one, simulate(one))
    assert set(took(flight, "a.t")) == {5}
    assert set(took(flight, "b.t")) == {12, 13}
    assert set(took(flight, "c.t")) == {60}


def test_what_sensors_took_says_nothing_of_one_poke(scenario):
    history = History(measured=(Measured(dag_id="d", task_id="w", values_s=(7200,)),))
    dag = Dag(dag_id="d", tasks=(Task(task_id="w", kind=Sensor()),))
    one = scenario([dag])
    one = one.model_copy(update={"behavior": Behavior(history=history)})
    assert Flight(one, simulate(one)).span("d.w") == (0, 1)


# -- when a sensor's condition comes true ---------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "first", "second"),
    [("run_after", 3600, 3600), ("logical_date", 1, 1), ("run_start", 3600, 3600)],
)
def test_a_condition_comes_true_so_long_after_each_runs_own_beginning(fly, since, first, second):
    dag = Dag(
        dag_id="d",
        tasks=(Task(task_id="w", kind=Sensor(poke_interval_s=1)),),
        schedule=Cron(expression="0 * * * *", timetable="interval"),
        start_date=START,
        end_date=START + timedelta(hours=1),
        catchup=True,
    )
    rule = Rule(tasks="d.w", true_after_s=3600, true_since=since, duration_s=1)
    flight = fly(dag, rules=[rule], runs=[])
    lengths = [end - begin for begin, end in flight.spans("d.w")]
    assert lengths == [pytest.approx(first, abs=2), pytest.approx(second, abs=2)]


def test_when_data_comes_is_drawn_once_and_not_again_for_a_retry_or_a_poke(fly):
    kind = Sensor(mode="reschedule", poke_interval_s=60, timeout_s=1e6)
    dag = Dag(dag_id="d", tasks=(Task(task_id="w", kind=kind, expand=(30,)),))
    rule = Rule(true_after_s=Uniform(low=0, high=36_000), duration_s=1)
    flight = fly(dag, rules=[rule])
    ends = sorted(end for _, end in flight.spans("d.w"))
    assert ends[0] < 9000
    assert 27_000 < ends[-1] < 36_100


def test_other_sensors_have_no_condition_of_their_own(fly, one_task):
    wait = one_task("d", kind=ExternalTaskSensor(external_dag_id="e"))
    flight = fly(wait, one_task("e"), rules=[Rule(tasks="d.t", true_after_s=9999)])
    assert flight.span("d.t")[1] < 200
