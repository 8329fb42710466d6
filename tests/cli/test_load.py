"""``windtunnel load``: what each file came to, what is wrong and where, what was assumed."""

import json
from pathlib import Path

import pytest

DAG = """
from airflow import DAG
from airflow.models import Variable
from airflow.operators.bash import BashOperator
import no_such_module_of_test

with DAG("{}", schedule=None):
    BashOperator(task_id="t", bash_command=Variable.get("command"))
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "dags"
    made.mkdir()
    (made / "etl.py").write_text(DAG.format("etl"))
    (made / "also.py").write_text(DAG.format("also"))
    return made


def test_a_load_lists_files_dags_and_each_assumption_once(cli, folder):
    done = cli("load", str(folder))
    assert done.code == 0
    assert "Loaded  2 DAGs with 2 tasks from 2 files" in done.out
    assert "etl.py   stand-in" in done.out
    assert done.out.count("module no_such_module_of_test") == 1
    assert "(also.py," in done.out


def test_a_problem_is_shown_under_its_cause_with_file_and_line(cli, folder):
    (folder / "broken.py").write_text("# airflow dag\nx = (\n")
    done = cli("load", str(folder))
    assert done.code == 2
    assert "1 problem: syntax" in done.out
    assert "broken.py:2: syntax error" in done.out


def test_the_json_form_has_everything_and_is_the_same_bytes_again(cli, folder):
    (folder / "broken.py").write_text("# airflow dag\nraise ValueError('no')\n")
    first = cli("load", str(folder), "--format", "json").out
    again = cli("load", str(folder), "--format", "json", "--no-cache", "--isolate").out
    assert first == again
    read = json.loads(first)
    assert (read["format"], read["dags"]) == ("windtunnel.load/1", 2)
    assert [f["file"] for f in read["files"]] == ["also.py", "broken.py", "etl.py"]
    assert read["files"][0]["dags"] == [{"dag_id": "also", "tasks": 1}]
    (problem,) = read["problems"]
    assert (problem["cause"], problem["file"], problem["line"]) == ("import", "broken.py", 2)
    assert {a["subject"] for a in read["assumptions"]} == {
        "Variable command",
        "module no_such_module_of_test",
    }


def test_supplied_variables_end_the_assumption_in_every_command(cli, folder, tmp_path):
    variables = tmp_path / "variables.json"
    variables.write_text('{"command": "echo"}')
    for verb in ("load", "run", "check"):
        done = cli(verb, str(folder), "--variables", str(variables))
        assert "Variable command" not in done.out, verb


def test_a_file_that_takes_too_long_is_named_with_the_limit(cli, folder):
    (folder / "slow.py").write_text("# airflow dag\nimport time\ntime.sleep(60)\n")
    done = cli("load", str(folder), "--import-timeout", "0.5")
    assert done.code == 2
    assert "slow.py: isn't loaded after 0.5 s" in done.out
    assert "etl.py" in done.out
