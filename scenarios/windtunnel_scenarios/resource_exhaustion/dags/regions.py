"""Twice an hour: every region's sales from the shop's database into the lake."""

from datetime import datetime, timedelta

from airflow.providers.amazon.aws.transfers.sql_to_s3 import SqlToS3Operator
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG

with DAG(
    "regions",
    schedule="0,30 * * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_tasks=64,  # as many as there are regions: the sooner they are done the better
    default_args={"retries": 1, "retry_delay": timedelta(minutes=1)},
    tags=["shop"],
):
    copies = [
        SqlToS3Operator(
            task_id=f"copy_{region:02}",
            sql_conn_id="shop_db",
            query=f"select * from sales where region = {region} and day = '{{{{ ds }}}}'",
            s3_bucket="shop-lake",
            s3_key=f"sales/{region:02}/{{{{ ds }}}}.parquet",
            file_format="parquet",
        )
        for region in range(64)
    ]
    refresh = SQLExecuteQueryOperator(
        task_id="refresh", conn_id="warehouse", sql="refresh external table sales"
    )
    copies >> refresh
