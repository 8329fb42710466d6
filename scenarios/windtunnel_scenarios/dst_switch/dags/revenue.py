"""Revenue of the group: at nine o'clock UTC, two hours after Chicago has settled."""

from datetime import timedelta

import pendulum
from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

with DAG(
    "revenue",
    schedule="0 9 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    tags=["finance"],
):
    wait = ExternalTaskSensor(
        task_id="wait_for_payments",
        external_dag_id="payments",
        external_task_id="settle",
        execution_delta=timedelta(hours=2),  # one o'clock in Chicago is seven o'clock UTC
        mode="reschedule",
        poke_interval=300,
        timeout=6 * 60 * 60,
    )
    report = SQLExecuteQueryOperator(task_id="report", conn_id="warehouse", sql="CALL revenue()")
    wait >> report
