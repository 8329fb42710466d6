"""``windtunnel run --execute --isolate``: limits for real callables, and what is said of them."""

from __future__ import annotations

import pytest

DAGS = """
import os
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator

def hangs():
    while True:
        pass

with DAG("etl"):
    PythonOperator(task_id="hangs", python_callable=hangs)
    PythonOperator(task_id="ends", python_callable=lambda: os._exit(3))
    PythonOperator(task_id="takes", python_callable=lambda: len(bytearray(10**9)))
"""


def test_a_callable_beyond_its_limits_costs_its_try_and_the_report_says_why(cli, tmp_path):
    (tmp_path / "etl.py").write_text(DAGS)
    limits = ("--body-memory", "100MB", "--body-timeout", "1s")
    done = cli("run", str(tmp_path), "--execute", "--isolate", *limits)
    assert done.code == 1
    assert "no answer for 1 s of wall time" in done.out
    assert "its process ended with exit code 3" in done.out
    assert "more than 100 MB of memory" in done.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--body-memory", "1GB"), "say --execute and --isolate"),
        (("--execute", "--body-timeout", "1s"), "say --execute and --isolate"),
        (("--execute", "--isolate", "--body-memory", "lots"), "such as 512MB"),
        (("--execute", "--isolate", "--body-memory", "1MB"), "at least 16 MB"),
        (("--execute", "--isolate", "--body-timeout", "soon"), "'soon' is no duration"),
        (("--execute", "--isolate", "--body-timeout", "0s"), "longer than nothing"),
    ],
)
def test_a_limit_that_cannot_be_used_is_refused(cli, tmp_path, options, said):
    (tmp_path / "etl.py").write_text(DAGS)
    done = cli("run", str(tmp_path), *options)
    assert done.code == 2
    assert said in done.err
