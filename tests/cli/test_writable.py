"""Places that can't be written are told before anything is done, by every command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from windtunnel.cli.writable import ensure_writable
from windtunnel.errors import InvalidInput

BROKEN = "from airflow import DAG\ndef (\n"


@pytest.mark.parametrize(
    "command",
    [
        ("run", "dags", "--report", "out/page/"),
        ("run", "dags", "--report", "otel=out/spans.json"),
        ("run", "dags", "--report", "parquet=out"),
        ("check", "dags", "--report", "junit=out/deep/er.xml"),
        ("plan", "dags", "--report", "json=out/plan.json"),
        ("backtest", "dags", "--from", "gone.db", "--report", "out/page/"),
        ("diff", "dags", "dags", "--report", "markdown=out/diff.md"),
        ("prove", "dags", "--scripts", "out"),
        ("calibrate", "--from", "gone.db", "-o", "out/behavior.toml"),
        ("calibrate", "--from", "gone.db", "--cluster-out", "out/cluster.toml"),
    ],
)
def test_a_place_that_can_not_be_written_is_told_before_all_else(cli, write, command, tmp_path):
    write("bad.py", BROKEN)
    (tmp_path / "out").write_text("a file, no folder")
    outcome = cli(*command)
    assert outcome.code == 2
    said = " ".join(outcome.err.split())
    assert said.startswith(f"windtunnel: {command[-2]} ")
    assert said.endswith("can't be written: Not a directory")
    assert "bad.py" not in outcome.out + outcome.err, "nothing was loaded"
    assert "gone.db" not in outcome.err, "nothing was read"


def test_all_places_that_can_not_be_written_are_told_at_once(cli, write, tmp_path):
    write("etl.py")
    (tmp_path / "out").write_text("")
    outcome = cli("run", "dags", "--report", "junit=out/a.xml", "--report", "sarif=out/b/c")
    assert "--report junit=out/a.xml: can't be written" in outcome.err
    assert "--report sarif=out/b/c: can't be written" in outcome.err
    assert not outcome.out


def test_a_place_that_is_no_real_folder_is_found_out():
    if not Path("/proc/self").exists():
        pytest.skip("this system has no /proc")
    with pytest.raises(InvalidInput, match="--report /proc/x/: can't be written"):
        ensure_writable([("--report /proc/x/", Path("/proc/x/index.html"))])


def test_a_folder_where_a_file_should_be_is_told(tmp_path):
    with pytest.raises(InvalidInput, match="Is a directory"):
        ensure_writable([("--report", tmp_path)])


def test_nothing_is_left_behind_and_nothing_is_changed(tmp_path):
    old = tmp_path / "old.json"
    old.write_text("kept")
    os.utime(old, (1, 1))
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "not yet.json")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    places = [old, link, pipe, tmp_path / "new.json", tmp_path / "out" / "deep" / "index.html"]
    ensure_writable([("--report", one) for one in places])
    assert sorted(tmp_path.iterdir()) == sorted([old, link, pipe])
    assert (old.read_text(), old.stat().st_mtime) == ("kept", 1)
