"""CPU seconds per task of Airflow's own ``dag.test()``; run it with the Python of an Airflow.

    AIRFLOW_ENV/bin/python benchmarks/peers/dag_test.py

A chain of 100 tasks that do nothing, in a database of its own, twice in one process; the second
time is printed, because the first one also builds what Airflow builds once.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version

TASKS = 100


CHAIN = """
from datetime import datetime, timezone

from airflow import DAG

try:
    from airflow.providers.standard.operators.python import PythonOperator
except ImportError:
    from airflow.operators.python import PythonOperator

with DAG("chain", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), schedule=None) as dag:
    before = None
    for number in range(100):
        task = PythonOperator(task_id=f"t{number}", python_callable=lambda: None)
        if before is not None:
            before >> task
        before = task
"""


def prepare(home: str) -> str:
    """An Airflow home that nobody else uses, with the chain in its database; its DAG file."""
    os.environ.update(
        AIRFLOW_HOME=home,
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__DAGS_FOLDER=home,
        AIRFLOW__LOGGING__LOGGING_LEVEL="CRITICAL",
    )
    file = os.path.join(home, "chain.py")
    with open(file, "w") as out:
        out.write(CHAIN)
    airflow = [sys.executable, "-m", "airflow"]
    subprocess.run([*airflow, "db", "migrate"], check=True, capture_output=True)
    # 3.x asks for the serialized DAG; 2.x needs none, and not every 2.x environment can make one.
    subprocess.run([*airflow, "dags", "reserialize"], check=False, capture_output=True)
    return file


def seconds_of_second_test(file: str) -> float:
    """CPU seconds of a ``dag.test()``."""
    dag = runpy.run_path(file)["dag"]
    used = 0.0
    for _ in range(2):
        began = time.process_time()
        dag.test()
        used = time.process_time() - began
    return used


def main() -> None:
    home = tempfile.mkdtemp()
    try:
        file = prepare(home)
        logging.disable(logging.CRITICAL)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            used = seconds_of_second_test(file)
        print(version("apache-airflow"), f"{used / TASKS:.6f}")
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
