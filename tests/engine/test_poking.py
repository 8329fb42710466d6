"""Sensors that wait for the outside world: when they look, and when they give up.

A poke takes a second here; a sensor looks at the end of each.
"""

from __future__ import annotations

import pytest

from windtunnel.model import Dag, Deferrable, ExternalTaskSensor, Rule, Sensor, Task


@pytest.fixture
def look(fly, one_task):
    """``look(true_at=…, mode=…, timeout_s=…)``: a flight of the DAG ``s`` with one sensor."""

    def look(*, true_at, retries=0, until=86400, **options):
        rule = Rule(tasks="s.t", true_at_s=true_at)
        dag = one_task("s", kind=Sensor(**options), retries=retries, retry_delay_s=10)
        return fly(dag, rules=[rule], until=until)

    return look


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
@pytest.mark.parametrize(
    ("true_at", "ends"), [(0, 1), (1, 1), (1.000001, 62), (62, 62), (63, 123), (1000, 1038)]
)
def test_a_condition_is_seen_at_the_end_of_the_first_poke_after_it(look, mode, true_at, ends):
    assert look(true_at=true_at, mode=mode).times("s.t", "success") == [ends]


def test_a_poke_takes_as_long_as_its_duration(fly, one_task):
    rule = Rule(tasks="s.t", true_at_s=35, duration_s=5)
    flight = fly(one_task("s", kind=Sensor(poke_interval_s=10)), rules=[rule])
    assert flight.span("s.t") == (0, 35), "it looks at 5, 20 and 35 seconds"


@pytest.mark.parametrize(
    ("mode", "timeout", "ends"),
    [
        ("poke", 100, 123),
        ("poke", 122, 123),
        ("poke", 123, 184),
        ("reschedule", 100, 123),
        ("reschedule", 121, 123),
        ("reschedule", 122, 184),
    ],
)
def test_it_gives_up_at_the_first_look_that_is_later_than_its_timeout(look, mode, timeout, ends):
    """In 3.x a reschedule sensor's timeout counts from the end of its first poke, here at 1."""
    flight = look(true_at=None, mode=mode, timeout_s=timeout)
    assert flight.times("s.t", "failed") == [ends]
    assert flight.reasons("s.t") == ["sensor timeout"]


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_giving_up_is_not_retried(look, mode):
    flight = look(true_at=None, mode=mode, timeout_s=100, retries=3)
    assert flight.task("s.t").try_number == 1
    assert flight.run_states("s") == ["failed"]


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_a_soft_fail_skips_when_it_gives_up(look, mode):
    assert look(true_at=None, mode=mode, timeout_s=100, soft_fail=True).state("s.t") == "skipped"


def test_a_deferred_sensor_wakes_at_the_very_instant(look):
    flight = look(true_at=1000, deferrable=True)
    assert flight.times("s.t", "deferred") == [1]
    assert flight.times("s.t", "running") == [0, 1000]
    assert flight.state("s.t") == "success"


def test_a_deferred_sensor_gives_up_after_its_timeout(look):
    flight = look(true_at=None, deferrable=True, timeout_s=100)
    assert flight.times("s.t", "failed") == [101.000001]


def test_between_reschedules_the_slot_is_free_for_others(fly):
    dag = Dag(
        dag_id="d",
        tasks=(
            Task(task_id="wait", kind=Sensor(mode="reschedule"), priority_weight=9),
            Task(task_id="work"),
        ),
    )
    rule = Rule(tasks="d.wait", true_at_s=50)
    flight = fly(dag, rules=[rule], seconds={"d.work": 30}, default_pool_slots=1)
    assert flight.span("d.work") == (1, 31)
    assert flight.times("d.wait", "success") == [62]


def test_a_poking_sensor_keeps_its_slot_all_the_time(fly):
    dag = Dag(
        dag_id="d",
        tasks=(Task(task_id="wait", kind=Sensor(), priority_weight=9), Task(task_id="work")),
    )
    rule = Rule(tasks="d.wait", true_at_s=50)
    flight = fly(dag, rules=[rule], seconds={"d.work": 30}, default_pool_slots=1)
    assert flight.span("d.wait") == (0, 62)
    assert flight.span("d.work") == (62, 92)


