"""execution_timeout ends waits, too, wherever the release lets it; a retry waits anew."""

from __future__ import annotations

import pytest

from windtunnel.model import (
    Dag,
    Deferrable,
    ExternalTaskSensor,
    Rule,
    Sensor,
    Task,
    TriggerDagRun,
)

BOTH = pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
LIMIT = {"execution_timeout_s": 1800.0}


@pytest.fixture
def alone(fly):
    """``alone(kind, rule=…, **options)``: a day of one task ``d.t`` beside a DAG ``c`` whose only
    task takes six hours."""

    def alone(kind, *, profile="airflow-3.3", rules=(), **options):
        task = Task(task_id="t", kind=kind, **{**LIMIT, **options})
        child = Dag(dag_id="c", tasks=(Task(task_id="w"),))
        runs = ["d"] if isinstance(kind, TriggerDagRun) else ["d", "c"]
        return fly(
            Dag(dag_id="d", tasks=(task,)),
            child,
            runs=runs,
            rules=list(rules),
            seconds={"c.w": 21600},
            profile=profile,
        )

    return alone


NEVER_TRUE = Rule(tasks="d.t", true_at_s=None, duration_s=1)
SENSOR = ExternalTaskSensor(external_dag_id="c", external_task_ids=("w",))


@BOTH
@pytest.mark.parametrize(
    ("kind", "rules"), [(Sensor(), [NEVER_TRUE]), (SENSOR, [])], ids=["outside", "other DAG"]
)
def test_a_poking_sensor_is_cut_off(alone, profile, kind, rules):
    flight = alone(kind, rules=rules, profile=profile)
    assert flight.span("d.t") == (0, 1800)
    assert flight.state("d.t") == "failed"
    assert flight.reasons("d.t") == ["execution_timeout"]


@BOTH
def test_a_retry_has_the_whole_time_again(alone, profile):
    flight = alone(SENSOR, retries=1, retry_delay_s=300.0, profile=profile)
    assert flight.times("d.t", "running") == [0, pytest.approx(2100)]
    assert flight.times("d.t", "failed") == [pytest.approx(3900)]


def test_one_that_comes_true_in_time_is_not_cut(alone):
    true = Rule(tasks="d.t", true_at_s=1700, duration_s=1)
    assert alone(Sensor(), rules=[true]).state("d.t") == "success"


def test_a_sensor_whose_own_timeout_is_shorter_gives_up_by_it(alone):
    flight = alone(ExternalTaskSensor(external_dag_id="c", timeout_s=600))
    assert flight.reasons("d.t") == ["sensor timeout"]


@pytest.mark.parametrize(("seconds", "state"), [(1800.0, "failed"), (1830.5, "skipped")])
def test_soft_fail_makes_it_a_skip_only_in_the_middle_of_a_poke(alone, seconds, state):
    """Pokes take a second and begin every 61."""
    kind = Sensor(soft_fail=True)
    flight = alone(kind, rules=[NEVER_TRUE], execution_timeout_s=seconds)
    assert flight.state("d.t") == state


@BOTH
def test_a_reschedule_sensor_has_the_time_for_each_poke(alone, profile):
    kind = ExternalTaskSensor(external_dag_id="c", mode="reschedule", timeout_s=7200)
    assert alone(kind, profile=profile).reasons("d.t") == ["sensor timeout"]


@pytest.mark.parametrize(
    ("profile", "state", "ended"),
    [("airflow-2.11", "failed", 1800), ("airflow-3.3", "success", 21601)],
)
def test_a_wait_for_a_triggered_run_is_cut_off_by_2_x_only(alone, profile, state, ended):
    kind = TriggerDagRun(trigger_dag_id="c", wait_for_completion=True)
    flight = alone(kind, profile=profile)
    assert flight.state("d.t") == state
    assert flight.span("d.t")[1] == pytest.approx(ended, abs=60)


def test_the_retry_of_a_cut_off_wait_triggers_another_run(alone):
    kind = TriggerDagRun(trigger_dag_id="c", wait_for_completion=True)
    flight = alone(kind, profile="airflow-2.11", retries=1, retry_delay_s=300.0)
    assert flight.times("d.t", "running") == [0, pytest.approx(2100)]
    assert flight.times("d.t", "failed") == [pytest.approx(3900)]
    assert len(flight.run_ids("c")) == 2


@pytest.mark.parametrize(
    ("profile", "state"), [("airflow-2.11", "failed"), ("airflow-3.3", "success")]
)
@pytest.mark.parametrize(
    "kind",
    [
        TriggerDagRun(trigger_dag_id="c", wait_for_completion=True, deferrable=True),
        ExternalTaskSensor(external_dag_id="c", deferrable=True),
        Deferrable(),
    ],
    ids=["trigger", "sensor", "operator"],
)
def test_time_in_the_triggerer_counts_in_2_x_only(alone, profile, state, kind):
    fires = Rule(tasks="d.t", fire_after_s=7200, duration_s=1)
    rules = [fires] if isinstance(kind, Deferrable) else []
    flight = alone(kind, rules=rules, profile=profile)
    assert flight.state("d.t") == state
    if state == "failed":
        assert flight.span("d.t")[1] == pytest.approx(1800, abs=1)
        assert flight.reasons("d.t") == ["execution_timeout"]


@BOTH
def test_a_deferred_sensor_that_times_out_is_retried_by_2_x_only(alone, profile):
    kind = ExternalTaskSensor(external_dag_id="c", deferrable=True, timeout_s=600)
    flight = alone(kind, profile=profile, retries=1, retry_delay_s=60.0)
    assert flight.task("d.t").try_number == (1 if profile == "airflow-3.3" else 2)
