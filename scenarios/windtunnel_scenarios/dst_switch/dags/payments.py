"""Payments of the shops in Chicago: settled every night at one o'clock, on their clocks."""

import pendulum
from airflow import DAG
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.providers.standard.operators.python import PythonOperator


def settle_day(ds):
    PostgresHook("payments").run("CALL settle(%s)", parameters=(ds,))


with DAG(
    "payments",
    schedule="0 1 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="America/Chicago"),
    catchup=False,
    tags=["finance"],
):
    PythonOperator(task_id="settle", python_callable=settle_day)
