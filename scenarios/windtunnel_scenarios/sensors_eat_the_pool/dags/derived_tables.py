"""Tables that are derived from the copied pings: one DAG each, as a generator writes them."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

TABLES = (
    "clients_daily",
    "clients_first_seen",
    "events_daily",
    "experiments_daily",
    "main_nightly",
    "search_daily",
    "ssl_ratios",
    "unified_metrics",
)

for table in TABLES:
    with DAG(
        f"derived_{table}",
        schedule="0 0 * * *",
        start_date=datetime(2026, 1, 1),
        catchup=False,
        tags=["derived"],
    ):
        wait = ExternalTaskSensor(
            task_id="wait_for_copy_deduplicate",
            external_dag_id="copy_deduplicate",
            external_task_id="copy_deduplicate_all",
            execution_delta=-timedelta(hours=1),  # it is due an hour later
            mode="poke",
        )
        build = BigQueryInsertJobOperator(
            task_id=f"build_{table}",
            configuration={"query": {"query": f"CALL derived.{table}('{{{{ ds }}}}')"}},
        )
        wait >> build
