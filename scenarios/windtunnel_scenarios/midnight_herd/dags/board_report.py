"""The figures of the day before, for the board: in their mailboxes at seven."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.smtp.operators.smtp import EmailOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

with DAG(
    "board_report",
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=5)},
    tags=["reports"],
):
    render = BashOperator(task_id="render", bash_command="report render --date {{ ds }}")
    send = EmailOperator(
        task_id="send", to="board@example.com", subject="Figures of {{ ds }}", html_content="..."
    )
    for mart in ("customers", "finance", "operations", "product"):
        wait = ExternalTaskSensor(
            task_id=f"wait_for_{mart}",
            external_dag_id=f"mart_{mart}",
            failed_states=["failed"],
            mode="reschedule",
            poke_interval=120,
            timeout=12 * 60 * 60,
        )
        wait >> render
    render >> send
