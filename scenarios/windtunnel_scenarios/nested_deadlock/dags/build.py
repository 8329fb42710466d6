"""Build the tables of one region."""

from datetime import datetime

from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator

for region in ("eu", "us", "apac", "latam"):
    with DAG(
        f"build_{region}",
        schedule=None,
        start_date=datetime(2026, 3, 1),
        catchup=False,
        tags=["sales"],
    ):
        tables = [
            BashOperator(task_id=table, bash_command=f"build {table} --region {region}")
            for table in ("orders", "customers")
        ]
        publish = BashOperator(task_id="publish", bash_command=f"publish --region {region}")
        tables >> publish
