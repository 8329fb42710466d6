"""Nightly sales figures: one DAG per region, each of which has its region loaded by another DAG."""

from datetime import datetime

from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

for region in ("eu", "us", "apac", "latam"):
    with DAG(
        f"sales_{region}",
        schedule="0 2 * * *",
        start_date=datetime(2026, 3, 1),
        catchup=False,
        tags=["sales"],
    ):
        load = TriggerDagRunOperator(
            task_id="load",
            trigger_dag_id=f"load_{region}",
            wait_for_completion=True,
            deferrable=True,
            poke_interval=30,
        )
        report = BashOperator(task_id="report", bash_command=f"report --region {region}")
        load >> report
