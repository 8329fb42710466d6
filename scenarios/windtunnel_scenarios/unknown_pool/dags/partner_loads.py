"""Loads of partner files. They share a warehouse that takes four of them at once."""

from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

for partner in ("north", "south", "east", "west"):
    with DAG(
        f"load_{partner}",
        schedule="0 4 * * *",
        start_date=datetime(2026, 1, 1),
        catchup=False,
        tags=["partners"],
    ):
        load = BashOperator(
            task_id="load",
            bash_command=f"load --partner {partner} {{{{ ds }}}}",
            pool="warehouse_load",
        )
        check = BashOperator(task_id="check", bash_command=f"check --partner {partner}")
        load >> check
