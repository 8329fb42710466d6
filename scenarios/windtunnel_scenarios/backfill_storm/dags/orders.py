"""Orders, every ten minutes; the shop's front page shows what comes out of it."""

from datetime import datetime

from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

with DAG(
    "orders",
    schedule="*/10 * * * *",
    start_date=datetime(2026, 3, 1),
    catchup=False,
    max_active_runs=1,
    tags=["sales"],
):
    load = SQLExecuteQueryOperator(task_id="load", conn_id="warehouse", sql="CALL load_orders()")
    show = SQLExecuteQueryOperator(task_id="show", conn_id="warehouse", sql="CALL show_orders()")
    load >> show
