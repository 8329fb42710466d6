"""The search index, built anew every night by a job on the cluster."""

from datetime import datetime, timedelta

from airflow.providers.google.cloud.operators.dataproc import DataprocSubmitJobOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "search_index",
    schedule="0 1 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # It has to be over when the shop opens.
    dagrun_timeout=timedelta(hours=4),
    tags=["search"],
):
    build = DataprocSubmitJobOperator(
        task_id="build",
        project_id="shop",
        region="europe-west1",
        job={"spark_job": {"main_class": "shop.BuildIndex"}},
    )
    switch = BashOperator(task_id="switch", bash_command="switch-index {{ ds }}")
    build >> switch
