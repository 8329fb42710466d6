"""Hourly invoices. Has nothing to do with the sales DAGs, except for the workers."""

from datetime import datetime

from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG(
    "billing",
    schedule="15 * * * *",
    start_date=datetime(2026, 3, 1),
    catchup=False,
    tags=["finance"],
):
    collect = BashOperator(task_id="collect", bash_command="collect-usage")
    invoice = BashOperator(task_id="invoice", bash_command="send-invoices")
    collect >> invoice
