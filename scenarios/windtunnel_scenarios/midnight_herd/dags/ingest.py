"""One DAG for each system that data come from: extract, load its tables, check them."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator

SOURCES = {
    "ads": ("campaigns", "clicks", "costs"),
    "billing": ("accounts", "invoices", "payments", "refunds"),
    "crm": ("contacts", "deals", "notes"),
    "inventory": ("items", "movements", "stock"),
    "logistics": ("carriers", "parcels", "routes", "scans"),
    "newsletter": ("opens", "recipients"),
    "orders": ("baskets", "lines", "orders", "returns"),
    "support": ("agents", "messages", "tickets"),
    "telemetry": ("devices", "events", "sessions"),
    "web": ("pages", "searches", "visits"),
}

for source, tables in SOURCES.items():
    with DAG(
        f"ingest_{source}",
        schedule="@daily",
        start_date=datetime(2026, 1, 1),
        catchup=False,
        default_args={"retries": 1, "retry_delay": timedelta(minutes=5)},
        tags=["ingest"],
    ):
        extract = BashOperator(task_id="extract", bash_command=f"ingest extract {source}")
        check = BashOperator(task_id="check", bash_command=f"ingest check {source}")
        for table in tables:
            load = BashOperator(
                task_id=f"load_{table}", bash_command=f"ingest load {source}.{table} {{{{ ds }}}}"
            )
            extract >> load >> check
