"""The commands as people use them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
Write = Callable[..., Path]


def test_scenarios_lists_each_shipped_scenario_under_the_heading_of_its_group(cli: Cli) -> None:
    outcome = cli("scenarios")

    lines = outcome.out.splitlines()
    assert outcome.code == 0
    assert lines[0] == "First steps"
    assert "Failure modes" in lines
    (line,) = (line for line in lines if line.startswith("  nested_deadlock "))
    assert len(line.split()) > 3
    assert "(WT101)" in outcome.out
    assert max(map(len, lines)) <= 80


def test_scenarios_are_a_list_for_programs(cli: Cli) -> None:
    told = json.loads(cli("scenarios", "--format", "json").out)

    by_name = {one["name"]: one for one in told}
    assert len(by_name) == len(told)
    deadlock = by_name["nested_deadlock"]
    assert deadlock["expect"] == ["WT101"]
    assert "apache/airflow#1350" in deadlock["source"]
    assert Path(deadlock["path"], "scenario.toml").is_file()
    assert by_name["simple"]["expect"] == []
    assert set(deadlock) == {"name", "title", "group", "expect", "source", "path"}


def test_a_copied_scenario_can_be_changed_and_run(cli: Cli, tmp_path: Path) -> None:
    copied = cli("scenarios", "copy", "simple", "mine")

    assert copied.code == 0
    assert "windtunnel check mine" in copied.out
    assert (tmp_path / "mine" / "dags" / "my_simple_dag.py").is_file()
    assert cli("run", "mine").code == 0


def test_copying_never_overwrites(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "scenario.toml").write_text("mine")
    (tmp_path / "file").write_text("mine")

    for there in ("mine", "file"):
        outcome = cli("scenarios", "copy", "simple", there)
        assert outcome.code == 2
        assert f"{there} exists already" in outcome.err
    assert (tmp_path / "mine" / "scenario.toml").read_text() == "mine"
    assert cli("scenarios", "copy", "simple", "file/below").code == 2


def test_copying_an_unknown_scenario_names_the_nearest_one(cli: Cli) -> None:
    outcome = cli("scenarios", "copy", "nested_deadlok", "mine")

    assert outcome.code == 2
    assert "did you mean 'nested_deadlock'?" in " ".join(outcome.err.split())
    said = " ".join(cli("scenarios", "copy", "zzz", "mine").err.split())
    assert "`windtunnel scenarios` lists them" in said


def test_the_version_is_that_of_the_installed_package(cli: Cli) -> None:
    assert cli("--version").out == f"windtunnel {version('windtunnel')}\n"


def test_python_m_windtunnel_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "windtunnel", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == f"windtunnel {version('windtunnel')}\n"


def test_a_single_dag_file_is_a_target(cli: Cli, write: Write) -> None:
    outcome = cli("run", write("good.py"))

    assert outcome.code == 0
    assert "etl.save" in outcome.out


def test_for_decides_how_many_days_are_simulated(cli: Cli, write: Write) -> None:
    write("good.py")

    runs = [
        len(json.loads(cli("run", "dags", "--for", time, "--format", "json").out)["dag_runs"])
        for time in ("1d", "3d")
    ]

    assert runs[1] == runs[0] + 2


def test_from_decides_which_day_is_simulated(cli: Cli, write: Write) -> None:
    write("good.py")

    outcome = cli("run", "dags", "--from", "2026-05-04", "--format", "json")

    assert json.loads(outcome.out)["dag_runs"][0]["due"] == "2026-05-04T00:00:00+00:00"


def test_profile_decides_which_release_is_simulated(cli: Cli, write: Write) -> None:
    write("good.py")

    outcome = cli("run", "dags", "--profile", "airflow-2.11", "--format", "json")

    assert json.loads(outcome.out)["scenario"]["cluster"]["profile"] == "airflow-2.11"


def test_cluster_decides_what_the_tasks_run_on(cli: Cli, write: Write, tmp_path: Path) -> None:
    write("good.py")
    (tmp_path / "cluster.toml").write_text("parallelism = 7\n")

    assert "parallelism 7" in cli("run", "dags", "--cluster", "cluster.toml").out


def test_trigger_adds_manual_runs(cli: Cli, write: Write) -> None:
    write("good.py")

    outcome = cli("run", "dags", "--trigger", "etl", "--format", "json")

    assert "manual" in {run["run_type"] for run in json.loads(outcome.out)["dag_runs"]}


def test_dags_without_a_schedule_are_triggered_once_and_the_report_says_so(cli: Cli) -> None:
    outcome = cli("run", "simple")

    assert outcome.code == 0
    assert "no DAG has a schedule" in outcome.out
    assert "my_simple_dag.my_task_id" in outcome.out
    assert "1 success" in outcome.out


def test_execute_runs_the_callables_and_shows_what_they_print(cli: Cli) -> None:
    assert "Executing my_task" in cli("run", "simple", "--execute").out
    assert "Executing my_task" not in cli("run", "simple").out


def test_json_stays_json_when_callables_print(cli: Cli) -> None:
    outcome = cli("run", "simple", "--execute", "--format", "json")

    printed = json.loads(outcome.out)["output"]
    assert any("Executing my_task" in piece["text"] for piece in printed)


def test_piped_output_has_no_colours_and_no_progress(cli: Cli) -> None:
    outcome = cli("check", "nested_deadlock", "--profile", "dev")

    assert "\x1b" not in outcome.out
    assert outcome.err == ""


@pytest.mark.parametrize("command", [("run",), ("check", "--profile", "dev")])
@pytest.mark.parametrize("scenario", ["simple", "nested_deadlock", "nested_deferrable"])
def test_output_fits_eighty_columns(cli: Cli, command: tuple[str, ...], scenario: str) -> None:
    wide = [line for line in cli(*command, scenario).out.splitlines() if len(line) > 80]

    assert not wide


WAITS = """\
from datetime import datetime
from airflow import DAG
from airflow.sensors.external_task import ExternalTaskSensor
with DAG("mart", schedule="0 2 * * *", start_date=datetime(2026, 1, 1)):
    ExternalTaskSensor(task_id="wait", external_dag_id="etl")
