"""Tasks of known kinds, whose tries are to be measured."""

import random
import time
from datetime import UTC, datetime, timedelta

try:
    from airflow.sdk import DAG, task
    from airflow.sdk.exceptions import AirflowSkipException
except ImportError:
    from airflow import DAG
    from airflow.decorators import task
    from airflow.exceptions import AirflowSkipException
try:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.providers.standard.operators.python import BranchPythonOperator, PythonOperator
    from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
    from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
    from airflow.providers.standard.sensors.python import PythonSensor
except ImportError:
    from airflow.operators.empty import EmptyOperator
    from airflow.operators.python import BranchPythonOperator, PythonOperator
    from airflow.operators.trigger_dagrun import TriggerDagRunOperator
    from airflow.sensors.date_time import DateTimeSensorAsync
    from airflow.sensors.python import PythonSensor

START = datetime(2026, 1, 1, tzinfo=UTC)


def luck(*key):
    return random.Random(":".join(map(str, key)))


def work(median, sigma, **context):
    time.sleep(
        luck(
            "work", context["ti"].task_id, context["run_id"], context["ti"].try_number
        ).lognormvariate(0, sigma)
        * median
    )


def flaky(**context):
    time.sleep(0.2)
    if luck("flaky", context["run_id"], context["ti"].try_number).random() < 0.4:
        raise ValueError("flaky")


def skips(**context):
    if luck("skips", context["run_id"]).random() < 0.5:
        raise AirflowSkipException("not today")


def chooses(**context):
    return "left" if luck("chooses", context["run_id"]).random() < 0.7 else "right"


def arrived(**context):
    run = context["dag_run"]
    due = getattr(run, "run_after", None) or run.data_interval_end
    return (datetime.now(UTC) - due).total_seconds() > 8


with DAG(
    "measured",
    start_date=START,
    schedule=timedelta(seconds=20),
    catchup=False,
    max_active_runs=6,
    default_args={"retries": 0, "retry_delay": timedelta(seconds=1)},
):
    start = PythonOperator(task_id="start", python_callable=work, op_args=[0.3, 0.5])
    long = PythonOperator(
        task_id="long",
        python_callable=work,
        op_args=[2.0, 0.5],
        execution_timeout=timedelta(seconds=3),
    )
    unsure = PythonOperator(task_id="unsure", python_callable=flaky, retries=2)
    skipping = PythonOperator(task_id="skipping", python_callable=skips)
    choose = BranchPythonOperator(task_id="choose", python_callable=chooses)
    left, right = (
        EmptyOperator(task_id="left"),
        PythonOperator(task_id="right", python_callable=work, op_args=[0.2, 0.1]),
    )
    join = EmptyOperator(task_id="join", trigger_rule="none_failed")

    @task
    def names(run_id=None):
        return list(range(luck("names", run_id).randint(1, 4)))

    @task
    def each(x, run_id=None):
        time.sleep(0.1 + 0.2 * luck("each", run_id, x).random())

    start >> [long, unsure, skipping, choose]
    choose >> [left, right] >> join
    each.expand(x=names())

with DAG(
    "waiting", start_date=START, schedule=timedelta(seconds=30), catchup=False, max_active_runs=4
):
    poked = PythonSensor(task_id="poked", python_callable=arrived, poke_interval=2)
    asked = PythonSensor(
        task_id="asked", python_callable=arrived, poke_interval=3, mode="reschedule"
    )
    deferred = DateTimeSensorAsync(
        task_id="deferred",
        target_time="{{ macros.datetime.fromisoformat(ts) + macros.timedelta(seconds=42) }}",
    )
    call = TriggerDagRunOperator(task_id="call", trigger_dag_id="called")
    [poked, asked, deferred] >> call

with DAG("called", start_date=START, schedule=None, catchup=False):
    PythonOperator(task_id="answer", python_callable=work, op_args=[0.5, 0.3])
