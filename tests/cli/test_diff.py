"""``windtunnel diff``: two settings, two commits, two releases, in words and for programs."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

DAG = """\
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("etl", schedule="0 2 * * *", start_date=datetime(2026, 1, 1), catchup=False):
    for number in range({tasks}):
        BashOperator(task_id=f"load_{{number}}", bash_command="true", pool="db")
"""
BOTH = """\
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.sensors.external_task import ExternalTaskSensor

with DAG("etl", schedule="0 2 * * *", start_date=datetime(2026, 1, 1), catchup=False):
    BashOperator(task_id="load", bash_command="true", pool="db")
with DAG("mart", schedule="0 2 * * *", start_date=datetime(2026, 1, 1), catchup=False):
    ExternalTaskSensor(task_id="wait", external_dag_id="etl", pool="db")
"""
DAY = ("--for", "1d", "--from", "2026-03-01")


@pytest.fixture
def dags(write):
    def dags(tasks: int) -> None:
        write("etl.py", DAG.format(tasks=tasks))

    return dags


@pytest.fixture
def git(tmp_path):
    def git(*arguments: str) -> None:
        own = ("-c", "user.email=a@b.c", "-c", "user.name=a", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *own, *arguments], cwd=tmp_path, check=True, capture_output=True)

    return git


def test_another_value_of_a_setting(cli, dags, snapshot):
    dags(3)
    told = cli("diff", "dags", "--set", "pool db=1", *DAY)

    assert (told.code, told.err) == (0, "")
    assert told.out == snapshot
    assert max(map(len, told.out.splitlines())) <= 80


def test_the_difference_as_a_page(cli, dags, tmp_path):
    dags(3)
    told = cli("diff", "dags", "--set", "pool db=1", *DAY, "--report", "out/")
    assert (told.code, told.err) == (0, "")
    assert 'data-view="difference"' in (tmp_path / "out" / "index.html").read_text("utf-8")


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_the_difference_as_a_file_is_what_would_be_printed(cli, dags, tmp_path, form):
    dags(3)
    asked = ("diff", "dags", "--set", "pool db=1", *DAY)
    assert cli(*asked, "--report", f"{form}=out/told").code == 0
    printed = cli(*asked, "--format", form).out
    assert (tmp_path / "out" / "told").read_text("utf-8").rstrip() == printed.rstrip()


def test_another_commit(cli, dags, git, snapshot):
    dags(3)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "three")
    dags(4)
    told = cli("diff", "HEAD:dags", "dags", *DAY)

    assert (told.code, told.err) == (0, "")
    assert told.out == snapshot


def test_a_path_in_a_commit_may_be_said_from_here(cli, dags, git, tmp_path, monkeypatch):
    dags(1)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    monkeypatch.chdir(tmp_path / "dags")

    assert "1 DAG" in cli("diff", "HEAD:./etl.py", "etl.py", *DAY).out


def test_another_release(cli, dags, snapshot):
    dags(1)
    told = cli("diff", "dags", "--profile", "airflow-2.11", "--profile", "airflow-3.3", *DAY)

    assert told.code == 0
    assert told.out == snapshot


def test_markdown_for_a_pull_request(cli, dags, snapshot):
    dags(3)
    told = cli("diff", "dags", "--set", "pool db=1", *DAY, "--format", "markdown")

    assert told.out == snapshot


def test_json_has_it_all(cli, dags):
    dags(3)
    told = json.loads(cli("diff", "dags", "--set", "pool db=1", *DAY, "--format", "json").out)

    (change,) = told["changes"]
    assert (change["subject"], change["before"], change["after"]) == ("pool db", 128, 1)
    (run,) = told["dag_runs"]
    assert (run["dag_id"], run["later_s"]) == ("etl", 120.0)
    assert told["waits"][0]["limit"] == "pool db"
    assert (told["new"], told["rules"]) == ([], None)


@pytest.mark.parametrize(("most", "code"), [("1m", 1), ("5m", 0)])
def test_a_dag_run_that_is_too_late_fails_if_asked(cli, dags, most, code):
    dags(3)
    assert cli("diff", "dags", "--set", "pool db=1", *DAY, "--fail-if-later", most).code == code


def test_what_can_deadlock_now_fails_and_replays(cli, write):
    write("both.py", BOTH)
    told = cli("diff", "dags", "--set", "pool db=1", *DAY, "--simulations", 20)

    assert told.code == 1
    assert "Can come to a stop now: " in told.out
    (again,) = re.findall(r"windtunnel replay (\S+)", told.out)
    assert cli("replay", again).code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("main:dags", "dags"), "main:dags: "),
        (("dags",), "dags: there is nothing to compare it with"),
        (("dags", "dags/", "--profile", "airflow-3.3"), "nothing to compare it with"),
        (("dags", *["--profile", "airflow-3.3"] * 2), "nothing to compare it with"),
        (("dags", "nowhere"), "nowhere: no such file or folder"),
        (("dags", "--set", "pool db=1..3"), "--set 'pool db=1..3': one value"),
        (("dags", "--set", "pool x=1"), "--set pool x: no such pool"),
        (("dags", "--set", "rubbish"), "no setting and its values"),
        (("dags", *["--profile", "airflow-3.3"] * 3), "--profile is given 3 times"),
        (("dags", "dags2", "--fail-if-later", "soon"), "--fail-if-later soon"),
    ],
)
def test_what_cannot_be_used_is_told(cli, dags, arguments, said):
    dags(1)
    told = cli("diff", *arguments)

    assert (told.code, told.out) == (2, "")
    assert said in " ".join(told.err.split())


def test_a_path_that_a_commit_does_not_have(cli, dags, git):
    dags(1)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")

    assert "no 'flows' in that commit" in " ".join(cli("diff", "HEAD:flows", "dags").err.split())
