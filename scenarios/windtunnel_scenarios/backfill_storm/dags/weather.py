"""Weather of each hour, for the forecasts; written a year ago and paused ever since."""

from datetime import datetime

from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.http.operators.http import HttpOperator

STATIONS = ("north", "east", "south", "west")

with DAG(
    "weather",
    schedule="@hourly",
    start_date=datetime(2025, 3, 1),  # catchup is left to the default: True in Airflow 2
    is_paused_upon_creation=True,
    tags=["forecast"],
):
    merge = SQLExecuteQueryOperator(task_id="merge", conn_id="warehouse", sql="CALL weather()")
    for station in STATIONS:
        fetch = HttpOperator(
            task_id=f"fetch_{station}",
            endpoint=f"stations/{station}?from={{{{ data_interval_start }}}}",
        )
        fetch >> merge
