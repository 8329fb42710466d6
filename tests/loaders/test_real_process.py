"""The process in which a real Airflow loads: whatever happens in it, the rest is loaded."""

import json
import os
import sys
import textwrap

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.loaders import load
from windtunnel.loaders.real import load_with_airflow, run
from windtunnel.loaders.settings import Supplied

# Speaks as dump.py does of three files; what happens at the second is filled in.
SCRIPT = """
import json, os, sys, time
asked, out = json.load(open(sys.argv[1])), open(sys.argv[2], "a")
def say(**what):
    print(json.dumps(what), file=out, flush=True)
say(airflow="3.3.2", python="3.12.1", files=3)
for file in [asked["path"] + "/" + n for n in ("a.py", "b.py", "c.py")][asked["skip"]:]:
    say(begun=file)
    error = None
    if file.endswith("b.py"):
        {}
    say(file=file, dags=[], error=error)
say(done=True)
"""


@pytest.fixture
def dags(tmp_path):
    folder = tmp_path / "dags"
    folder.mkdir()
    return folder


@pytest.fixture
def at_second_file(tmp_path, monkeypatch):
    def put(statement):
        script = tmp_path / "pretend_dump.py"
        script.write_text(textwrap.dedent(SCRIPT).format(statement))
        monkeypatch.setattr(run, "DUMP", script)

    return put


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("os._exit(3)", "ends the process with exit code 3"),
        ("os.kill(os.getpid(), 9)", "ends the process by signal 9"),
        ("out.write('{half a line'); out.flush(); os._exit(1)", "exit code 1"),
    ],
)
def test_a_file_that_ends_the_process_costs_only_itself(dags, at_second_file, statement, said):
    at_second_file(statement)
    found = load_with_airflow(dags)
    assert [p.file for p in found.fleet.problems] == ["b.py"]
    assert said in found.fleet.problems[0].message
    assert [file.file for file in found.files] == ["a.py", "b.py", "c.py"]


def test_a_file_that_never_ends_is_ended_and_costs_only_itself(dags, at_second_file, monkeypatch):
    monkeypatch.setattr(run, "PATIENCE_S", 0.3)
    at_second_file("time.sleep(600)")
    found = load_with_airflow(dags, import_timeout_s=0.3)
    assert [p.file for p in found.fleet.problems] == ["b.py"]
    assert "takes longer than" in found.fleet.problems[0].message


def test_the_callers_own_airflow_is_not_used(dags, at_second_file, monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", "/opt/airflow")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://production")
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", "the.real.Vault")
    monkeypatch.setenv("AIRFLOW_VAR_BUCKET", "b")
    at_second_file("error = 'OSError: ' + json.dumps(dict(os.environ))")
    message = load_with_airflow(dags).fleet.problems[0].message
    assert "production" not in message
    assert "the.real.Vault" not in message
    assert '"AIRFLOW_HOME": "/opt/airflow"' not in message
    assert '"AIRFLOW_VAR_BUCKET": "b"' in message


def test_variables_connections_and_defaults_of_tasks_reach_airflow(dags, at_second_file):
    at_second_file("error = 'OSError: ' + json.dumps(dict(os.environ))")
    supplied = Supplied(
        variables={"bucket": "b", "limits": {"a": 1}},
        connections={"db": "postgresql://u@h/d"},
        config={"core": {"default_task_retries": "2", "executor": "X"}, "own": {"key": "v"}},
    )
    said = load_with_airflow(dags, supplied=supplied).fleet.problems[0].message
    environment = json.loads(said.removeprefix("OSError: ").removesuffix("; the file is left out"))
    assert environment["AIRFLOW_VAR_BUCKET"] == "b"
    assert json.loads(environment["AIRFLOW_VAR_LIMITS"]) == {"a": 1}
    assert environment["AIRFLOW_CONN_DB"] == "postgresql://u@h/d"
    assert environment["AIRFLOW__CORE__DEFAULT_TASK_RETRIES"] == "2"
    assert environment["AIRFLOW__OWN__KEY"] == "v"
    assert "AIRFLOW__CORE__EXECUTOR" not in environment


def test_the_temporary_home_is_gone_afterwards(dags, at_second_file):
    at_second_file("error = 'OSError: ' + os.environ['AIRFLOW_HOME'] + ' '")
    said = load_with_airflow(dags).fleet.problems[0].message
    home = said.removeprefix("OSError: ").partition(" ")[0].partition(";")[0]
    assert os.path.isabs(home)
    assert not os.path.exists(home)


def test_an_interpreter_without_airflow_is_named_with_what_to_do(dags):
    with pytest.raises(InvalidInput, match=r"has no Airflow.*stand-in"):
        load(dags, airflow="real", airflow_python=sys.executable)


def test_an_interpreter_that_is_not_there_is_named(dags):
    with pytest.raises(InvalidInput, match=r"/nowhere/python: no such interpreter"):
        load(dags, airflow_python="/nowhere/python")


def test_the_stand_in_has_no_use_for_an_interpreter(dags):
    with pytest.raises(InvalidInput, match="give one of them"):
        load(dags, airflow="stand-in", airflow_python=sys.executable)


def test_real_callables_are_refused_because_they_are_in_another_process(dags, at_second_file):
    at_second_file("pass")
    found = load_with_airflow(dags)
    with pytest.raises(InvalidInput, match="only with the stand-in"), found.importable():
        pass


def test_a_folder_without_dags_is_said_to_be_so(dags, at_second_file):
    at_second_file("pass")
    problem = load_with_airflow(dags).fleet.problems[0]
    assert problem.cause == "empty"
    assert "Airflow 3.3.2 finds no DAGs in dags" in problem.message
