"""Sessions of the day before, built at one o'clock from the events of its last hour."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

with DAG("sessions", schedule="0 1 * * *", start_date=datetime(2026, 1, 1), catchup=False):
    wait = ExternalTaskSensor(
        task_id="wait_for_events",
        external_dag_id="events",
        external_task_id="load",
        execution_delta=timedelta(hours=1),
        mode="reschedule",
        poke_interval=300,
    )
    build = SQLExecuteQueryOperator(task_id="build", conn_id="warehouse", sql="CALL sessions()")
    wait >> build
