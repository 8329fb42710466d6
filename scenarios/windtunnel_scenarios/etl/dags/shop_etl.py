"""Shop data into the warehouse, every night: extract, transform, check, load."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.amazon.aws.transfers.sql_to_s3 import SqlToS3Operator
from airflow.providers.common.sql.operators.sql import (
    SQLExecuteQueryOperator,
    SQLTableCheckOperator,
)
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, TaskGroup

TABLES = ("orders", "order_lines", "customers", "products")
warehouse = Asset("s3://shop-lake/warehouse/ready")

with DAG(
    "shop_etl",
    schedule="0 1 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "data", "retries": 2, "retry_delay": timedelta(minutes=5)},
    tags=["shop"],
):
    # The web shop exports its click stream some time after midnight.
    wait_for_clicks = S3KeySensor(
        task_id="wait_for_clicks",
        bucket_name="shop-lake",
        bucket_key="clicks/{{ ds }}/_SUCCESS",
        mode="reschedule",
        poke_interval=300,
        timeout=2 * 60 * 60,
    )

    with TaskGroup("extract") as extract:
        for table in TABLES:
            SqlToS3Operator(
                task_id=table,
                sql_conn_id="shop_db",
                query=f"select * from {table} where updated_at::date = '{{{{ ds }}}}'",
                s3_bucket="shop-lake",
                s3_key=f"raw/{table}/{{{{ ds }}}}.parquet",
                file_format="parquet",
                pool="shop_db",  # the shop must not notice us
            )

    with TaskGroup("transform") as transform:
        for table in TABLES:
            SQLExecuteQueryOperator(
                task_id=table,
                conn_id="warehouse",
                sql=f"transform/{table}.sql",
                pool="warehouse",
            )

    check = SQLTableCheckOperator(
        task_id="check",
        conn_id="warehouse",
        table="staging.orders",
        checks={"has_rows": {"check_statement": "count(*) > 0"}},
        pool="warehouse",
    )
    load = SQLExecuteQueryOperator(
        task_id="load",
        conn_id="warehouse",
        sql="load/swap_partitions.sql",
        pool="warehouse",
    )
    ready = EmptyOperator(task_id="ready", outlets=[warehouse])

    [wait_for_clicks, extract] >> transform >> check >> load >> ready
