"""Schedules, dates, timezones and limits."""

from datetime import UTC, datetime, timedelta

import pendulum
from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.timetables.interval import CronDataIntervalTimetable, DeltaDataIntervalTimetable
from airflow.timetables.trigger import CronTriggerTimetable

START = datetime(2024, 1, 1)
SCHEDULES = {
    "preset": "@weekly",
    "cron": "15 2 * * 1-5",
    "delta": timedelta(minutes=20),
    "once": "@once",
    "none": None,
    "interval": CronDataIntervalTimetable("0 3 * * *", timezone="Europe/Berlin"),
    "trigger": CronTriggerTimetable("0 4 * * *", timezone="UTC"),
    "delta_interval": DeltaDataIntervalTimetable(timedelta(hours=7)),
}
for name, schedule in SCHEDULES.items():
    with DAG(f"schedules_{name}", schedule=schedule, start_date=START) as made:
        EmptyOperator(task_id="t")
    globals()[made.dag_id] = made

with DAG("schedules_left_out", start_date=START):
    EmptyOperator(task_id="t")

with DAG(
    "schedules_zone",
    schedule="0 1 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="America/New_York"),
    end_date=pendulum.datetime(2030, 1, 1, tz="America/New_York"),
    catchup=True,
    max_active_runs=1,
    is_paused_upon_creation=True,
):
    EmptyOperator(task_id="t")

with DAG(
    "schedules_zone_by_default_args",
    schedule="@daily",
    default_args={"start_date": datetime(2024, 1, 1, tzinfo=UTC)},
    max_active_tasks=1,
):
    EmptyOperator(task_id="t")
    EmptyOperator(task_id="later", start_date=datetime(2025, 1, 1))
