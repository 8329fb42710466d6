"""Data marts, as models of dbt; each waits for the systems that it reads from."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

MARTS = {
    "customers": (("crm", "support", "newsletter"), ("churn", "contacts", "satisfaction")),
    "finance": (("billing", "orders", "ads"), ("cash", "costs", "margins", "revenue", "tax")),
    "operations": (("inventory", "logistics", "orders"), ("delays", "shipments", "stock")),
    "product": (("telemetry", "web"), ("funnels", "retention", "usage")),
}

for mart, (sources, models) in MARTS.items():
    with DAG(
        f"mart_{mart}",
        schedule="@daily",
        start_date=datetime(2026, 1, 1),
        catchup=False,
        default_args={"retries": 1, "retry_delay": timedelta(minutes=5)},
        tags=["marts"],
    ):
        publish = BashOperator(task_id="publish", bash_command=f"dbt run-operation publish {mart}")
        staging = BashOperator(task_id="staging", bash_command=f"dbt build --select staging.{mart}")
        for source in sources:
            wait = ExternalTaskSensor(
                task_id=f"wait_for_{source}",
                external_dag_id=f"ingest_{source}",
                failed_states=["failed"],
                mode="reschedule",
                poke_interval=120,
                timeout=12 * 60 * 60,
            )
            wait >> staging
        for model in models:
            build = BashOperator(
                task_id=f"build_{model}", bash_command=f"dbt build --select {mart}.{model}"
            )
            staging >> build >> publish
