"""A file that says what tasks do, and nothing else."""

import json

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.loaders import read_behavior, read_scenario
from windtunnel.model import LogNormal, OneOf, Rule, Sample

DAG_FILE = """
from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("etl"):
    BashOperator(task_id="load", bash_command="true")
"""
WHOLE = """
format = "windtunnel.behavior/1"
default_duration = "2m"

[[rules]]
tasks = "etl.load"
duration = { median = "10m", sigma = 0.5 }
fails_after = { values = [1, "2s"] }
outcomes = [{ fail = 0.1 }, { fail = 0.5 }]
length = { values = [2, 3] }

[[rules]]
tasks = "other.load"
duration = "1s"
"""


NAMES_IT = """
dags = "dags"
behavior = "behavior.toml"
start = 2026-03-01
duration = "1h"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "etl.py").write_text(DAG_FILE)
    (tmp_path / "behavior.toml").write_text(WHOLE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_has_the_keys_of_a_scenario_files_behavior_at_its_top(folder):
    behavior = read_behavior("behavior.toml")
    assert behavior.default_duration_s == 120
    first, _ = behavior.rules
    assert first.duration_s == LogNormal(median_s=600, sigma=0.5)
    assert first.fails_after_s == Sample(values_s=(1, 2))
    assert first.length == OneOf(values=(2, 3))


def test_a_scenario_file_may_name_it(folder):
    scenario = folder / "scenario.toml"
    scenario.write_text(
        'dags = "dags"\nbehavior = "behavior.toml"\nstart = 2026-03-01\nduration = "1h"\n'
    )
    read = read_scenario(scenario)
    assert [rule.tasks for rule in read.scenario.behavior.rules] == ["etl.load"]
    assert not read.scenario.fleet.problems, "rules of DAGs that are elsewhere are no problem"


def test_the_command_line_may_name_it_in_the_place_of_what_the_scenario_says(folder, cli):
    seen = cli("run", "dags", "--trigger", "etl", "--behavior", "behavior.toml")
    assert seen.code == 0, seen.err
    assert "without a behavior" not in seen.out


def test_a_task_that_its_dag_does_not_have_is_told(folder):
    (folder / "behavior.toml").write_text('[[rules]]\ntasks = "etl.lod"\nduration = 1\n')
    (folder / "scenario.toml").write_text(
        'dags = "dags"\nbehavior = "behavior.toml"\nstart = 2026-03-01\n'
    )
    (problem,) = read_scenario(folder / "scenario.toml").scenario.fleet.problems
    assert "etl.lod" in problem.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rules]]\nduraton = 1\n", r"rules\[0\]\.duraton"),
        ("[behavior]\n", "unknown key"),
        ('format = "other/1"\n', "this version reads"),
        ("[[rules]]\nfollow_shares = { a = 0.7, b = 0.7 }\n", "more than 1"),
        ('history = "nowhere.csv"\n', "history"),
        ("[[rules]", "not valid TOML"),
    ],
)
def test_a_mistake_in_it_is_told_with_the_file_and_the_place(folder, text, said):
    (folder / "behavior.toml").write_text(text)
    with pytest.raises(InvalidInput, match=said) as told:
        read_behavior("behavior.toml")
    assert "behavior.toml" in str(told.value)


def test_a_file_that_is_not_there_is_told(folder, cli):
    seen = cli("run", "dags", "--behavior", "nowhere.toml")
    assert seen.code == 2
    assert "nowhere.toml: no such file" in seen.err


def test_what_is_drawn_survives_a_stored_scenario(folder):
    rule = read_behavior("behavior.toml").rules[0]
    assert Rule.model_validate_json(json.dumps(rule.model_dump(mode="json"))) == rule
