"""Raw pings of the day before, copied into tables without duplicates; everybody waits for this."""

from datetime import datetime

from airflow import DAG
from airflow.providers.google.cloud.operators.kubernetes_engine import GKEStartPodOperator

with DAG(
    "copy_deduplicate",
    schedule="0 1 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["core"],
):
    GKEStartPodOperator(
        task_id="copy_deduplicate_all",
        name="copy-deduplicate-all",
        image="bigquery-etl:latest",
        arguments=["script/copy_deduplicate", "--date={{ ds }}"],
    )
