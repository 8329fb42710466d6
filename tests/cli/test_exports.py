"""``--report`` for other tools: Perfetto, OpenTelemetry, tables."""

from __future__ import annotations

import json


def test_a_run_is_written_for_other_tools(cli, write, tmp_path):
    write("etl.py")
    asked = ("perfetto=out/p.json", "otel=out/o.json", "arrow=out/tables")
    told = cli("run", "dags", *[part for one in asked for part in ("--report", one)])

    assert (told.code, told.err) == (0, "")
    assert json.loads((tmp_path / "out/p.json").read_text())["traceEvents"]
    assert json.loads((tmp_path / "out/o.json").read_text())["resourceSpans"]
    assert (tmp_path / "out/tables/task_instances.arrow").is_file()


def test_of_a_check_it_is_the_first_simulation(cli, write, tmp_path):
    write("etl.py")
    cli("run", "dags", "--report", "perfetto=run.json")
    cli("check", "dags", "--simulations", 3, "--report", "perfetto=check.json")

    assert (tmp_path / "run.json").read_text() == (tmp_path / "check.json").read_text()


def test_a_collector_that_is_not_there_is_told(cli, write, monkeypatch):
    monkeypatch.setattr("windtunnel.report.exports.telemetry.PATIENCE_S", 0.1)
    write("etl.py")
    told = cli("run", "dags", "--report", "otel=http://127.0.0.1:9")

    assert told.code == 2
    assert "the collector took 0 spans" in " ".join(told.err.split())
    assert "Dag runs" in told.out, "what was simulated is not lost"


def test_a_folder_that_cannot_be_written_is_told(cli, write, tmp_path):
    write("etl.py")
    (tmp_path / "tables").write_text("a file")
    told = cli("run", "dags", "--report", "parquet=tables")

    assert told.code == 2
    assert "--report parquet=tables: can't be written" in " ".join(told.err.split())
