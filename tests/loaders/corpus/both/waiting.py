"""Sensors, triggers and branches with all their arguments."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.latest_only import LatestOnlyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sensors.bash import BashSensor
from airflow.sensors.external_task import ExternalTaskMarker, ExternalTaskSensor
from airflow.sensors.python import PythonSensor
from airflow.sensors.time_delta import TimeDeltaSensor
from airflow.utils.trigger_rule import TriggerRule


class MySensor(ExternalTaskSensor):
    """Waits for the DAG of its name."""

    def __init__(self, of, **kwargs):
        super().__init__(external_dag_id=of, timeout=120, **kwargs)


class MyTrigger(TriggerDagRunOperator):
    """Triggers and waits."""

    def __init__(self, **kwargs):
        super().__init__(wait_for_completion=True, poke_interval=7, **kwargs)


with DAG("waiting_external", schedule="0 5 * * *", start_date=datetime(2024, 1, 1)):
    ExternalTaskSensor(task_id="whole", external_dag_id="defaults_none")
    ExternalTaskSensor(
        task_id="one",
        external_dag_id="defaults_none",
        external_task_id="past",
        execution_delta=timedelta(hours=3),
        allowed_states=["success", "skipped"],
        failed_states=["failed"],
        skipped_states=["upstream_failed"],
        mode="reschedule",
        poke_interval=timedelta(minutes=2),
        timeout=timedelta(hours=1),
        check_existence=True,
        soft_fail=True,
    )
    ExternalTaskSensor(
        task_id="several",
        external_dag_id="defaults_none",
        external_task_ids=["past", "modest"],
        execution_delta=timedelta(hours=-1),
    )
    ExternalTaskSensor(
        task_id="group", external_dag_id="defaults_levels", external_task_group_id="outer"
    )
    ExternalTaskSensor(
        task_id="function",
        external_dag_id="defaults_none",
        execution_date_fn=lambda d: d - timedelta(days=1),
    )
    ExternalTaskSensor(task_id="deferring", external_dag_id="defaults_none", deferrable=True)
    MySensor(task_id="mine", of="defaults_none")
    ExternalTaskMarker(
        task_id="marker", external_dag_id="waiting_others", external_task_id="python"
    )

with DAG("waiting_triggers", schedule=None, start_date=datetime(2024, 1, 1)):
    TriggerDagRunOperator(task_id="plain", trigger_dag_id="defaults_none")
    TriggerDagRunOperator(
        task_id="waiting",
        trigger_dag_id="defaults_none",
        wait_for_completion=True,
        poke_interval=3,
        allowed_states=["success", "failed"],
        failed_states=[],
        reset_dag_run=True,
        conf={"a": 1},
        deferrable=True,
    )
    MyTrigger(task_id="mine", trigger_dag_id="defaults_none")
    TriggerDagRunOperator.partial(task_id="mapped", wait_for_completion=True).expand(
        trigger_dag_id=["a", "b"]
    )

with DAG("waiting_others", schedule=timedelta(hours=6), start_date=datetime(2024, 1, 1)):
    sensors = [
        PythonSensor(task_id="python", python_callable=lambda: True),
        BashSensor(task_id="bash", bash_command="true", exponential_backoff=True, max_wait=60),
        TimeDeltaSensor(task_id="delta", delta=timedelta(minutes=5), mode="reschedule"),
    ]
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "x")
    x, y = EmptyOperator(task_id="x"), EmptyOperator(task_id="y")
    latest = LatestOnlyOperator(task_id="latest")
    circuit = ShortCircuitOperator(task_id="circuit", python_callable=lambda: True)
    join = EmptyOperator(task_id="join", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
    sensors >> branch >> [x, y] >> join >> latest >> circuit
    for rule in ("all_failed", "all_done", "one_success", "one_failed", "one_done", "always"):
        circuit >> BashOperator(task_id=rule, bash_command="true", trigger_rule=rule)
    circuit >> PythonOperator(
        task_id="skipped", python_callable=print, trigger_rule=TriggerRule.ALL_SKIPPED
    )
