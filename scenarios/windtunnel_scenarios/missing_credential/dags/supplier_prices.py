"""Prices of a supplier, who delivers on some days and on others doesn't."""

from datetime import datetime

from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.amazon.aws.transfers.s3_to_redshift import S3ToRedshiftOperator
from airflow.sdk import DAG

with DAG(
    "supplier_prices",
    schedule="0 7 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["prices"],
):
    wait = S3KeySensor(
        task_id="wait_for_prices",
        bucket_name="supplier",
        bucket_key="prices/{{ ds }}.csv",
        mode="reschedule",
        poke_interval=600,
        timeout=3 * 60 * 60,
        soft_fail=True,  # no delivery, nothing to do: that is no failure
    )
    load = S3ToRedshiftOperator(
        task_id="load",
        schema="prices",
        table="supplier",
        s3_bucket="supplier",
        s3_key="prices/{{ ds }}.csv",
    )
    wait >> load