def test_an_operator_defers_and_resumes_for_as_long_as_its_rule_says(fly, one_task):
    rule = Rule(tasks="d.t", duration_s=2, fire_after_s=100, resume_duration_s=5)
    flight = fly(one_task("d", kind=Deferrable()), rules=[rule])
    assert flight.history("d.t") == [
        (0, "scheduled"),
        (0, "queued"),
        (0, "running"),
        (2, "deferred"),
        (102, "scheduled"),
        (102, "queued"),
        (102, "running"),
        (107, "success"),
    ]


def test_a_trigger_that_never_fires_ends_in_its_timeout_and_is_retried(fly, one_task):
    rules = [Rule(tasks="d.t", duration_s=2, fire_after_s=None)]
    dag = one_task("d", kind=Deferrable(timeout_s=50), retries=1, retry_delay_s=10)
    flight = fly(dag, rules=rules)
    assert flight.times("d.t", "up_for_retry") == [52.000001]
    assert flight.task("d.t").try_number == 2
    assert flight.state("d.t") == "failed"


def test_a_trigger_without_timeout_may_stay_deferred_for_ever(fly, one_task):
    rules = [Rule(tasks="d.t", fire_after_s=None)]
    flight = fly(one_task("d", kind=Deferrable()), rules=rules)
    assert flight.state("d.t") == "deferred"
    assert flight.trace.complete, "nothing more can ever happen"


BACKED_OFF = [0, 41, 133, 337, 727, 1354, 2744, 6153]
"""What Airflow 3.3.2's own ``_get_next_poke_interval`` gives for ``mart.wait`` and one-second
pokes that begin at midnight of 2026-03-01."""


@pytest.fixture
def back_off(fly, one_task):
    """``back_off(true_at=…, mode=…)``: a flight of ``mart.wait``, with exponential_backoff."""

    def back_off(*, true_at, **options):
        kind = Sensor(exponential_backoff=True, **options)
        dag = one_task("mart", "wait", kind=kind)
        return fly(dag, rules=[Rule(tasks="mart.wait", true_at_s=true_at)])

    return back_off


def test_rescheduling_it_backs_off_exactly_as_airflow_does(back_off):
    flight = back_off(true_at=5000, mode="reschedule")
    assert flight.times("mart.wait", "running") == BACKED_OFF
    assert flight.times("mart.wait", "success") == [6154]


def test_max_wait_bounds_the_distance_between_two_pokes(back_off):
    flight = back_off(true_at=5000, mode="reschedule", max_wait_s=300)
    assert flight.times("mart.wait", "running")[:6] == [0, 41, 133, 337, 638, 939]
    assert flight.times("mart.wait", "success") == [5154]


def test_backing_off_it_still_looks_when_its_timeout_has_come(back_off):
    flight = back_off(true_at=None, mode="reschedule", timeout_s=1000)
    assert flight.times("mart.wait", "running") == [0, 41, 133, 337, 727, 1001]
    assert flight.times("mart.wait", "failed") == [1002]


def test_in_poke_mode_each_pause_is_between_one_and_two_times_the_doubled_interval(back_off):
    first, *_ = back_off(true_at=2, mode="poke").times("mart.wait", "success")
    assert 30 + 2 <= first < 60 + 2
    fifth, *_ = back_off(true_at=480, mode="poke").times("mart.wait", "success")
    assert 480 <= fifth < 2 * (30 + 60 + 120 + 240) + 6
    timed_out = back_off(true_at=None, mode="poke", timeout_s=1000)
    assert 1000 < timed_out.times("mart.wait", "failed")[0] <= 1003


def test_other_dags_are_waited_for_with_backoff_too(fly, one_task):
    sensor = ExternalTaskSensor(external_dag_id="etl", mode="reschedule", exponential_backoff=True)
    flight = fly(one_task("mart", "wait", kind=sensor), one_task("etl"), seconds={"etl.t": 1300})
    assert flight.times("mart.wait", "running") == BACKED_OFF[:6]
