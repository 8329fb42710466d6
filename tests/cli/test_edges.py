"""Odd arguments, odd machines, mistakes of ours: a short message, the right exit code, no loss."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from windtunnel import api
from windtunnel.cli import running

Cli = Callable[..., Any]
Write = Callable[..., Path]

NEVER = """\
from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("leap", schedule="0 0 30 2 *"):
    BashOperator(task_id="t", bash_command="true")
"""
FAILING = """\
import os
from airflow import DAG
from airflow.operators.python import PythonOperator

def boom():
    os.system("echo written directly")
    raise ValueError("no bucket")

with DAG("d", schedule=None):
    PythonOperator(task_id="t", python_callable=boom)
"""
DEADLOCK = """\
from airflow import DAG
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.operators.bash import BashOperator

with DAG("parent", schedule="@daily"):
    TriggerDagRunOperator(
        task_id="call", trigger_dag_id="child", wait_for_completion=True, pool="one"
    )
with DAG("child", schedule=None):
    BashOperator(task_id="work", bash_command="true", pool="one")
"""


@pytest.fixture
def deadlock(write: Write, tmp_path: Path) -> tuple[str, ...]:
    """Arguments of a command that finds a deadlock."""
    write("deadlock.py", DEADLOCK)
    (tmp_path / "cluster.toml").write_text("[pools.one]\nslots = 1\n")
    return ("dags", "--cluster", "cluster.toml")


# -- our own mistakes ---------------------------------------------------------------------------


def test_a_mistake_of_ours_is_no_finding_and_says_what_to_report(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("slot")

    write("good.py")
    monkeypatch.setattr(api, "check", broken)

    outcome = cli("check", "dags", "--store", "mysql://me:secret@host/airflow")

    assert outcome.code == 3
    assert "internal error" in outcome.err
    assert "secret" not in outcome.err
    assert "KeyError: 'slot'" in outcome.err
    assert "test_edges.py" in outcome.err
    assert "windtunnel check dags" in outcome.err
    assert "Traceback" not in outcome.err


def test_an_error_whose_text_fails_is_told_by_its_name(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def broken(*_: object, **__: object) -> int:
        raise MuteError

    monkeypatch.setattr(running, "usable", broken)

    outcome = cli("run", "simple")

    assert outcome.code == 3
    assert "MuteError" in outcome.err


def test_ctrl_c_is_said_and_ends_as_the_shell_expects(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "usable", interrupted)

    outcome = cli("run", "simple")

    assert (outcome.code, outcome.err) == (130, "windtunnel: interrupted\n")


# -- the machine --------------------------------------------------------------------------------


def test_a_store_that_cannot_be_written_costs_no_finding(
    cli: Cli, deadlock: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / ".windtunnel").write_text("a file in the way")

    outcome = cli("check", *deadlock)

    assert outcome.code == 1
    assert "WT101" in outcome.out
    assert "Not kept: .windtunnel" in outcome.out
    assert "--store" in outcome.out
    assert "windtunnel replay" not in outcome.out


def test_a_full_disk_below_stdout_is_said(write: Write) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "windtunnel", "scenarios"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 2
    assert "can't be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_current_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"import os; os.rmdir({str(gone)!r}); from windtunnel.cli import main; "
    script += "import sys; sys.argv = ['windtunnel', 'run', 'simple']; main()"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=gone, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "the current folder does not exist any more" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="modes of folders")
def test_what_cannot_be_looked_at_is_said(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As for a user who may not enter the folder; tests may run as root, who may."""

    exists = Path.exists

    def refuse(self: Path, **how: bool) -> bool:
        if self.name == "closed":
            raise PermissionError(13, "Permission denied")
        return exists(self, **how)

    monkeypatch.setattr(Path, "exists", refuse)

    outcome = cli("run", tmp_path / "closed")

    assert outcome.code == 2
    assert "closed: can't be looked at: Permission denied" in " ".join(outcome.err.split())


