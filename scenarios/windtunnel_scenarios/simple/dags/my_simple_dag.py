from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonOperator


def my_task():
    print("Executing my_task")


with DAG(
    "my_simple_dag",
    start_date=datetime(2023, 1, 1),
    schedule_interval=None,
    catchup=False,
) as dag:
    task = PythonOperator(
        task_id="my_task_id",
        python_callable=my_task,
    )
