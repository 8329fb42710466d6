"""What the README shows is what people get."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    return [text for written_in, text in fenced if written_in == language]


def test_the_captured_finding_is_the_one_that_is_printed(windtunnel_command: Any) -> None:
    (captured,) = (block for block in blocks("") if block.startswith("WT101"))

    assert captured in windtunnel_command("check", "nested_deadlock").stdout


def test_the_scenario_and_the_cluster_shown_can_be_used(
    windtunnel_command: Any, tmp_path: Path
) -> None:
    cluster, scenario = blocks("toml")
    (tmp_path / "cluster.toml").write_text(cluster)
    (tmp_path / "scenario.toml").write_text(scenario)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "etl.py").write_text(
        "from airflow import DAG\nfrom airflow.operators.bash import BashOperator\n"
        "with DAG('etl', schedule='@daily'):\n"
        "    BashOperator(task_id='load', bash_command='true', pool='db')\n"
    )

    done = windtunnel_command("check", ".")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "pool db 3" in done.stdout


def test_the_two_commands_do_their_own_set_up_in_one_line() -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines() if "venv" in line]

    assert len(commands) == 2
    assert all(command.startswith("python3 -m venv ") for command in commands)


def test_every_command_that_is_shown_exists(windtunnel_command: Any) -> None:
    shown = {line.split()[1] for block in blocks("sh") for line in block.splitlines()
             if line.startswith("windtunnel ")}  # fmt: skip

    for command in sorted(shown):
        assert windtunnel_command(command, "--help").returncode == 0
