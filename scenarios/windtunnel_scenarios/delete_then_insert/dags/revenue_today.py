"""Revenue of the day so far, every quarter of an hour: the day's rows are deleted and computed anew."""

from datetime import datetime, timedelta

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG

with DAG(
    "revenue_today",
    schedule="*/15 8-20 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"conn_id": "warehouse", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["revenue"],
):
    delete = SQLExecuteQueryOperator(
        task_id="delete", sql="delete from revenue where day = '{{ ds }}'"
    )
    insert = SQLExecuteQueryOperator(
        task_id="insert", sql="insert into revenue select * from revenue_of('{{ ds }}')"
    )
    delete >> insert
