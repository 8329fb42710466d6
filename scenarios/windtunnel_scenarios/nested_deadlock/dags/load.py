"""Load one region: extract its orders, then have its tables built by yet another DAG."""

from datetime import datetime

from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

for region in ("eu", "us", "apac", "latam"):
    with DAG(
        f"load_{region}",
        schedule=None,
        start_date=datetime(2026, 3, 1),
        catchup=False,
        tags=["sales"],
    ):
        extract = BashOperator(task_id="extract", bash_command=f"extract --region {region}")
        build = TriggerDagRunOperator(
            task_id="build",
            trigger_dag_id=f"build_{region}",
            wait_for_completion=True,
            poke_interval=30,
        )
        extract >> build
