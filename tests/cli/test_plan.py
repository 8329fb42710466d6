"""`windtunnel plan`: the answer as text and as JSON, exit codes, and what can't be asked."""

from __future__ import annotations

import json

import pytest

DAGS = """
from datetime import datetime
from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG("report", schedule="0 6 * * *", start_date=datetime(2026, 1, 1), catchup=False):
    send = BashOperator(task_id="send", bash_command="send")
    for number in range(6):
        BashOperator(task_id=f"load_{number}", bash_command="load", pool="db") >> send
"""
SCENARIO = """
format = "windtunnel.scenario/1"
dags = "dags"
start = 2026-03-02T06:00:00Z
duration = "6h"

[plan]
vary = ["workers=1..3", "worker slots=2"]
deadlines = "report by 08:00"
share = "90%"
days = 200

[cluster]
executor = "CeleryExecutor"
task_queued_timeout = "3h"
pools = { db = { slots = 10 } }
workers = [{ slots = 2 }]

[behavior]
rules = [{ tasks = "report.load_*", duration = { low = "20m", high = "50m" } }]
"""


@pytest.fixture
def report(tmp_path):
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "report.py").write_text(DAGS)
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    return tmp_path


def test_the_answer_is_told_with_what_each_setting_comes_to(cli, report, snapshot):
    done = cli("plan", report)
    assert (done.code, done.err) == (0, "")
    assert done.out == snapshot
    assert max(map(len, done.out.splitlines())) <= 80


def test_as_json_it_has_all_figures(cli, report):
    plan = json.loads(cli("plan", report, "--format", "json").out)
    assert plan["kind"] == "plan"
    answer = plan["points"][plan["answer"]]
    assert answer["settings"] == {"workers": 2, "worker slots": 2}
    assert answer["verdict"] == "yes"
    assert 0.9 <= answer["low"] <= answer["estimate"] <= answer["high"] <= 1
    assert answer["waits"][0]["limit"] == answer["binds"] == "worker slots"
    assert plan["question"]["deadlines"][0]["by"] == "08:00:00"


def test_in_several_processes_it_says_the_same(cli, report):
    assert cli("plan", report, "--workers", "2").out == cli("plan", report).out


def test_a_page_shows_it(cli, report):
    assert cli("plan", report, "--report", "out").code == 0
    assert "windtunnel plan" in (report / "out" / "index.html").read_text()


def test_the_command_line_asks_another_question_than_the_file(cli, report):
    said = ("--deadline", "report within 3h", "--vary", "pool db=1,2", "--share", "0.5")
    done = cli("plan", report, *said)
    assert "Least pool db so that report lands within 3h of being due on 50 % of days" in done.out
    assert done.code == 0


def test_where_nothing_is_enough_the_exit_code_says_so(cli, report):
    done = cli("plan", report, "--deadline", "report by 06:10")
    assert done.code == 1
    assert "none of these. The most that was seen is" in " ".join(done.out.split())


def test_where_the_days_are_not_enough_that_is_told_with_how_many_would_be(cli, report):
    done = cli("plan", report, "--share", "99%", "--vary", "workers=2", "--days", "20")
    assert done.code == 1
    assert "can't tell" in done.out
    assert "more would tell (--days)" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--vary", "pool x=1"], "vary pool x: no such pool"),
        (["--deadline", "rport by 08:00"], "no such DAG; did you mean 'report'?"),
        (["--deadline", "report by 05:00"], "no run can have it"),
        (["--share", "a lot"], "share: 'a lot' is no share"),
        (["--cost-per-worker-hour", "-1"], "greater than 0"),
    ],
)
def test_what_cannot_be_asked_is_told_without_a_traceback(cli, report, options, says):
    done = cli("plan", report, *options)
    assert (done.code, done.out) == (2, "")
    assert says in " ".join(done.err.split())


def test_mistakes_in_the_table_of_the_file_are_told_together(cli, report):
    text = SCENARIO.replace('"90%"', '"many"').replace("worker slots=2", "worker slots=b")
    (report / "scenario.toml").write_text(text)
    done = cli("plan", report)
    said = " ".join(done.err.split())
    assert done.code == 2
    assert "plan.vary[1]" in said
    assert "plan.share" in said


def test_a_folder_that_asks_nothing_is_told_what_to_say(cli, report):
    done = cli("plan", report / "dags")
    assert done.code == 2
    assert "nothing may vary; say --vary 'workers=2..6'" in " ".join(done.err.split())


def test_a_plan_can_be_written_as_json(cli, report, tmp_path):
    done = cli("plan", report, "--format", "json", "--report", f"json={tmp_path / 'plan.json'}")
    assert json.loads((tmp_path / "plan.json").read_text()) == json.loads(done.out)
