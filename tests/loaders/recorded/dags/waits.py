"""Tasks that wait, branch, skip and trigger."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.operators.latest_only import LatestOnlyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sensors.external_task import ExternalTaskMarker, ExternalTaskSensor
from airflow.sensors.filesystem import FileSensor
from airflow.sensors.python import PythonSensor


class NightlySensor(PythonSensor):
    pass


def yes():
    return True


with DAG("waits", schedule="0 3 * * *", start_date=datetime(2026, 1, 1), catchup=False) as dag:
    hour = ExternalTaskSensor(
        task_id="hour",
        external_dag_id="upstream",
        external_task_id="end",
        execution_delta=timedelta(hours=1),
        allowed_states=["success", "skipped"],
        failed_states=["failed"],
        mode="reschedule",
        poke_interval=120,
        timeout=3600,
        check_existence=True,
    )
    whole = ExternalTaskSensor(task_id="whole", external_dag_id="upstream", soft_fail=True)
    dates = ExternalTaskSensor(
        task_id="dates",
        external_dag_id="upstream",
        external_task_ids=["begin", "end"],
        execution_date_fn=lambda date: date - timedelta(hours=3),
        deferrable=True,
    )
    file = FileSensor(task_id="file", filepath="x", timeout=600, exponential_backoff=True)
    nightly = NightlySensor(task_id="nightly", python_callable=yes, mode="reschedule")
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "left")
    left, right = EmptyOperator(task_id="left"), EmptyOperator(task_id="right")
    short = ShortCircuitOperator(
        task_id="short", python_callable=yes, ignore_downstream_trigger_rules=False
    )
    latest = LatestOnlyOperator(task_id="latest")
    fire = TriggerDagRunOperator(
        task_id="fire",
        trigger_dag_id="upstream",
        wait_for_completion=True,
        poke_interval=30,
        allowed_states=["success"],
        failed_states=["failed"],
        reset_dag_run=True,
        trigger_rule="one_success",
    )
    marker = ExternalTaskMarker(
        task_id="marker", external_dag_id="upstream", external_task_id="end"
    )
    tells = EmptyOperator(task_id="tells", on_success_callback=lambda context: None)
    [hour, whole, dates, file, nightly] >> branch >> [left, right] >> fire
    short >> latest >> [marker, tells]

with DAG("upstream", schedule="0 2 * * *", start_date=datetime(2026, 1, 1), catchup=False):
    PythonOperator(task_id="begin", python_callable=yes) >> EmptyOperator(task_id="end")
