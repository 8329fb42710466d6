"""ExternalTaskSensor: waits for the run of another DAG with the right logical date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flight import START
from windtunnel import api
from windtunnel.engine import simulate
from windtunnel.model import (
    Dag,
    Every,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Rule,
    Scenario,
    Task,
    TaskGroup,
    When,
)

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


# -- groups, several dates, mapped tasks -------------------------------------------------------

PROFILES = ["airflow-3.3", "airflow-2.11"]


@pytest.fixture
def grouped():
    """``etl`` with the tasks ``g.load`` and ``g.report`` in a group, and ``mail`` behind them."""
    tasks = (
        Task(task_id="g.load", group="g"),
        Task(task_id="g.report", group="g", upstream=("g.load",)),
        Task(task_id="mail", upstream=("g.report",)),
    )
    return Dag(dag_id="etl", tasks=tasks, groups=(TaskGroup(group_id="g"),))


GROUPED = {"etl.g.*": 100, "etl.mail": 1000}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_group_is_waited_for_without_the_rest_of_its_run(fly, mart, grouped, profile):
    sensor = mart(external_task_group_id="g")
    flight = fly(sensor, grouped, seconds=GROUPED, profile=profile)
    assert flight.span("mart.wait") == (0, 245)


@pytest.mark.parametrize(
    ("profile", "ends"), [("airflow-3.3", "success"), ("airflow-2.11", "failed")]
)
def test_one_failure_in_a_group_is_a_failure_of_it_only_in_2(fly, mart, grouped, profile, ends):
    tolerant = {"allowed_states": ("success", "failed"), "failed_states": ("failed",)}
    rule = Rule(tasks="etl.g.report", outcome="fail", duration_s=100)
    flight = fly(
        mart(external_task_group_id="g", **tolerant),
        grouped,
        rules=[rule],
        seconds=GROUPED,
        profile=profile,
    )
    assert flight.state("mart.wait") == ends


def test_a_group_that_is_not_there_is_waited_for_until_the_timeout(fly, mart, grouped):
    sensor = mart(external_task_group_id="other", timeout_s=1000)
    flight = fly(sensor, grouped, seconds=GROUPED)
    assert flight.reasons("mart.wait") == ["sensor timeout"]


def test_with_several_dates_it_waits_for_all_of_these_runs(fly, mart, etl):
    runs = [
        ManualRun(dag_id="mart", at_s=1200),
        ManualRun(dag_id="etl", run_id="now", at_s=1200),
        ManualRun(dag_id="etl", run_id="before", at_s=600),
    ]
    both = mart(other_deltas_s=(600.0,))
    assert fly(both, etl, seconds=LENGTHS, runs=runs).span("mart.wait") == (1200, 1445)
    late = mart(other_deltas_s=(900.0,), timeout_s=2000)
    assert fly(late, etl, seconds=LENGTHS, runs=runs).state("mart.wait") == "failed"


def test_one_failed_run_of_several_is_enough_to_fail(fly, mart, etl):
    runs = [
        ManualRun(dag_id="mart", at_s=600),
        ManualRun(dag_id="etl", run_id="before", at_s=0),
        ManualRun(dag_id="etl", run_id="now", at_s=600),
    ]
    sensor = mart(other_deltas_s=(600.0,), failed_states=("failed",))
    rule = Rule(tasks="etl.load", when=When(run_id="before"), outcome="fail", duration_s=100)
    flight = fly(sensor, etl, rules=[rule], seconds=LENGTHS, runs=runs)
    assert flight.span("mart.wait") == (600, 601)
    assert flight.state("mart.wait") == "failed"


def test_a_mapped_task_counts_with_each_instance_and_is_expected_once(fly, mart):
    """So a sensor on a task of three instances sees its state at no poke but one after the first
    success and before the second: a trap of Airflow's own."""
    etl = Dag(dag_id="etl", tasks=(Task(task_id="load", expand=(3,)),))
    sensor = mart(external_task_ids=("load",), timeout_s=1000)
    together = fly(sensor, etl, seconds={"etl.load": 100})
    assert together.reasons("mart.wait") == ["sensor timeout"]
    one_by_one = fly(sensor, etl, seconds={"etl.load": 100, "mart.wait": 1}, parallelism=2)
    assert one_by_one.span("mart.wait") == (0, 123)


@pytest.mark.parametrize(
    ("profile", "reasons"),
    [("airflow-3.3", ["sensor timeout"]), ("airflow-2.11", ["there is no task etl.lod"])],
)
def test_check_existence_has_an_effect_only_in_2(fly, mart, etl, profile, reasons):
    sensor = mart(external_task_ids=("lod",), check_existence=True, timeout_s=1000)
    flight = fly(sensor, etl, seconds=LENGTHS, profile=profile)
    assert flight.reasons("mart.wait") == reasons


def test_of_several_dates_the_one_that_never_comes_is_found(mart, etl):
    daily = etl.model_copy(update={"schedule": Every(seconds=86400), "start_date": START})
    sensor = mart(other_deltas_s=(60.0,)).model_copy(
        update={"schedule": Every(seconds=86400), "start_date": START}
    )
    scenario = Scenario(
        fleet=Fleet(dags=(sensor, daily)), start=START, duration_s=3 * 86400.0, backlog="replayed"
    )
    (last,) = (s for s in simulate(scenario).snapshots if s.cause == "end")
    reasons = {actor.never for actor in last.actors if actor.task_id == "wait"}
    assert reasons == {"no run of etl has the logical date it wants"}
