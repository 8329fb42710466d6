"""Orders go to the warehouse every quarter of an hour; their pool has room for all of them."""

from datetime import datetime

from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

with DAG(
    "orders",
    schedule="*/15 * * * *",
    start_date=datetime(2026, 3, 1),
    catchup=False,
    default_args={"pool": "orders", "conn_id": "warehouse"},
    tags=["sales"],
):
    load = SQLExecuteQueryOperator(task_id="load", sql="CALL load_orders()")
    ship = SQLExecuteQueryOperator(task_id="ship", sql="CALL release_shipments()")
    load >> ship
