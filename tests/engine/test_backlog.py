"""Runs from before the window: done, as where the DAGs have been on; or replayed, if asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windtunnel.engine.dag_runs.timetable import Timetable
from windtunnel.model import (
    Cron,
    Dag,
    Every,
    ExternalTaskSensor,
    Once,
    Task,
)
from windtunnel.model.profile import AIRFLOW_2_11, AIRFLOW_3_3

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
T = Task(task_id="t")


def instants(flight, dag_id="d"):
    """Logical dates of the scheduled runs, in hours since the start."""
    runs = [run for run in flight.trace.dag_runs() if run.dag_id == dag_id]
    return [(run.logical_date - START) / HOUR for run in runs if run.run_type == "scheduled"]


@pytest.fixture
def daily(fly):
    """``daily(hours_before, …)``: two days of a daily DAG whose start_date lies that far back."""

    def daily(hours_before, *, backlog="done", hour=6, profile="airflow-3.3", **options):
        dag = Dag(
            dag_id="d",
            tasks=(T,),
            schedule=Cron(expression=f"0 {hour} * * *"),
            start_date=START - hours_before * HOUR,
            **options,
        )
        flight = fly(dag, runs=[], until=47 * 3600, profile=profile, backlog=backlog)
        return instants(flight)

    return daily


@pytest.mark.parametrize("catchup", [True, False])
def test_only_runs_that_become_due_in_the_window_are_created(daily, catchup):
    assert daily(1000, catchup=catchup) == [6, 30]


def test_replayed_the_scheduler_makes_what_catchup_asks_for(daily):
    assert daily(72, catchup=True, backlog="replayed") == [-66, -42, -18, 6, 30]
    assert daily(72, catchup=False, backlog="replayed") == [-18, 6, 30], "one run is made up"


def test_a_run_that_is_due_at_the_very_start_is_still_to_come(daily):
    assert daily(1000, hour=0) == [0, 24]


def test_with_data_intervals_a_run_is_due_when_its_interval_ends(daily):
    assert daily(1000, profile="airflow-2.11") == [-18, 6]
    assert daily(1000, hour=0, profile="airflow-2.11") == [-24, 0]


@pytest.mark.parametrize("backlog", ["done", "replayed"])
def test_a_dag_that_starts_with_the_window_has_no_past(daily, backlog):
    assert daily(0, hour=0, catchup=True, backlog=backlog) == [0, 24]


def test_a_run_once_is_over_if_its_day_has_passed(fly):
    old = Dag(dag_id="d", tasks=(T,), schedule=Once(), start_date=START - HOUR)
    assert instants(fly(old, runs=[])) == []
    assert instants(fly(old, runs=[], backlog="replayed")) == [-1]


def test_a_first_run_in_the_window_has_its_past_behind_it(fly):
    """depends_on_past asks for a run that was over before the window."""
    own = Task(task_id="t", depends_on_past=True)
    dag = Dag(
        dag_id="d",
        tasks=(own,),
        schedule=Every(seconds=3600),
        start_date=START - 10 * HOUR,
        catchup=True,
    )
    flight = fly(dag, runs=[], until=3000)
    assert flight.state("d.t") == "success"


@pytest.fixture
def look_back(fly):
    """``look_back(hours, …)``: state of a sensor that looks so far back into hourly DAG ``etl``."""

    def look_back(hours, *, backlog="done", states=("success",), **of_etl):
        etl = Dag(
            dag_id="etl",
            tasks=(T,),
            start_date=START - 10 * HOUR,
            catchup=True,
            **{"schedule": Every(seconds=3600), **of_etl},
        )
        kind = ExternalTaskSensor(
            external_dag_id="etl",
            external_task_ids=("t",),
            execution_delta_s=hours * 3600,
            allowed_states=states,
            timeout_s=600,
        )
        mart = Dag(dag_id="mart", tasks=(Task(task_id="wait", kind=kind),))
        return fly(mart, etl, runs=["mart"], until=3000, backlog=backlog).state("mart.wait")

    return look_back


@pytest.mark.parametrize(("hours", "state"), [(1, "success"), (10, "success"), (11, "failed")])
def test_a_sensor_finds_the_runs_that_were_over(look_back, hours, state):
    assert look_back(hours) == state


def test_it_finds_no_run_where_the_schedule_made_none(look_back):
    assert look_back(0.5) == "failed"
    assert look_back(1, schedule=None) == "failed"
    assert look_back(1, is_paused=True) == "failed"


def test_what_is_over_succeeded(look_back):
    assert look_back(1, states=("failed",)) == "failed"


SCHEDULES = {
    "cron": Cron(expression="15 */5 * * *"),
    "cron, local": Cron(expression="30 2 * * *", timezone="Europe/Berlin"),
    "monthly": Cron(expression="@monthly"),
    "distance": Every(seconds=7 * 3600),
}


@pytest.mark.parametrize("profile", [AIRFLOW_3_3, AIRFLOW_2_11], ids=["3.3", "2.11"])
@pytest.mark.parametrize("catchup", [True, False])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("start", ["2025-10-01T00:00:00Z", "2025-10-03T02:15:00Z"])
def test_the_last_run_that_was_due_is_the_one_that_a_scheduler_made(
    schedule, catchup, profile, start
):
    """Against a scheduler that was on since the start date and created each run when it was due."""
    dag = Dag(dag_id="d", tasks=(T,), schedule=SCHEDULES[schedule], start_date=start)
    timetable = Timetable(dag, profile, catchup)
    first = datetime.fromisoformat(start)
    if schedule == "distance" and not catchup and profile is AIRFLOW_2_11:
        # Deployed later than its start date, it runs on the grid that begins in 1970.
        first = datetime(2025, 10, 20, tzinfo=UTC)
    made, now = [], first
    for instant in (first + HOUR * n for n in range(24, 1500, 253)):
        while (run := timetable.next_run(made[-1] if made else None, now)).run_after < instant:
            made.append((run.start, run.end))
            now = run.run_after
        if made:
            assert timetable.last_due_before(instant) == made[-1]
            dates = [logical for logical, _ in made[-3:]]
            assert all(timetable.was_due(logical, instant) for logical in dates)
            assert not any(timetable.was_due(d + timedelta(minutes=1), instant) for d in dates)
            assert not timetable.was_due(run.start, instant)
