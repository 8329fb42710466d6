"""Bad input: a clear message, exit code 2, and nothing else is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Cli = Callable[..., Any]
Write = Callable[..., Path]


def test_a_target_that_is_nowhere_names_the_nearest_shipped_scenario(cli: Cli) -> None:
    outcome = cli("check", "nested_deadlocks")

    assert outcome.code == 2
    assert "nested_deadlocks: no such file or folder" in outcome.err
    assert "did you mean 'nested_deadlock'?" in outcome.err
    assert outcome.out == ""


def test_a_folder_without_dags_is_said_to_have_none(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()

    outcome = cli("run", "dags")

    assert outcome.code == 2
    assert "dags" in outcome.out + outcome.err
    assert "no DAG" in outcome.out + outcome.err
    assert "Traceback" not in outcome.err


def test_a_syntax_error_is_reported_and_the_other_files_still_run(cli: Cli, write: Write) -> None:
    write("broken.py", "from airflow import DAG\ndef f(:\n")
    write("good.py")

    outcome = cli("run", "dags")

    assert outcome.code == 2
    assert "broken.py:2" in outcome.out
    assert "etl.save" in outcome.out


def test_a_file_that_fails_is_reported_and_the_other_files_still_run(
    cli: Cli, write: Write
) -> None:
    write("broken.py", "from airflow import DAG\n{}['bucket']\n")
    write("good.py")

    outcome = cli("run", "dags")

    assert outcome.code == 2
    assert "broken.py:2" in outcome.out
    assert "KeyError: 'bucket'" in outcome.out
    assert "etl.save" in outcome.out


def test_a_cycle_is_reported_with_its_tasks_and_other_dags_still_run(
    cli: Cli, write: Write
) -> None:
    cycle = """\
from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("round"):
    a = BashOperator(task_id="a", bash_command="true")
    b = BashOperator(task_id="b", bash_command="true")
    a >> b >> a
"""
    write("round.py", cycle)
    write("good.py")

    outcome = cli("run", "dags")

    assert outcome.code == 2
    assert "round" in outcome.out
    assert "cycle" in outcome.out
    assert "etl.save" in outcome.out


def test_a_dag_id_used_twice_is_reported_with_both_files(cli: Cli, write: Write) -> None:
    write("one.py")
    write("two.py")
    write("other.py", dag_id="other")

    outcome = cli("run", "dags")

    assert outcome.code == 2
    assert "one.py" in outcome.out
    assert "two.py" in outcome.out
    assert "other.save" in outcome.out


def test_an_unknown_trigger_rule_is_reported_with_the_rules_that_exist(
    cli: Cli, write: Write
) -> None:
    write("wrong.py", dag_id="wrong", more=', trigger_rule="all_sucess"')
    write("good.py")

    outcome = cli("run", "dags")

    assert outcome.code == 2
    assert "all_sucess" in outcome.out
    assert "all_success" in outcome.out
    assert "etl.save" in outcome.out


def test_a_pool_that_does_not_exist_is_a_finding(cli: Cli, write: Write, tmp_path: Path) -> None:
    write("good.py", more=', pool="nowhere"')
    (tmp_path / "cluster.toml").write_text("[pools.db]\nslots = 3\n")

    outcome = cli("check", "dags", "--cluster", "cluster.toml")

    assert outcome.code == 1
    assert "WT" in outcome.out
    assert "nowhere" in outcome.out


def test_a_misspelt_key_in_a_scenario_file_is_named_with_its_file(
    cli: Cli, write: Write, tmp_path: Path
) -> None:
    write("good.py")
    (tmp_path / "scenario.toml").write_text(
        'format = "windtunnel.scenario/1"\ndags = "dags"\n'
        'start = 2026-03-01T00:00:00Z\nduratoin = "1d"\n'
    )

    outcome = cli("run", "scenario.toml")

    assert outcome.code == 2
    assert "scenario.toml" in outcome.err
    assert "duratoin" in outcome.err
    assert "duration" in outcome.err.replace("duratoin", "")


def test_a_misspelt_key_in_a_cluster_file_is_named_with_its_file(
    cli: Cli, write: Write, tmp_path: Path
) -> None:
    write("good.py")
    (tmp_path / "cluster.toml").write_text("paralelism = 3\n")

    outcome = cli("run", "dags", "--cluster", "cluster.toml")

    assert outcome.code == 2
    assert "cluster.toml" in outcome.err
    assert "paralelism" in outcome.err


def test_a_time_that_is_none_says_how_one_is_written(cli: Cli, write: Write) -> None:
    write("good.py")

    assert cli("run", "dags", "--for", "soon").code == 2
    assert "2026-03-01" in cli("run", "dags", "--from", "soon").err


def test_a_dag_to_trigger_that_does_not_exist_lists_those_that_do(cli: Cli, write: Write) -> None:
    write("good.py")

    outcome = cli("run", "dags", "--trigger", "elt")

    assert outcome.code == 2
    assert "elt" in outcome.err
    assert "etl" in outcome.err


def test_an_id_that_was_never_stored_is_said_to_be_unknown(cli: Cli) -> None:
    outcome = cli("replay", "wt1-nothing")

    assert outcome.code == 2
    assert "wt1-nothing" in outcome.err


def test_a_misspelt_option_is_a_usage_error(cli: Cli) -> None:
    outcome = cli("check", "simple", "--sed", "3")

    assert outcome.code == 2
    assert "--seed" in outcome.err
