"""`windtunnel explain`: a code is understood at night, without a browser."""

from __future__ import annotations

import json

import pytest

from windtunnel import api


def test_a_code_prints_its_page(cli) -> None:
    done = cli("explain", "wt101")
    assert done.code == 0
    assert done.out.startswith("# WT101: Deadlock\n")
    assert "## Cure it" in done.out


def test_without_a_code_all_are_listed(cli) -> None:
    done = cli("explain")
    assert done.code == 0
    assert "WT101  Deadlock" in done.out
    assert "WT113  Sensor waits for runs that never come" in done.out


def test_an_unknown_code_is_told_with_those_that_there_are(cli) -> None:
    done = cli("explain", "WT999")
    assert done.code == 2
    assert "no finding has this code; there are: WT101" in " ".join(done.err.split())


def test_pages_as_json(cli) -> None:
    one = json.loads(cli("explain", "WT114", "--format", "json").out)
    assert (one["kind"], one["code"]) == ("code", "WT114")
    assert "paused" in one["meaning"]
    every = json.loads(cli("explain", "--format", "json").out)
    assert "WT114" in [each["code"] for each in every["codes"]]


def test_a_task_prints_where_its_time_went_and_what_would_have_been_enough(cli, write, tmp_path):
    write("etl.py", more=", pool='db'")
    (tmp_path / "dags" / "scenario.toml").write_text(
        "start = 2026-03-01T00:00:00Z\nduration = '2h'\n"
        "[[manual_runs]]\ndag_id = 'etl'\nrun_id = 'one'\n"
        "[[manual_runs]]\ndag_id = 'etl'\nrun_id = 'two'\nat = 1\n"
        "[cluster.pools]\ndb = { slots = 1 }\n"
    )
    done = cli("explain", "etl.save", "dags", "--run", "two")
    assert done.code == 0, done.err
    assert done.out.startswith("etl.save  two\n")
    assert "pool db, held by etl.save" in done.out
    assert "  - pool db: 1 -> " in done.out
    told = json.loads(cli("explain", "etl.save", "dags", "--format", "json").out)
    assert told["kind"] == "explanation"


def test_what_is_neither_a_code_nor_a_task_is_told(cli, write):
    write("etl.py")
    done = cli("explain", "deadlock")
    assert done.code == 2
    assert "neither the code of a finding, such as WT101, nor a task" in " ".join(done.err.split())
    done = cli("explain", "etl.nope", "dags")
    assert done.code == 2
    assert "no task 'etl.nope'; of this DAG: etl.load, etl.save" in done.err
    done = cli("explain", "WT101", "dags")
    assert done.code == 2
    assert "a code needs no target" in done.err


def test_an_unknown_task_is_told_before_anything_is_simulated(cli, write, monkeypatch):
    write("etl.py")
    monkeypatch.setattr(api, "simulate", lambda *_, **__: pytest.fail("it was simulated"))
    done = cli("explain", "etl.nope", "dags")

    assert (done.code, done.out) == (2, "")
    assert "no task 'etl.nope'; of this DAG: etl.load, etl.save" in done.err