# -- arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", ""), "TARGET is empty"),
        (("run", "x" * 300), "can't be looked at: File name too long"),
        (("run", "dags", "--cluster", ""), "--cluster is empty"),
        (("run", "dags", "--cluster", "dags"), "dags: is a folder; name a file"),
        (("run", "dags", "--for", "soon"), "--for soon: 'soon' is no duration"),
        (("run", "dags", "--for", "1000000w"), "--for 1000000w: must be more than 0 s and at most"),
        (("run", "dags", "--for", "9999999999999999999d"), "at most 100 years"),
        (("run", "dags", "--for", "0s"), "--for 0s: must be more than 0 s"),
        (("run", "dags", "--from", "9999-12-31"), "--from 9999-12-31: must be from 1970 to 2200"),
        (("run", "dags", "--from", "0001-01-01"), "--from 0001-01-01: must be from 1970"),
        (("check", "dags", "--airflow", "real-one"), "'--airflow'"),
        (("check", "dags", "--seed", "many"), "'--seed'"),
        (("check",), "TARGET"),
        (("chekc",), "chekc"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(
    cli: Cli, write: Write, arguments: tuple[str, ...], said: str
) -> None:
    write("good.py")

    outcome = cli(*arguments)

    assert outcome.code == 2
    assert said in " ".join(outcome.err.split())
    assert max(map(len, outcome.err.splitlines())) <= 80
    assert "Traceback" not in outcome.err
    assert "Value error" not in outcome.err


def test_cron_that_never_ticks_costs_its_dag_alone(cli: Cli, write: Write) -> None:
    write("leap.py", NEVER)
    write("good.py")

    outcome = cli("run", "dags")

    assert outcome.code == 2
    assert "schedule '0 0 30 2 *' names a day that no month has" in " ".join(outcome.out.split())
    assert "errors.pydantic.dev" not in outcome.out
    assert "etl.save" in outcome.out


def test_a_triggered_run_does_not_take_the_place_of_a_scheduled_one(cli: Cli, write: Write) -> None:
    """Both at midnight would have the same logical date, of which Airflow allows one run."""
    write("good.py")

    def types(*arguments: str) -> list[str]:
        out = cli("run", "dags", "--for", "2d", "--format", "json", *arguments).out
        return sorted(run["run_type"] for run in json.loads(out)["dag_runs"])

    assert types() == ["scheduled", "scheduled"]
    assert types("--trigger", "etl") == ["manual", "scheduled", "scheduled"]


# -- what ran -----------------------------------------------------------------------------------


def test_a_fleet_that_starts_later_is_simulated_when_it_starts(cli: Cli, write: Write) -> None:
    path = write("future.py")
    path.write_text(path.read_text().replace("datetime(2026, 1, 1)", "datetime(2027, 6, 1)"))

    outcome = cli("check", "dags")

    assert outcome.code == 0
    assert "Window   2027-06-01 00:00:00 UTC, 3d" in outcome.out
    assert "Ran      3 dag runs and 6 task instances, of 1 DAG" in outcome.out


def test_a_check_that_ran_nothing_is_no_success(cli: Cli, write: Write) -> None:
    path = write("paused.py")
    path.write_text(path.read_text().replace("catchup", "is_paused_upon_creation=True, catchup"))

    outcome = cli("check", "dags")

    assert outcome.code == 2
    assert "etl: it is paused" in outcome.out
    assert outcome.out.endswith("Nothing was tried: no dag run started in 2 simulations.\n")


def test_a_dag_that_never_ran_is_named_beside_those_that_did(cli: Cli, write: Write) -> None:
    write("good.py")
    path = write("later.py", dag_id="later")
    path.write_text(path.read_text().replace("datetime(2026, 1, 1)", "datetime(2099, 1, 1)"))

    outcome = cli("check", "dags")

    assert outcome.code == 0
    assert "later: its start_date, 2099-01-01 00:00:00, is after the window" in outcome.out
    assert outcome.out.endswith("No finding in 2 simulations. 1 of 2 DAGs never ran.\n")


def test_a_callable_that_fails_is_shown_with_its_traceback(cli: Cli, write: Write) -> None:
    write("failing.py", FAILING)

    outcome = cli("run", "dags", "--execute")

    assert outcome.code == 1
    assert "d.t, try 1 of manual__" in outcome.out
    assert 'failing.py", line 7, in boom' in outcome.out
    assert "ValueError: no bucket" in outcome.out
    assert "always a success" not in outcome.out


def test_json_has_the_traceback_and_nothing_stands_before_it(write: Write) -> None:
    write("failing.py", FAILING)

    done = subprocess.run(
        [sys.executable, "-m", "windtunnel", "run", str(write("failing.py", FAILING).parent),
         "--execute", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip

    report = json.loads(done.stdout)
    (failure,) = report["failures"]
    assert failure["traceback"].endswith("ValueError: no bucket")
    assert (failure["task_id"], failure["state"], failure["try_number"]) == ("t", "failed", 1)
    assert "written directly" in "".join(piece["text"] for piece in report["output"])
    assert done.stderr == ""


def test_stray_rules_and_runs_of_a_scenario_are_said_and_the_rest_is_simulated(
    cli: Cli, write: Write, tmp_path: Path
) -> None:
    write("good.py")
    (tmp_path / "scenario.toml").write_text(
        'dags = "dags"\n[[manual_runs]]\ndag_id = "elt"\n[[behavior.rules]]\ntasks = "elt.*"\n'
    )

    outcome = cli("run", "scenario.toml")

    told = " ".join(outcome.out.split())
    assert outcome.code == 2
    assert (
        "scenario.toml: manual_runs[0].dag_id = \"elt\": no such DAG; did you mean 'etl'?" in told
    )
    assert "behavior.rules[0].tasks = \"elt.*\": no task matches; did you mean 'etl.*'?" in told
    assert "etl.save" in outcome.out


# -- replay -------------------------------------------------------------------------------------


def stored(cli: Cli, deadlock: tuple[str, ...], tmp_path: Path) -> Path:
    assert cli("check", *deadlock).code == 1
    (path,) = (tmp_path / ".windtunnel").glob("wt1-*.json")
    return path


def test_a_counterexample_that_was_edited_says_so(
    cli: Cli, deadlock: tuple[str, ...], tmp_path: Path
) -> None:
    path = stored(cli, deadlock, tmp_path)
    path.write_text(path.read_text().replace('"name": "dags"', '"name": "edited"'))

    outcome = cli("replay", path.stem)

    assert outcome.code == 1
    assert "its file is not as windtunnel stored it" in " ".join(outcome.out.split())


def test_a_counterexample_whose_file_was_cured_by_hand_is_fixed(
    cli: Cli, deadlock: tuple[str, ...], tmp_path: Path
) -> None:
    path = stored(cli, deadlock, tmp_path)
    content = json.loads(path.read_text())
    content["scenario"]["cluster"]["pools"]["one"]["slots"] = 5
    path.write_text(json.dumps(content))

    outcome = cli("replay", path.stem)

    assert outcome.code == 0
    said = " ".join(outcome.out.split())
    assert f"FIXED {path.stem} WT101" in said
    assert "(its file was changed since it was stored)" in said
