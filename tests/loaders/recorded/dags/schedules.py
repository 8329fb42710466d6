"""Schedules in every form that this release and the last one take."""

from datetime import datetime, timedelta

import pendulum
from airflow import DAG, Dataset
from airflow.operators.empty import EmptyOperator
from airflow.timetables.interval import CronDataIntervalTimetable
from airflow.timetables.trigger import CronTriggerTimetable

START = datetime(2026, 1, 1)
DATA = Dataset("s3://bucket/data")

FORMS = {
    "preset": "@weekly",
    "cron": "30 6 * * 1-5",
    "every": timedelta(hours=6),
    "once": "@once",
    "never": None,
    "interval": CronDataIntervalTimetable("0 1 * * *", timezone="UTC"),
    "trigger": CronTriggerTimetable("0 2 * * *", timezone="Europe/Paris"),
    "data": [DATA],
    "all_data": DATA & Dataset("s3://bucket/more"),
    "any_data": DATA | Dataset("s3://bucket/more"),
}
for name, schedule in FORMS.items():
    with DAG(f"schedule_{name}", schedule=schedule, start_date=START) as made:
        EmptyOperator(task_id="only", outlets=[DATA])
    globals()[name] = made

with DAG(
    "schedule_in_paris",
    schedule="0 4 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Paris"),
):
    EmptyOperator(task_id="only")

with DAG("schedule_omitted", start_date=START):
    EmptyOperator(task_id="only", start_date=START)
