"""What only Airflow 3 takes: the task SDK, assets, new timetables and arguments."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.providers.standard.sensors.filesystem import FileSensor
from airflow.sdk import (
    DAG,
    Asset,
    AssetAlias,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
    MultipleCronTriggerTimetable,
    TaskGroup,
    TriggerRule,
    asset,
    chain,
    chain_linear,
    dag,
    task,
)

START = datetime(2025, 1, 1)
raw, clean = Asset("raw"), Asset("s3://bucket/clean")


@dag(schedule=[raw, clean], start_date=START)
def modern_assets():
    @task(outlets=[AssetAlias("alias")])
    def produce(**context):
        return 1

    produce()


modern_assets()


@asset(schedule="@daily")
def modern_asset(context, raw):
    return 1


@asset.multi(schedule=modern_asset, outlets=[Asset("left"), Asset("right")])
def modern_several():
    return 1


with DAG("modern_or", schedule=(raw | (clean & Asset("third"))), start_date=START):
    EmptyOperator(task_id="t", inlets=[raw])

with DAG(
    "modern_time_or_assets",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 1 * * 3", timezone="UTC"), assets=(raw & clean)
    ),
    start_date=START,
):
    EmptyOperator(task_id="t")

with DAG(
    "modern_crons",
    schedule=MultipleCronTriggerTimetable("0 1 * * *", "0 13 * * *", timezone="UTC"),
    start_date=START,
    catchup=True,
):
    t = EmptyOperator(task_id="t", trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
    u = EmptyOperator(task_id="u", trigger_rule=TriggerRule.ALL_DONE_SETUP_SUCCESS)
    chain_linear(t, [u, EmptyOperator(task_id="v")], [EmptyOperator(task_id="w")])

with DAG("modern_fails_fast", schedule=None, start_date=START, fail_fast=True):
    EmptyOperator(task_id="t")

with DAG("modern_waiting", schedule="@daily", start_date=START):
    with TaskGroup("g"):
        FileSensor(task_id="file", filepath="/x", deferrable=True, poke_interval=9)
        ExternalTaskSensor(
            task_id="wait", external_dag_id="modern_or", external_task_id="t", mode="reschedule"
        )
    trigger = TriggerDagRunOperator(
        task_id="trigger",
        trigger_dag_id="modern_or",
        logical_date="{{ logical_date }}",
        skip_when_already_exists=True,
        fail_when_dag_is_paused=True,
    )
    chain(
        trigger,
        BashOperator(
            task_id="backoff",
            bash_command="true",
            retries=4,
            retry_exponential_backoff=3.0,
            retry_delay=timedelta(seconds=10),
        ),
    )
