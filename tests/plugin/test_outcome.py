"""Each finding fails one test, and what a session works out is worked out once."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from pytest_windtunnel.checks import Checks, checks_of
from pytest_windtunnel.once import Once
from windtunnel import Finding
from windtunnel.explain.codes import pages
from windtunnel.report import FAMILIES
from windtunnel.target import Asked

DAGS = """\
from airflow import DAG
from airflow.operators.bash import BashOperator

for name in ("etl", "mart"):
    with DAG(name, schedule=None):
        BashOperator(task_id="work", bash_command="true")
"""


@pytest.fixture
def checks(tmp_path: Path) -> Checks:
    folder = tmp_path / "dags"
    folder.mkdir()
    folder.joinpath("both.py").write_text(DAGS)
    return checks_of(folder, Asked())


@pytest.mark.parametrize("code", [page.code for page in pages()])
def test_a_finding_fails_one_test_that_is_collected(checks: Checks, code: str) -> None:
    for dag_id, subject in (("etl", "etl"), ("mart", "mart"), (None, "fleet"), ("gone", "fleet")):
        check = checks.of(Finding(code=code, title="T", summary="S", dag_id=dag_id))
        assert checks.checks.count(check) == 1
        assert check.subject == subject
        # What only --execute shows is of the data that tasks hand over.
        assert check.family == (code[:3] if not code.startswith("WT9") else "WT2")


def test_no_two_tests_have_one_name(checks: Checks) -> None:
    names = [f"{one.file}::{one.name}" for one in checks.checks]
    assert len(set(names)) == len(names) == 1 + 3 * (len(FAMILIES) - 1) + 1


def test_processes_that_share_a_folder_make_a_value_once(tmp_path: Path) -> None:
    made = []
    started = threading.Barrier(4)

    def make() -> str:
        made.append(1)
        return "value"

    def ask() -> None:
        started.wait()
        assert Once(tmp_path).get("name", make) == "value"

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert made == [1]
    assert Once(tmp_path).found("name") == "value"
    assert Once(tmp_path).found("other") is None


def test_without_the_library_for_locks_processes_may_make_it_twice_and_all_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "filelock", None)
    assert Once(tmp_path).get("name", lambda: "value") == "value"
    assert Once(tmp_path).get("name", lambda: "another") == "value"


def test_who_fails_to_make_it_leaves_it_to_the_next(tmp_path: Path) -> None:
    def fail() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Once(tmp_path).get("name", fail)
    assert Once(tmp_path).get("name", lambda: "value") == "value"
