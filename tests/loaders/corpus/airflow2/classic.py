"""What only Airflow 2 takes: old modules, old arguments, datasets, subdags, SLA."""

from datetime import datetime, timedelta

from airflow import DAG, Dataset
from airflow.operators.bash_operator import BashOperator
from airflow.operators.dummy_operator import DummyOperator
from airflow.operators.python_operator import BranchPythonOperator, PythonOperator
from airflow.operators.subdag import SubDagOperator
from airflow.sensors.external_task_sensor import ExternalTaskSensor
from airflow.utils.dates import days_ago
from airflow.utils.helpers import chain

args = {"owner": "old", "start_date": datetime(2023, 1, 1), "retries": 1, "sla": timedelta(hours=1)}

dag = DAG("classic_old", default_args=args, schedule_interval="30 1 * * *", concurrency=3)
start = DummyOperator(task_id="start", dag=dag)
end = DummyOperator(task_id="end", dag=dag, trigger_rule="dummy")
work = [
    BashOperator(task_id=f"work_{n}", bash_command="true", dag=dag, task_concurrency=n + 1)
    for n in range(3)
]
start.set_downstream(work)
end.set_upstream(work)
skip = PythonOperator(
    task_id="skip",
    python_callable=print,
    dag=dag,
    trigger_rule="none_failed_or_skipped",
    sla=None,
)
chain(end, skip, ExternalTaskSensor(task_id="wait", external_dag_id="classic_data", dag=dag))

first, second = Dataset("s3://bucket/first/"), Dataset("s3://bucket/second")
with DAG("classic_data", schedule=[first, second], start_date=datetime(2023, 1, 1)):
    BashOperator(task_id="update", bash_command="true", outlets=[Dataset("x")], inlets=[first])
with DAG("classic_either", schedule=(first | second), start_date=datetime(2023, 1, 1)):
    BranchPythonOperator(task_id="branch", python_callable=print)
with DAG("classic_stops", schedule=None, start_date=datetime(2023, 1, 1), fail_stop=True):
    DummyOperator(task_id="t")
with DAG("classic_ago", start_date=days_ago(2), schedule_interval=timedelta(days=1)):
    DummyOperator(task_id="t")


def sub(parent, child):
    with DAG(f"{parent}.{child}", start_date=datetime(2023, 1, 1), schedule_interval="@daily") as d:
        DummyOperator(task_id="inside")
    return d


with DAG("classic_parent", start_date=datetime(2023, 1, 1), schedule_interval="@daily"):
    DummyOperator(task_id="before") >> SubDagOperator(
        task_id="child", subdag=sub("classic_parent", "child")
    )
