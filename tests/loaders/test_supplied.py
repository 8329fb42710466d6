"""Supplied: what the user says of the deployment takes the place of placeholders."""

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.loaders.supplied import read_supplied

READER = """
from airflow import DAG
from airflow.configuration import conf
from airflow.hooks.base import BaseHook
from airflow.models import Variable
from airflow.operators.bash import BashOperator

with DAG("d", schedule=None):
    for name in Variable.get("names", deserialize_json=True):
        BashOperator(task_id=name, bash_command="x", queue=Variable.get("queue"))
    connection = BaseHook.get_connection("db")
    BashOperator(task_id=connection.host, bash_command="x", retries=connection.port,
                 pool=connection.extra_dejson["pool"])
    BashOperator(task_id="c", bash_command="x", retries=conf.getint("core", "default_task_retries"))
"""


def tasks(fleet):
    return {t.task_id: t for t in fleet.dag("d").tasks}


def test_variables_connections_and_settings_that_are_supplied_are_used_and_not_assumed(
    repository, tmp_path
):
    variables, connections, config = (tmp_path / n for n in ("v.json", "c.json", "airflow.cfg"))
    variables.write_text('{"names": ["a", "b"], "queue": {"value": "q", "description": null}}')
    connections.write_text('{"db": "postgres://u:p%40@host:5432/s?pool=p"}')
    config.write_text("[core]\ndefault_task_retries = 7\n")
    supplied = read_supplied(variables=variables, connections=connections, config=config)
    fleet = repository.load(READER, supplied=supplied).fleet
    assert fleet.assumptions == ()
    found = tasks(fleet)
    assert list(found) == ["a", "b", "host", "c"]
    assert (found["a"].queue, found["host"].retries, found["host"].pool) == ("q", 5432, "p")
    assert found["c"].retries == 7


def test_they_may_come_from_airflows_environment_variables(repository, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_NAMES", '["e"]')
    monkeypatch.setenv("AIRFLOW_VAR_QUEUE", "q")
    monkeypatch.setenv("AIRFLOW_CONN_DB", '{"host": "h", "port": 3, "extra": {"pool": "x"}}')
    monkeypatch.setenv("AIRFLOW__CORE__DEFAULT_TASK_RETRIES", "2")
    fleet = repository.load(READER).fleet
    assert list(tasks(fleet)) == ["e", "h", "c"]
    assert fleet.assumptions == ()


def test_an_env_file_of_lines_is_read_too(tmp_path):
    file = tmp_path / "variables.env"
    file.write_text("# why\nbucket=s3://x\n\nn = 3\n")
    assert read_supplied(variables=file).variables == {"bucket": "s3://x", "n": "3"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("v.json", "{", "not valid JSON"),
        ("v.json", "[1]", "one JSON object"),
        ("v.env", "nonsense", "v.env:1: 'nonsense' is not KEY=value"),
    ],
)
def test_a_file_that_supplies_nothing_is_invalid_input(tmp_path, name, text, said):
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(InvalidInput, match=said):
        read_supplied(variables=file)
    with pytest.raises(InvalidInput, match="no such file"):
        read_supplied(config=tmp_path / "none.cfg")
