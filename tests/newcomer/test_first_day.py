"""The first day: a DAG repository as people write them, one ini line, no Airflow and no test."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from trial import SECONDS_FOR_50_DAGS, Session, differences, session

BESIDE_OTHERS = 2

CLASSIC = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.operators.bash_operator import BashOperator
from airflow.operators.python_operator import PythonOperator
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.sensors.external_task import ExternalTaskSensor
from airflow.models import Variable
import pandas_of_ours as pd

args = {{"owner": "data", "retries": 2, "retry_delay": timedelta(minutes=5)}}
with DAG("{name}", default_args=args, schedule_interval="{hour} {hour} * * *",
         start_date=datetime(2026, 1, 1), catchup=False) as dag:
    wait = S3KeySensor(task_id="wait", bucket_key=Variable.get("bucket"), mode="reschedule")
    load = BashOperator(task_id="load", bash_command="load.sh", pool="warehouse")
    wait >> PythonOperator(task_id="clean", python_callable=lambda: pd.read_csv("x")) >> load
"""
TASKFLOW = """
import pendulum
from airflow.decorators import dag, task

@dag(schedule="@daily", start_date=pendulum.datetime(2026, 1, 1), catchup=False, tags=["etl"])
def {name}():
    @task
    def extract():
        return list(range(3))

    @task
    def load(number):
        print(number)

    load.expand(number=extract())

{name}()
"""
FACTORY = """
import json
import os
from datetime import datetime
from airflow import DAG
from airflow.operators.empty import EmptyOperator

with open(os.path.join(os.path.dirname(__file__), "sources.json")) as file:
    SOURCES = json.load(file)
for source in SOURCES:
    with DAG(f"ingest_{source}", schedule="@hourly", start_date=datetime(2026, 1, 1)) as dag:
        EmptyOperator(task_id="begin") >> EmptyOperator(task_id="end")
    globals()[f"ingest_{source}"] = dag
"""
MISTAKEN = """
from datetime import datetime
from airflow import DAG
from airflow.sensors.external_task import ExternalTaskSensor

with DAG("report", schedule="0 6 * * *", start_date=datetime(2026, 1, 1), catchup=False):
    ExternalTaskSensor(
        task_id="wait_for_sales", external_dag_id="classic_0", external_task_id="lood"
    )
"""


@pytest.fixture(scope="module")
def dags(tmp_path_factory) -> Path:
    """50 DAGs, of which one waits for a task that isn't there."""
    folder = tmp_path_factory.mktemp("shop") / "dags"
    folder.mkdir()
    for number in range(20):
        (folder / f"classic_{number}.py").write_text(
            CLASSIC.format(name=f"classic_{number}", hour=number)
        )
        (folder / f"flow_{number}.py").write_text(TASKFLOW.format(name=f"flow_{number}"))
    (folder / "factory.py").write_text(FACTORY)
    (folder / "sources.json").write_text('["a", "b", "c", "d", "e", "f", "g", "h", "i"]')
    (folder / "report.py").write_text(MISTAKEN)
    return folder


@pytest.fixture(scope="module")
def first(dags) -> Session:
    return session(sys.executable, dags, "2.11.2")


def test_50_dags_take_some_seconds(first):
    """On a machine of its own less than ten, which trial.py holds; here other tests run beside it,
    and some start browsers and clusters."""
    assert first.dags == 50 + len(["the fleet"])
    assert first.seconds < BESIDE_OTHERS * SECONDS_FOR_50_DAGS


def test_what_is_wrong_is_found_and_nothing_else(first):
    (failed,) = [test for test, text in first.outcomes.items() if text.startswith("failure")]
    assert failed == "dags.report::report[WT1 no progress]"
    assert "classic_0 has no task 'lood'" in " ".join(first.outcomes[failed].split())
    assert {text.partition(":")[0] for text in first.outcomes.values()} == {"passed", "failure"}


def test_it_is_said_which_release_was_taken_and_from_where(first):
    assert "airflow=stand-in" in first.output
    assert "release" in first.output.partition("Assumed:")[2]


def test_two_sessions_come_to_the_same(first, dags):
    assert differences(first, session(sys.executable, dags, "2.11.2")) == []
