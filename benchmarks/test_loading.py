"""Loading many DAG files: 500 of 20 tasks each, the first time and the second, on one core."""

from __future__ import annotations

import os
from pathlib import Path

from windtunnel.loaders import load

FILES, TASKS = 500, 20
FIRST_S, SECOND_S = 5.0, 1.0

FILE = """
from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator


def work(n):
    return n


with DAG("dag_{number}", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False,
         default_args={{"retries": 2, "retry_delay": timedelta(minutes=5), "owner": "me"}}):
    before = EmptyOperator(task_id="start")
    for n in range(9):
        shell = BashOperator(task_id=f"bash_{{n}}", bash_command="echo {{{{ ds }}}}", pool="db")
        python = PythonOperator(task_id=f"python_{{n}}", python_callable=work, op_args=[n])
        before >> shell >> python
        before = python
    before >> EmptyOperator(task_id="end")
"""


def used() -> float:
    """Seconds of processor time of this process and those it has ended: what one core would take,
    whatever else runs on the machine."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def test_five_hundred_files_load_in_seconds_and_then_in_one(tmp_path: Path) -> None:
    folder = tmp_path / "dags"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"dag_{number}.py").write_text(FILE.format(number=number))
    seconds = []
    for _ in range(2):
        began = used()
        fleet = load(folder, cache=tmp_path / "cache").fleet
        seconds.append(used() - began)
        assert sum(len(dag.tasks) for dag in fleet.dags) == FILES * TASKS
    print(f"first {seconds[0]:.2f} s, second {seconds[1]:.2f} s")
    assert seconds[0] < FIRST_S
    assert seconds[1] < SECOND_S
