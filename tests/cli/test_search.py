"""How much a check tries, what it never came to, and what became of stored failures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SCENARIO = """\
format = "windtunnel.scenario/1"
name = "circle"
dags = "dags"
start = 2026-03-01T00:00:00Z
duration = "2h"

[[manual_runs]]
dag_id = "etl"
[[manual_runs]]
dag_id = "mart"

[cluster]
default_pool_slots = {slots}
"""
DAGS = """\
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.sensors.external_task import ExternalTaskSensor

with DAG("etl"):
    BashOperator(task_id="load", bash_command="true")
with DAG("mart"):
    ExternalTaskSensor(task_id="wait", external_dag_id="etl")
"""


@pytest.fixture
def project(tmp_path: Path):
    """``project(slots)``: a sensor and what it waits for, on so many slots."""

    def project(slots: int) -> str:
        folder = tmp_path / "project"
        (folder / "dags").mkdir(parents=True, exist_ok=True)
        (folder / "dags" / "both.py").write_text(DAGS)
        (folder / "scenario.toml").write_text(SCENARIO.format(slots=slots))
        return "project"

    return project


def check(cli, *args):
    outcome = cli("check", *args, "--format", "json")
    return outcome.code, json.loads(outcome.out)


def test_simulations_are_as_many_as_asked_for(cli, project):
    _, told = check(cli, project(1), "--simulations", 5)
    assert told["simulations"] == 5
    assert check(cli, project(1), "--simulations", 1)[1]["simulations"] == 1


def test_more_faults_are_let_in_only_where_they_are_asked_for(cli, project):
    assert "chances" not in check(cli, project(9))[1]["covered"]
    assert "chances" in check(cli, project(9), "--faults-up-to", 1)[1]["covered"]


def test_jitter_is_a_time(cli, project):
    assert cli("check", project(1), "--jitter", "5m").code == 1
    outcome = cli("check", project(1), "--jitter", "soon")
    assert outcome.code == 2
    assert "--jitter soon" in outcome.err


def test_what_no_simulation_came_to_is_told_and_can_be_made_to_fail(cli, project):
    target = project(9)
    code, told = check(cli, target)
    assert code == 0
    limits = [one["subject"] for one in told["unreached"] if one["kind"] == "limit"]
    assert limits == ["pool default_pool"]
    said = cli("check", target, "--fail-on-unreached", "limit")
    assert said.code == 1
    assert "Never reached:\n  pool default_pool: nobody ever waited for it" in said.out
    assert cli("check", target, "--fail-on-unreached", "fault").code == 0
    assert cli("check", target, "--fail-on-unreached", "all").code == 1
    assert cli("check", target, "--fail-on-unreached", "moon").code == 2


def test_a_failure_is_stored_told_again_and_dropped_when_it_is_fixed(cli, project):
    _, first = check(cli, project(1))
    (name,) = (f["counterexample"] for f in first["findings"])
    code, again = check(cli, project(1))
    assert code == 1
    assert [(one["counterexample"], one["verdict"]) for one in again["rechecked"]] == [
        (name, "FAILED")
    ]
    assert again["findings"] == first["findings"]
    outcome = cli("check", project(2))
    assert outcome.code == 0
    assert f"FIXED    {name}  WT101 Pool deadlock: it is gone" in outcome.out
    assert cli("replay", name).code == 2


def test_replay_exits_with_what_it_came_to(cli, project):
    _, told = check(cli, project(1))
    (name,) = (f["counterexample"] for f in told["findings"])
    assert cli("replay", name).code == 1
    assert cli("replay", name, project(1)).code == 1
    fixed = cli("replay", name, project(2))
    assert fixed.code == 0
    assert "FIXED" in fixed.out
    (Path("project") / "dags" / "both.py").write_text(DAGS.replace("etl", "elt"))
    (Path("project") / "scenario.toml").write_text(SCENARIO.format(slots=1).replace("etl", "elt"))
    gone = cli("replay", name, "project")
    assert gone.code == 4
    assert "DAG etl not there any more" in " ".join(gone.out.split())


def test_replay_with_a_cluster_needs_dags(cli):
    outcome = cli("replay", "wt1-abcdefgh", "--cluster", "x.toml")
    assert outcome.code == 2
    assert "need a TARGET" in outcome.err
