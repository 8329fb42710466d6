"""A Spark cluster for the night: create it, run the jobs, delete it, whatever became of the jobs."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.google.cloud.operators.dataproc import (
    DataprocCreateClusterOperator,
    DataprocDeleteClusterOperator,
    DataprocSubmitJobOperator,
)
from airflow.sdk import DAG

CLUSTER = "nightly-{{ ds_nodash }}"

with DAG(
    "nightly_spark",
    schedule="0 22 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=4),
    default_args={
        "project_id": "shop",
        "region": "europe-west1",
    },
    tags=["spark"],
):
    create = DataprocCreateClusterOperator(
        task_id="create_cluster", cluster_name=CLUSTER, retries=2, retry_delay=timedelta(minutes=2)
    ).as_setup()
    delete = DataprocDeleteClusterOperator(
        task_id="delete_cluster", cluster_name=CLUSTER, retries=5, retry_delay=timedelta(minutes=2)
    ).as_teardown(setups=create)

    jobs = [
        DataprocSubmitJobOperator(
            task_id=job,
            job={"pyspark_job": {"main_python_file_uri": f"gs://shop-jobs/{job}.py"}},
        )
        for job in ("sessions", "recommendations", "fraud_scores")
    ]
    publish = DataprocSubmitJobOperator(
        task_id="publish",
        job={"pyspark_job": {"main_python_file_uri": "gs://shop-jobs/publish.py"}},
    )

    create >> jobs >> publish >> delete
