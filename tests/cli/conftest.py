"""The command line, called in this process, in a folder of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from windtunnel.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a person sees of a command."""

    code: int
    out: str
    err: str


Cli = Callable[..., Outcome]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Call ``windtunnel ARGS`` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*args: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["windtunnel", *map(str, args)])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        code = left.value.code
        return Outcome(0 if code is None else int(code), out, err)

    return call


GOOD = """\
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG({dag_id!r}, schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False):
    BashOperator(task_id="load", bash_command="true") >> BashOperator(
        task_id="save", bash_command="true"{more}
    )
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a DAG file into ``dags/``: a good one, or the given text."""

    def write(name: str, text: str | None = None, *, dag_id: str = "etl", more: str = "") -> Path:
        path = tmp_path / "dags" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(GOOD.format(dag_id=dag_id, more=more) if text is None else text)
        return path

    return write
