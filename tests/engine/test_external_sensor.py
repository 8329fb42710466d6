"""ExternalTaskSensor: waits for the run of another DAG with the right logical date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel import api
from windtunnel.model import Dag, Every, ExternalTaskSensor, ManualRun, Rule, Task

NEVER = Rule(tasks="etl.load", outcome="fail", duration_s=100)


@pytest.fixture
def mart():
    """``mart(mode="reschedule", …)``: a DAG whose only task waits for ``etl``."""

    def mart(*, retries=0, priority_weight=1, **options):
        kind = ExternalTaskSensor(external_dag_id="etl", **options)
        wait = Task(task_id="wait", kind=kind, retries=retries, priority_weight=priority_weight)
        return Dag(dag_id="mart", tasks=(wait,))

    return mart


@pytest.fixture
def etl():
    tasks = (Task(task_id="load"), Task(task_id="report", upstream=("load",)))
    return Dag(dag_id="etl", tasks=tasks)


LENGTHS = {"etl.load": 100, "etl.report": 100}


def test_poking_it_holds_its_slot_and_ends_at_the_first_poke_after(fly, mart, etl):
    flight = fly(mart(), etl, seconds=LENGTHS)
    states = [state for _, state in flight.history("mart.wait")]
    assert states == ["scheduled", "queued", "running", "success"]
    assert flight.span("mart.wait") == (0, 245), "it looks at 1, 62, 123, 184 and 245 seconds"


def test_for_a_single_task_it_need_not_wait_for_the_run(fly, mart, etl):
    flight = fly(mart(external_task_ids=("load",)), etl, seconds=LENGTHS)
    assert flight.span("mart.wait") == (0, 123)


def test_for_several_tasks_it_waits_for_the_last(fly, mart, etl):
    flight = fly(mart(external_task_ids=("load", "report")), etl, seconds=LENGTHS)
    assert flight.span("mart.wait") == (0, 245)


def test_in_reschedule_mode_it_gives_its_slot_back_between_pokes(fly, mart, etl):
    flight = fly(mart(mode="reschedule"), etl, seconds=LENGTHS)
    assert flight.times("mart.wait", "running") == [0, 61, 122, 183, 244]
    assert flight.times("mart.wait", "up_for_reschedule") == [1, 62, 123, 184]
    assert flight.times("mart.wait", "success") == [245]
    assert flight.task("mart.wait").try_number == 1


def test_rescheduling_it_lets_its_producer_use_the_only_slot(fly, mart, etl):
    flight = fly(
        mart(mode="reschedule", priority_weight=9), etl, seconds=LENGTHS, default_pool_slots=1
    )
    assert flight.run_states("mart") == flight.run_states("etl") == ["success"]


def test_deferrable_it_waits_in_the_triggerer(fly, mart, etl):
    sensor = mart(deferrable=True, priority_weight=9)
    flight = fly(sensor, etl, seconds=LENGTHS, default_pool_slots=1)
    assert flight.times("mart.wait", "deferred") == [1]
    assert flight.state("mart.wait") == "success"
    assert flight.span("etl.load") == (1, 101)


@pytest.mark.parametrize("minutes", [0, 10])
def test_the_delta_chooses_the_run_of_an_earlier_logical_date(fly, mart, etl, minutes):
    runs = [
        ManualRun(dag_id="etl", run_id="early", at_s=0),
        ManualRun(dag_id="etl", run_id="late", at_s=600),
        ManualRun(dag_id="mart", at_s=600),
    ]
    sensor = mart(execution_delta_s=60 * minutes)
    flight = fly(sensor, etl, seconds=LENGTHS, runs=runs)
    begin, end = flight.span("mart.wait")
    assert begin == 600
    assert end == (601 if minutes else 845)


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_without_failed_states_a_failure_is_waited_out_until_the_timeout(fly, mart, etl, mode):
    flight = fly(mart(timeout_s=1000, mode=mode), etl, rules=[NEVER])
    assert flight.state("mart.wait") == "failed"
    assert flight.reasons("mart.wait") == ["sensor timeout"]
    assert flight.task("mart.wait").ended_us == 1_038_000_000, "the first look after 1000 s"


def test_a_deferrable_one_times_out_too(fly, mart, etl):
    flight = fly(mart(timeout_s=1000, deferrable=True), etl, rules=[NEVER])
    assert flight.state("mart.wait") == "failed"
    assert flight.task("mart.wait").ended_us == 1_001_000_001


@pytest.mark.parametrize("how", [{}, {"mode": "reschedule"}, {"deferrable": True}])
def test_failed_states_end_the_wait_at_the_next_look(fly, mart, etl, how):
    flight = fly(mart(failed_states=("failed",), **how), etl, rules=[NEVER])
    assert flight.state("mart.wait") == "failed"
    assert flight.task("mart.wait").ended_us < 200_000_000
    assert flight.reasons("mart.wait") == ["the external etl failed"]


@pytest.mark.parametrize("how", [{}, {"mode": "reschedule"}, {"deferrable": True}])
def test_a_soft_fail_skips_instead(fly, mart, etl, how):
    sensor = mart(failed_states=("failed",), soft_fail=True, **how)
    assert fly(sensor, etl, rules=[NEVER]).state("mart.wait") == "skipped"


@pytest.mark.parametrize("how", [{}, {"mode": "reschedule"}, {"deferrable": True}])
def test_a_soft_fail_also_covers_the_timeout(fly, mart, etl, how):
    sensor = mart(timeout_s=1000, soft_fail=True, **how)
    assert fly(sensor, etl, rules=[NEVER]).state("mart.wait") == "skipped"


def test_allowed_states_say_what_is_waited_for(fly, mart, etl):
    sensor = mart(allowed_states=("success", "failed"))
    assert fly(sensor, etl, rules=[NEVER]).span("mart.wait") == (0, 123)


def test_skipped_states_skip_the_sensor(fly, mart, etl):
    sensor = mart(external_task_ids=("load",), skipped_states=("skipped",))
    skip = Rule(tasks="etl.load", outcome="skip", duration_s=10)
    assert fly(sensor, etl, rules=[skip]).state("mart.wait") == "skipped"


def test_a_run_that_never_comes_ends_in_the_sensors_timeout(fly, mart, etl):
    flight = fly(mart(timeout_s=600), etl, runs=["mart"])
    assert flight.run_states("etl") == []
    assert flight.state("mart.wait") == "failed"


def test_a_sensor_timeout_is_final_whatever_retries_are_left(fly, mart, etl):
    flight = fly(mart(timeout_s=600, retries=3), etl, runs=["mart"])
    assert flight.task("mart.wait").try_number == 1
    assert flight.run_states("mart") == ["failed"]


def test_the_default_timeout_is_a_week(fly, mart, etl):
    flight = fly(mart(), etl, runs=["mart"], until=8 * 86400)
    ended = flight.task("mart.wait").ended_us / 1e6
    assert 7 * 86400 < ended < 7 * 86400 + 62


def test_a_dag_outside_the_fleet_counts_as_done_and_is_an_assumption(scenario, mart):
    result = api.simulate(scenario([mart()]))
    assert result.task("mart.wait").state == "success"
    assert ("DAG etl (named by mart.wait)", "not in the fleet: taken to do its part at once") in [
        (a.subject, a.assumed) for a in result.assumptions
    ]


def test_a_task_that_the_dag_does_not_have_is_waited_for_until_the_timeout(fly, mart, etl):
    flight = fly(mart(external_task_ids=("lode",), timeout_s=300), etl, seconds=LENGTHS)
    assert flight.state("mart.wait") == "failed"


def test_scheduled_dags_meet_on_their_common_tick(fly, mart, etl):
    start = datetime(2026, 3, 1, tzinfo=UTC)
    hourly = {"schedule": Every(seconds=3600), "start_date": start, "catchup": True}
    flight = fly(
        mart().model_copy(update=hourly),
        etl.model_copy(update=hourly),
        seconds=LENGTHS,
        runs=[],
        until=3 * 3600 - 1,
    )
    assert flight.spans("mart.wait") == [(0, 245), (3600, 3845), (7200, 7445)]
