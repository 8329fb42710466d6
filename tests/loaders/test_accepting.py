"""Accepted findings are written where the DAGs are, and a mistake there is told."""

from __future__ import annotations

import re

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.loaders import merged_accepts, parse_accepts, read_scenario, scenario_toml_schema
from windtunnel.loaders.scenario_file import read_json, write_json
from windtunnel.model import Fleet, Scenario

DAG = """\
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("etl", schedule="@daily", start_date=datetime(2026, 1, 1)):
    BashOperator(task_id="t", bash_command="true")
"""
START = "start = 2026-03-01T00:00:00Z\n"


@pytest.fixture
def accepts(tmp_path):
    """``accepts(project=…, scenario=…)``: what holds for a folder of DAGs with these files."""

    def accepts(project: str | None = None, scenario: str | None = None):
        dags = tmp_path / "repo" / "dags"
        dags.mkdir(parents=True)
        (dags / "etl.py").write_text(DAG)
        if project is not None:
            (tmp_path / "repo" / "pyproject.toml").write_text(project)
        if scenario is not None:
            (dags / "scenario.toml").write_text(START + scenario)
        return read_scenario(dags, airflow="stand-in").scenario.accept

    return accepts


def test_the_project_file_above_the_dags_says_it(accepts) -> None:
    assert accepts('[tool.windtunnel.accept]\netl = ["WT113"]\n') == {"etl": {"WT113": ""}}


def test_a_reason_may_stand_beside_each_code(accepts) -> None:
    assert accepts(scenario='[accept]\netl = { WT113 = "by hand" }\n') == {
        "etl": {"WT113": "by hand"}
    }


def test_the_scenario_adds_to_the_project(accepts) -> None:
    project = '[tool.windtunnel.accept]\netl = ["WT113"]\n"*" = ["WT111"]\n'
    scenario = '[accept]\netl = { WT113 = "why", WT101 = "" }\n'
    assert accepts(project, scenario) == {"etl": {"WT113": "why", "WT101": ""}, "*": {"WT111": ""}}


@pytest.mark.parametrize("project", ["", "[tool.other]\n", "[tool.windtunnel]\n", "tool = 3\n"])
def test_a_project_that_says_nothing_of_it_accepts_nothing(accepts, project) -> None:
    assert accepts(project) == {}


@pytest.mark.parametrize("given", ['"WT113"', '["113"]', "{ WT113 = 1 }", "3", '["wt113"]'])
@pytest.mark.parametrize("where", ["project", "scenario"])
def test_what_is_no_code_is_told_with_its_place(accepts, given, where) -> None:
    table = "[accept]" if where == "scenario" else "[tool.windtunnel.accept]"
    with pytest.raises(InvalidInput, match=r"accept\.etl"):
        accepts(**{where: f"{table}\netl = {given}\n"})


def test_a_project_ends_where_the_repository_does(accepts, tmp_path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.windtunnel.accept]\netl = ["WT113"]\n')
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    assert accepts() == {}


def test_in_python_any_collection_of_codes_will_do() -> None:
    assert parse_accepts({"a": ("WT101",), "b": {"WT102"}}, "accept") == {
        "a": {"WT101": ""},
        "b": {"WT102": ""},
    }
    assert merged_accepts({"a": {"WT101": "old"}}, {"a": {"WT101": "new"}}) == {
        "a": {"WT101": "new"}
    }


def test_editors_are_told_of_both_forms() -> None:
    accept = scenario_toml_schema()["properties"]["accept"]
    forms = accept["additionalProperties"]["anyOf"]
    assert [form["type"] for form in forms] == ["array", "object"]


def test_what_is_accepted_comes_back_from_a_file(tmp_path) -> None:
    accept = {"etl": {"WT113": "by hand"}, "*": {"WT111": ""}}
    scenario = Scenario(fleet=Fleet(), start="2026-03-01T00:00:00Z", accept=accept)
    write_json(scenario, tmp_path / "s.json")
    assert read_json(tmp_path / "s.json") == scenario


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"*": "WT101"}, "'WT101' is not a list of codes"),
        ({"*": 5}, "5 is not a list of codes"),
        ({"*": {"WT101": 3}}, "3 is no reason in words"),
        ({"*": ["WTx"]}, "'WTx' is no code of a finding"),
    ],
)
def test_what_is_wrong_about_it_is_said_for_what_it_is(given, said):
    with pytest.raises(InvalidInput, match=re.escape(said)):
        parse_accepts(given, "accept")
