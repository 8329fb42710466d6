"""Tables: what was simulated, readable by whatever reads Arrow or Parquet."""

from __future__ import annotations

import sys

import pytest

import windtunnel as wt
from windtunnel.report.exports import table_files

feather = pytest.importorskip("pyarrow.feather")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_all_tables_are_written_and_read_back(night, tmp_path, form):
    files = table_files(night, tmp_path / "out", form)
    read = feather.read_table if form == "arrow" else parquet.read_table
    tables = {file.stem: read(str(file)).to_pylist() for file in files}

    assert set(tables) == {"dag_runs", "task_instances", "stretches", "slots"}
    runs = {row["dag_id"]: row for row in tables["dag_runs"]}
    etl = night.dag_run("etl")
    assert runs["etl"]["landed_after_s"] == etl.landing_time.total_seconds()
    assert runs["etl"]["due"] == etl.due
    waited = {row["task_id"]: row["waited_s"] for row in tables["task_instances"]}
    assert sorted(waited[f"load_{n}"] for n in range(3)) == [0.0, 60.0, 120.0]
    pool = sum(row["seconds"] for row in tables["stretches"] if row["what"] == "pool db")
    assert pool == 180.0
    assert {row["size"] for row in tables["slots"] if row["limit"] == "pool db"} == {1}


def test_without_the_extra_it_says_what_to_install(night, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(wt.InvalidInput, match=r"pip install 'windtunnel\[arrow\]'"):
        table_files(night, tmp_path, "arrow")
