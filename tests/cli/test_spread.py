"""``windtunnel plan --spread``: in words and for programs."""

from __future__ import annotations

import json

import pytest

DAY = ("--spread", "--for", "6h", "--from", "2026-03-01")
HERD = """\
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator

for name in ("a", "b"):
    with DAG(name, schedule="0 * * * *", start_date=datetime(2026, 1, 1), catchup=False):
        for number in range(4):
            BashOperator(task_id=f"t{number}", bash_command="true")
"""


@pytest.fixture
def herd(write):
    write("herd.py", HERD)


def test_what_to_move_and_what_that_changes_fits_80_columns(cli, herd) -> None:
    told = cli("plan", "dags", *DAY)
    assert told.code == 0
    assert "Move 1 schedule" in told.out
    assert "tasks that want to run, at most" in told.out
    assert max(map(len, told.out.splitlines())) <= 80


def test_programs_get_the_same(cli, herd) -> None:
    told = json.loads(cli("plan", "dags", *DAY, "--format", "json").out)
    (move,) = told["moves"]
    assert move["after"] == f"{move['minutes']} * * * *"
    assert told["after"]["wanted"] < told["before"]["wanted"]


def test_where_nothing_is_worth_moving_that_is_said(cli, write) -> None:
    write("etl.py")
    told = cli("plan", "dags", *DAY)
    assert told.code == 0
    assert "No schedule is worth moving" in told.out


def test_a_deadline_of_nobody_is_told(cli, herd) -> None:
    told = cli("plan", "dags", *DAY, "--deadline", "nobody by 07:00")
    assert told.code == 2
    assert "no such DAG" in " ".join(told.err.split())
