"""Databases that real Airflow filled: what was predicted of them, and what happened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import windtunnel
from windtunnel.cli.app import app
from windtunnel.model import Cluster
from windtunnel.sweep import closing

HERE = Path(__file__).parent
RELEASES = ("3.3", "2.11")
BASE = Cluster(executor="LocalExecutor", parallelism=3)
OTHER = Cluster(executor="LocalExecutor", parallelism=6)
TWO = ["--workers", "2"]
HALF = {"3.3": "2026-11-27T01:25:00", "2.11": "2026-11-27T01:50:00"}
"""Where the second half of each recording begins."""


@pytest.mark.parametrize("release", RELEASES)
def test_with_the_measured_durations_half_of_the_dags_land_within_ten_percent(recorded, release):
    found = windtunnel.backtest(
        None, recorded(f"base-{release}"), cluster=BASE, mode="replayed", trials=3
    )
    assert len(found.dags) == 7
    assert found.landing_error < 0.10
    assert found.makespan_error < 0.10
    assert not any(dag.not_simulated for dag in found.dags)


@pytest.mark.parametrize(("release", "most"), [("3.3", 0.13), ("2.11", 0.15)])
def test_a_held_out_window_is_predicted_and_the_default_is_far_off(recorded, release, most):
    # Chance alone makes 8 to 10 %, and what Airflow's own work took varied with the machine.
    found = windtunnel.backtest(
        None, recorded(f"base-{release}"), cluster=BASE, since=HALF[release]
    )
    assert found.landing_error < most
    assert found.makespan_error < most
    assert found.uncalibrated_landing_error > 1


@pytest.mark.parametrize("release", RELEASES)
def test_where_the_machine_was_quiet_half_of_the_dags_land_within_ten_percent(recorded, release):
    """The second half from the first, without a word about the deployment."""
    found = windtunnel.backtest(None, recorded(f"quiet-{release}"), trials=10)
    assert len(found.dags) == 4
    assert found.landing_error < 0.10
    assert found.makespan_error < 0.10
    assert (found.platform.slots or found.platform.parallelism) == 4


def test_a_celery_worker_is_repeated_with_the_slots_that_its_tries_show(recorded):
    replayed = windtunnel.backtest(None, recorded("celery-3.3"), mode="replayed", trials=3)
    assert replayed.platform.slots == 4
    assert replayed.landing_error < 0.10
    assert replayed.makespan_error < 0.10
    held_out = windtunnel.backtest(None, recorded("celery-3.3"), trials=10)
    assert held_out.landing_error < 0.15


def test_other_settings_are_predicted_from_what_was_learned_under_these(recorded):
    base, other = recorded("base-3.3"), recorded("other-3.3")
    found = windtunnel.backtest(None, other, cluster=OTHER, learn_from=base, trials=20)
    assert found.platform.slots == 3  # of the past that it learned from
    assert found.landing_error < 0.15
    waits = [dag.queued for dag in found.dags]
    assert all(abs(wait.actual_s - wait.predicted_s) < 1.5 for wait in waits)

    unsaid = windtunnel.backtest(None, other, learn_from=base, trials=20)
    assert unsaid.platform.slots == 6  # its own, as it would be with --cluster
    assert unsaid.landing_error == pytest.approx(found.landing_error, abs=0.01)


def test_the_report_has_eighty_columns_and_says_how_far_to_trust_a_plan(recorded, monkeypatch):
    monkeypatch.setenv("PACE", "2")
    asked = ["backtest", str(HERE / "dags"), "--from", str(recorded("base-3.3")), "--trials", "3"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 80
    assert "Landing " in done.output
    assert "of what was predicted" in done.output
    assert "task slots on its only host: 3" in done.output


def test_programs_read_the_same_figures(recorded, tmp_path):
    source, file = recorded("base-3.3"), tmp_path / "backtest.json"
    asked = ["backtest", "--from", str(source), "--trials", "3", "--report", f"json={file}"]
    printed = CliRunner().invoke(app, [*asked, "--format", "json"]).output
    assert file.read_text("utf-8") == printed
    read = json.loads(printed)
    found = windtunnel.backtest(None, source, trials=3)
    assert read["kind"] == "backtest"
    assert read["landing_error"] == found.landing_error
    assert [dag["dag_id"] for dag in read["dags"]] == [dag.dag_id for dag in found.dags]
    assert read["dags"][0]["landing"]["error"] == found.dags[0].landing.error


def test_several_workers_print_the_same_bytes(recorded):
    asked = ["backtest", "--from", str(recorded("base-3.3")), "--trials", "6"]
    with closing():
        printed = [CliRunner().invoke(app, [*asked, *more]).output for more in ([], TWO)]
    assert printed[0] == printed[1]
    assert "6 simulations" in printed[0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--since", "2020-01-01", "--until", "2020-01-02"], "no dag run was due"),
        (["--since", "2020-01-02", "--until", "2020-01-01"], "before it begins"),
        (["--since", "soon"], "since soon"),
        (["--workers", "3", "--backend", "ray"], "--workers 3: is about processes"),
    ],
)
def test_what_can_not_be_compared_is_told_in_words(recorded, more, said):
    done = CliRunner().invoke(app, ["backtest", "--from", str(recorded("base-3.3")), *more])
    assert done.exit_code != 0
    assert said in str(done.exception)


def test_a_folder_with_none_of_the_dags_is_refused(recorded, tmp_path):
    (tmp_path / "other.py").write_text(
        "from airflow.sdk import DAG\nwith DAG('other', schedule=None):\n    pass\n"
    )
    done = CliRunner().invoke(app, ["backtest", str(tmp_path), "--from", str(recorded("base-3.3"))])
    assert "is in TARGET" in str(done.exception)


@pytest.mark.parametrize(("name", "slots"), [("base-3.3", 3), ("other-3.3", 6), ("base-2.11", 3)])
@pytest.mark.parametrize("mode", ["calibrated", "replayed"])
def test_the_slots_are_learned_and_nothing_is_lost_without_the_cluster(recorded, name, slots, mode):
    known = Cluster(executor="LocalExecutor", parallelism=slots)
    said = windtunnel.backtest(None, recorded(name), cluster=known, mode=mode, trials=3)
    unsaid = windtunnel.backtest(None, recorded(name), mode=mode, trials=3)

    assert (unsaid.platform.slots or unsaid.platform.parallelism) == slots
    assert not [note for note in unsaid.notes if "--cluster" in note]
    assert unsaid.landing_error == pytest.approx(said.landing_error, abs=0.01)
    assert unsaid.makespan_error == pytest.approx(said.makespan_error, abs=0.01)
