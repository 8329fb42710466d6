"""Schedules at the edges: cron that never ticks, dates that no calendar has, ends of windows."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from windtunnel.engine.dag_runs.timetable import CronTicks
from windtunnel.model import Cron, Dag, Every, Task

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(("length_h", "runs"), [(24, 1), (48, 2), (36, 2), (0.5, 1)])
@pytest.mark.parametrize("schedule", [Cron(expression="@daily"), Every(seconds=86400)])
def test_a_daily_dag_runs_once_in_a_day(fly, one_task, schedule, length_h, runs):
    """Issue: the window's end was part of it, so a day had two runs, the last one unfinished."""
    daily = one_task("d").model_copy(update={"schedule": schedule, "start_date": MIDNIGHT})

    flight = fly(daily, runs=[], until=length_h * 3600)

    assert len(flight.run_ids("d")) == runs


@pytest.mark.parametrize("expression", ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *"])
def test_a_day_that_no_month_has_is_refused_with_its_schedule(expression):
    with pytest.raises(ValidationError, match="names a day that no month has"):
        Cron(expression=expression)


def test_what_is_no_cron_expression_is_refused():
    with pytest.raises(ValidationError, match="'soon' is no cron expression of five fields"):
        Cron(expression="soon")


def test_the_leap_day_is_a_day():
    ticks = CronTicks("0 0 29 2 *", "UTC")
    assert ticks.after(MIDNIGHT) == datetime(2028, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize("schedule", [Cron(expression="@daily"), Every(seconds=86400)])
@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
@pytest.mark.parametrize("catchup", [True, False])
def test_dates_at_the_ends_of_the_calendar_are_no_error(fly, schedule, year, profile, catchup):
    dag = Dag(
        dag_id="d",
        tasks=(Task(task_id="t"),),
        schedule=schedule,
        catchup=catchup,
        start_date=datetime(year, 12, 31, tzinfo=UTC),
        max_active_runs=1,
    )

    runs = fly(dag, runs=[], until=3600, profile=profile).run_ids("d")

    assert runs if year == 1 else not runs


def test_a_day_of_seconds_is_asked_for_in_a_few_seconds():
    """The expression is parsed once, not at each of its 86400 ticks."""
    ticks, at = CronTicks("* * * * * *", "UTC"), MIDNIGHT
    begin = time.perf_counter()
    for _ in range(20_000):
        at = ticks.after(at)
    assert at == MIDNIGHT + timedelta(seconds=20_000)
    assert time.perf_counter() - begin < 5
