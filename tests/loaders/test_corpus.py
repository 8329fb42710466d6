"""Corpus: our own DAG files, as real Airflow loaded them, and as the stand-in does."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
RELEASES = {"2.11.2": ("both", "airflow2"), "3.3.2": ("both", "airflow3")}


def scored(folder: Path, truth: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The score script, called as people call it."""
    program = [sys.executable, str(HERE / "score.py"), str(folder), str(truth), *more]
    return subprocess.run(program, capture_output=True, text=True, check=False)


@pytest.fixture(params=RELEASES)
def recorded(request, tmp_path) -> tuple[Path, Path]:
    """The files of one release in a folder, and what that release made of them."""
    folder = tmp_path / "repository" / "dags"
    folder.mkdir(parents=True)
    for part in RELEASES[request.param]:
        for file in (HERE / "corpus" / part).glob("*.py"):
            shutil.copy(file, folder)
    return folder, HERE / "corpus" / f"airflow-{request.param}.json"


def test_every_dag_is_equal_to_what_real_airflow_loaded(recorded):
    folder, truth = recorded
    dags = len(json.loads(truth.read_text())["dags"])
    done = scored(folder.parent, truth)
    assert f"equal {dags} of {dags} DAGs" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_a_difference_is_named_by_its_field_and_fails_the_score(recorded, tmp_path):
    folder, truth = recorded
    told = json.loads(truth.read_text())
    told["dags"]["edges_plain"]["tasks"]["d"]["retries"] = 5
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(told))
    dags = len(told["dags"])
    done = scored(folder, changed)
    assert done.returncode == 1
    assert f"equal {dags - 1} of {dags} DAGs" in done.stdout
    assert "retries: 1 differ, in 1 DAGs" in done.stdout
    assert "edges_plain.d: Airflow 5, windtunnel 0" in done.stdout
    assert scored(folder, changed, "--at-least", "0.9").returncode == 0


def test_a_file_that_is_gone_is_a_dag_that_is_missing(recorded):
    folder, truth = recorded
    (folder / "edges.py").unlink()
    done = scored(folder, truth)
    assert done.returncode == 1
    assert "missing edges_plain: edges.py" in done.stdout
