"""``windtunnel calibrate``, on databases that real Airflow filled."""

import builtins
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import windtunnel as wt
from recorded_databases import unpacked
from windtunnel.calibration import behavior_toml, calibrate, read_past
from windtunnel.cli.app import app
from windtunnel.errors import InvalidInput
from windtunnel.loaders import read_behavior, read_cluster


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return unpacked("airflow-3.3", tmp_path_factory.mktemp("recorded"))


def test_the_report_says_how_well_each_task_is_known(cli, database, tmp_path, snapshot):
    (tmp_path / "airflow.db").write_bytes(database.read_bytes())
    seen = cli("calibrate", "--from", "airflow.db", "-o", "behavior.toml")
    assert (seen.code, seen.err) == (0, "")
    assert max(map(len, seen.out.splitlines())) <= 80
    assert seen.out == snapshot


def test_the_file_is_what_run_and_check_take(cli, database, tmp_path):
    cli("calibrate", "--from", database, "-o", "out/behavior.toml")
    behavior = read_behavior(tmp_path / "out" / "behavior.toml")
    assert behavior == wt.calibrate(database).behavior
    seen = cli(
        "run",
        database,
        "--behavior",
        "out/behavior.toml",
        "--for",
        "10m",
        "--from",
        "2026-11-27",
        "--format",
        "json",
    )
    said = json.loads(seen.out)
    assert not [one for one in said["assumptions"] if "not used" in one["assumed"]]
    assert {one["state"] for one in said["task_instances"]} >= {"success", "skipped", "failed"}


def test_the_deployment_becomes_a_cluster_file_that_run_takes(cli, database, tmp_path):
    seen = cli("calibrate", "--from", database, "--cluster-out", "cluster.toml")
    assert "Learned of the deployment:\n  - a scheduler loop" in seen.out
    assert "run dags/ --cluster cluster.toml" in " ".join(seen.err.split() + seen.out.split())
    found = wt.calibrate(database)
    written = read_cluster(tmp_path / "cluster.toml")
    assert found.platform.look_s is not None
    assert written.loop.duration_s == pytest.approx(found.cluster.loop.duration_s)
    assert written.pools == found.cluster.pools != {}
    assert written.profile == "airflow-3.3"
    assert cli("run", database, "--cluster", "cluster.toml", "--for", "10m").code == 0


def test_how_long_each_task_waits_for_its_start_is_told(cli, database):
    seen = cli("calibrate", "--from", database, "--format", "json")
    waits = [one["queued_s"] for one in json.loads(seen.out)["tasks"]]
    assert all(0 <= wait < 60 for wait in waits if wait is not None)
    assert any(wait is not None for wait in waits)


def test_the_same_database_gives_the_same_bytes_whatever_the_order_of_hashes(database):
    command = [sys.executable, "-m", "windtunnel", "calibrate", "--from", database, "-o", "-"]
    made = subprocess.run(command, env={"PYTHONHASHSEED": "7"}, capture_output=True, check=True)
    assert made.stdout.decode() == behavior_toml(wt.calibrate(database))


def test_programs_read_the_fits_as_json(cli, database):
    seen = cli("calibrate", "--from", database, "--format", "json")
    said = json.loads(seen.out)
    by_name = {one["task"]: one for one in said["tasks"]}
    assert said["kind"] == "calibrate"
    assert by_name["measured.long"]["fits"]["duration"]["cut_short"] == 6
    assert by_name["measured.choose"]["rule"]["follow_shares"].keys() == {"left", "right"}
    assert "nothing was written" in seen.err


def test_shares_of_a_recording_are_what_really_happened(database):
    """The DAG's luck is keyed by run and try, so that its true shares are known: 0.4 of all tries
    of `unsure` fail, 0.5 of `skipping` skip, `choose` goes left in 0.7 of all runs."""
    rules = {fit.task_id: fit.rule for fit in wt.calibrate(database).tasks}
    assert rules["unsure"].outcomes.fail == pytest.approx(0.4, abs=0.15)
    assert rules["skipping"].outcomes.skip == pytest.approx(0.5, abs=0.15)
    assert rules["choose"].follow_shares["left"] == pytest.approx(0.7, abs=0.15)
    assert set(rules["names"].length.values) == {1, 2, 3, 4}
    assert rules["deferred"].true_after_s.median_s == pytest.approx(42, abs=2)


def test_a_window_narrows_what_is_used(cli, database):
    whole = json.loads(cli("calibrate", "--from", database, "--format", "json").out)
    middle = "2026-11-27T00:43:00Z"
    part = json.loads(
        cli("calibrate", "--from", database, "--since", middle, "--format", "json").out
    )
    assert 0 < part["dag_runs"] < whole["dag_runs"]
    assert part["since"] >= "2026-11-27T00:43:00"


def test_dag_files_may_say_what_tasks_there_are(cli, database, tmp_path):
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "called.py").write_text(
        "from airflow import DAG\nfrom airflow.operators.python import PythonOperator\n"
        'with DAG("called"):\n    PythonOperator(task_id="answer", python_callable=print)\n'
    )
    seen = cli("calibrate", "dags", "--from", database)
    assert seen.code == 0
    assert "called.answer" in seen.out
    assert "measured.choose" not in seen.out.partition("Not learned")[0]
    assert "tasks that ran and no DAG has any more" in " ".join(seen.out.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "nowhere.db"], "no such file or folder"),
        (["--from", "nowhere.db", "-o", "x/y"], "no such file or folder"),
        ([], "Missing option '--from'"),
        (["--from", "DB", "--since", "yesterday"], "since yesterday"),
        (["--from", "DB", "--since", "2031-01-01"], "no task ran in a dag run that began from"),
        (["nowhere", "--from", "DB"], "nowhere: no such file or folder"),
    ],
)
def test_what_can_not_be_used_is_told_in_words(cli, database, options, said):
    seen = cli("calibrate", *(database if one == "DB" else one for one in options))
    assert seen.code == 2
    assert said in " ".join(seen.err.split())
    assert "Traceback" not in seen.err


@pytest.mark.parametrize("module", ["scipy", "sqlalchemy"])
def test_a_missing_library_is_told_with_the_extra_that_brings_it(database, monkeypatch, module):
    real = builtins.__import__

    def lacking(name, *args, **kwargs):
        if name.partition(".")[0] == module:
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)
        return real(name, *args, **kwargs)

    past = read_past(database)
    monkeypatch.setattr(builtins, "__import__", lacking)
    use = {"scipy": lambda: calibrate(past), "sqlalchemy": lambda: read_past(database)}[module]
    with pytest.raises(InvalidInput, match=r"pip install 'windtunnel\[calibrate\]'"):
        use()


@pytest.mark.parametrize("command", ["calibrate", "backtest"])
@pytest.mark.parametrize(
    ("source", "extra"),
    [
        ("mysql://u:secret@127.0.0.1:1/airflow", "mysql"),
        ("postgresql+psycopg2://u:secret@127.0.0.1:1/airflow", "postgres"),
        ("sqlite:///airflow.db", "calibrate"),
    ],
)
def test_without_sqlalchemy_the_one_extra_is_named_that_brings_all(
    command, source, extra, monkeypatch
):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    done = CliRunner().invoke(app, [command, "--from", source])
    assert f"pip install 'windtunnel[{extra}]'" in str(done.exception)
    assert "secret" not in str(done.exception)