"""


def test_a_finding_that_is_accepted_in_the_project_does_not_fail(cli, write, tmp_path):
    write("etl.py")
    write("mart.py", WAITS)
    assert cli("check", "dags").code == 1
    accepted = '[tool.windtunnel.accept]\nmart = { WT113 = "moved next week" }\n'
    (tmp_path / "pyproject.toml").write_text(accepted)
    done = cli("check", "dags")
    assert done.code == 0, done.out
    assert "Accepted 1 finding: WT113 of mart (moved next week)." in done.out


PILING = """\
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.sensors.external_task import ExternalTaskSensor
since = datetime(2026, 1, 1)
with DAG("etl", schedule="@hourly", start_date=since):
    BashOperator(task_id="load", bash_command="true")
with DAG("mart", schedule="@hourly", start_date=since):
    ExternalTaskSensor(task_id="wait", external_dag_id="etl")
"""


@pytest.mark.parametrize("command", [("run",), ("check", "--profile", "dev")])
def test_what_only_could_happen_fails_only_if_it_shall(cli, write, tmp_path, command):
    write("piling.py", PILING)
    (tmp_path / "cluster.toml").write_text("[[workers]]\nslots = 6\n")
    asked = (*command, "dags", "--cluster", "cluster.toml", "--for", "6h", "--from", "2026-03-01")
    done = cli(*asked)
    assert done.code == 0, done.out
    assert "WT118 Waits could take all worker slots" in done.out
    assert cli(*asked, "--strict").code == 1
    told = json.loads(cli(*asked, "--format", "json").out)
    assert [one["code"] for one in told["possible"]] == ["WT118"]
    assert told["findings"] == []
