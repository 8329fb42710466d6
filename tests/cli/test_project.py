"""What a repository says of windtunnel holds on the command line, too."""

from __future__ import annotations

import json

import pytest

SAID = """
[tool.windtunnel]
cluster = "ops/cluster.toml"
window = "2d"
start = 2026-05-01
seed = 7
profile = "dev, airflow-2.11"
runs = ["etl"]
faults = ["task fails: etl.load"]
"""


@pytest.fixture
def project(cli, write, tmp_path):
    write("etl.py")
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "cluster.toml").write_text("parallelism = 7\n")
    (tmp_path / "pyproject.toml").write_text(SAID)
    return cli


def scenario_of(cli, command, *args):
    done = cli(command, "dags", "--format", "json", *args)
    return json.loads(done.out)["scenario"]


@pytest.mark.parametrize("command", ["check", "run"])
def test_settings_of_the_repository_hold_where_nothing_is_said(project, command):
    told = scenario_of(project, command)

    assert (told["cluster"]["parallelism"], told["cluster"]["profile"]) == (7, "airflow-2.11")
    assert told["start"].startswith("2026-05-01T00:00")
    assert (told["duration_s"], told["seed"]) == (2 * 86400, 7)


def test_runs_and_faults_of_the_repository_take_place(project):
    done = json.loads(project("run", "dags", "--format", "json").out)

    assert "manual" in {run["run_type"] for run in done["dag_runs"]}
    assert "failed" in {one["state"] for one in done["task_instances"]}


def test_the_command_line_says_otherwise(project, tmp_path):
    (tmp_path / "other.toml").write_text("parallelism = 9\n")
    told = scenario_of(project, "run", "--cluster", "other.toml", "--for", "1d", "--seed", "1")

    assert told["cluster"]["parallelism"] == 9
    assert (told["duration_s"], told["seed"]) == (86400, 1)


def test_how_hard_to_search_is_said_there_too(project):
    assert json.loads(project("check", "dags", "--format", "json").out)["profile"] == "dev"
    asked = project("check", "dags", "--format", "json", "--profile", "ci")
    assert json.loads(asked.out)["profile"] == "ci"


def test_a_scenario_says_all_of_it_itself(project, tmp_path):
    (tmp_path / "scenario.toml").write_text(
        'format = "windtunnel.scenario/1"\ndags = "dags"\nduration = "1d"\n'
    )
    told = json.loads(project("run", "scenario.toml", "--format", "json").out)["scenario"]

    assert (told["seed"], told["duration_s"]) == (0, 86400)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("clustr = 'x'", "pyproject.toml: windtunnel has no setting 'clustr'; did you mean"),
        ("window = 'soon'", "pyproject.toml: window = 'soon': "),
        ("start = 'monday'", "pyproject.toml: start = 'monday': not a date"),
        ("seed = 'x'", "pyproject.toml: seed = 'x': must be a whole number"),
        ("profile = 'hard'", "pyproject.toml: profile hard: no such profile"),
        ("cluster = 'ops.toml'", "pyproject.toml: cluster: ops.toml: no such file"),
        ("runs = ['elt']", "pyproject.toml: runs elt: no such DAG; there are: etl"),
        ("cluster = 3", "pyproject.toml: cluster = 3: must be a text"),
        ("runs = 3", "pyproject.toml: runs = 3: must be a list of texts"),
        (
            "faults = ['task fials: etl']",
            "pyproject.toml: faults: fault 'task fials: etl': unknown",
        ),
        ("faults = ['task fails: elt.x']", "pyproject.toml: faults: fault 'task fails: elt.x': no"),
        ("faults = [3]", "pyproject.toml: faults = [3]: must be a list of texts"),
        ("window = ['1d']", "pyproject.toml: window = ['1d']: must be a duration"),
        ("window = true", "pyproject.toml: window = True: must be a duration"),
        ("start = 10:00:00", "must be a date or time"),
        ("seed = true", "pyproject.toml: seed = True: must be a whole number"),
        ("profile = 3", "pyproject.toml: profile = 3: must be a text, or a list of texts"),
        ("airflow = 'rael'", "airflow = 'rael': must be auto, stand-in or real"),
    ],
)
def test_what_cant_be_used_is_told_with_the_file(cli, write, tmp_path, said, told):
    write("etl.py")
    (tmp_path / "pyproject.toml").write_text(f"[tool.windtunnel]\n{said}\n")

    done = cli("run", "dags")

    assert done.code == 2
    assert told in " ".join(done.err.split())
