"""What a DAG and its tasks may be limited by, written as an argument, a default, or not at all."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.decorators import dag, task
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator

START = datetime(2026, 1, 1)


def work():
    pass


with DAG("nothing_said", schedule=None, start_date=START):
    PythonOperator(task_id="only", python_callable=work)

with DAG(
    "all_said",
    schedule=None,
    start_date=START,
    end_date=datetime(2027, 1, 1),
    catchup=True,
    max_active_runs=16,
    max_active_tasks=7,
    dagrun_timeout=timedelta(hours=3),
    is_paused_upon_creation=True,
    tags=["b", "a"],
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "pool": "etl",
        "depends_on_past": True,
        "execution_timeout": timedelta(minutes=20),
    },
) as said:
    first = PythonOperator(task_id="first", python_callable=work)
    second = PythonOperator(
        task_id="second",
        python_callable=work,
        pool="db",
        pool_slots=2,
        retries=0,
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(hours=1),
        priority_weight=5,
        weight_rule="absolute",
        queue="heavy",
        depends_on_past=False,
        trigger_rule="all_done",
        max_active_tis_per_dag=1,
        max_active_tis_per_dagrun=2,
        start_date=datetime(2026, 2, 1),
        end_date=datetime(2026, 12, 1),
    )
    third = PythonOperator(task_id="third", python_callable=work, wait_for_downstream=True)
    last = EmptyOperator(task_id="last", trigger_rule="none_failed_min_one_success")
    first >> [second, third] >> last


@dag(schedule="@daily", start_date=START, max_active_runs=1)
def decorated():
    @task(retries=2)
    def one():
        return 1

    @task
    def two(value):
        return value

    two(one())


decorated()


said_later = DAG("said_later", schedule=None, start_date=START)
said_later.max_active_tasks = 5
EmptyOperator(task_id="only", dag=said_later)
