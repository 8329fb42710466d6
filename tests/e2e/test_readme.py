"""What the README and the home page of the documentation show is what people get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shown import blocks, is_shown, steps

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
HOME = (ROOT / "docs" / "index.md").read_text("utf-8")


def commands() -> list[str]:
    shell = (block.text for block in blocks(README) if block.language == "sh")
    return [line for text in shell for line in text.splitlines()]


def test_the_captured_finding_is_the_one_that_is_printed(windtunnel_command: Any) -> None:
    printed = windtunnel_command("check", "nested_deadlock").stdout
    (readme,) = (block.text for block in blocks(README) if block.language == "text")
    (home,) = (block.text for block in blocks(HOME) if block.language == "console")
    ((command, expected),) = steps(home)

    assert readme in printed
    assert command == "windtunnel check nested_deadlock"
    assert is_shown(expected, printed, whole=True), printed


def test_the_test_that_is_shown_passes(windtunnel_command: Any, tmp_path: Path) -> None:
    (test,) = (block.text for block in blocks(README) if block.language == "python")
    (tmp_path / "cluster.toml").write_text("parallelism = 8")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "etl.py").write_text(
        "from airflow import DAG\nfrom airflow.operators.bash import BashOperator\n"
        "with DAG('etl', schedule='@daily'):\n"
        "    BashOperator(task_id='load', bash_command='true')\n"
    )
    (tmp_path / "test_nightly.py").write_text(test)

    done = windtunnel_command("-q", module="pytest")

    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_two_commands_do_their_own_set_up_in_one_line() -> None:
    own = [line for line in commands() if "venv" in line]

    assert len(own) == 2
    assert all(command.startswith("python3 -m venv ") for command in own)


def test_every_command_that_is_shown_exists(windtunnel_command: Any) -> None:
    shown = {line.split()[1] for line in commands() if line.startswith("windtunnel ")}

    for command in sorted(shown):
        assert windtunnel_command(command, "--help").returncode == 0


def test_every_page_that_is_linked_exists() -> None:
    linked = [part.partition(")")[0] for part in README.split("](")[1:]]

    assert [
        one for one in linked if not one.startswith("https:") and not (ROOT / one).exists()
    ] == []
