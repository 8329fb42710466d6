"""The hook for pre-commit: what it runs is a command that there is, on a repository as they are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hook() -> dict:
    (one,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    return one


def test_it_checks_all_dags_quickly_and_fails_as_check_does(cli, write, hook):
    program, *command = [*shlex.split(hook["entry"]), *hook["args"]]
    assert program == "windtunnel"
    assert hook["pass_filenames"] is False
    write("etl.py")
    outcome = cli(*command)
    assert outcome.code == 0
    assert "Covered (profile dev)" in outcome.out
    write("broken.py", "from airflow import DAG\ndef (\n")
    assert cli(*command).code == 2


@pytest.mark.parametrize(
    ("file", "runs"),
    [
        ("dags/etl.py", True),
        ("airflow/dags/team/etl.py", True),
        ("src/model.py", False),
        ("old_dags/etl.py", False),
    ],
)
def test_it_runs_when_a_dag_file_changes(hook, file, runs):
    assert bool(re.search(hook["files"], file)) is runs


def test_the_manifest_is_one_that_pre_commit_takes():
    clientlib = pytest.importorskip("pre_commit.clientlib", reason="pre-commit is not installed")
    clientlib.load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))
