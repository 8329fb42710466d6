"""Events, loaded every hour at ten past."""

from datetime import datetime

from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

with DAG("events", schedule="10 * * * *", start_date=datetime(2026, 1, 1), catchup=False):
    SQLExecuteQueryOperator(task_id="load", conn_id="warehouse", sql="CALL load_events()")
