"""score.py: a folder of other fleets, with odd ones and broken ones among them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bugsuite import score

EXPECT: dict[str, Any] = {"verdicts": [], "untimed": []}
SAFE: dict[str, Any] = {
    "id": "x1",
    "dags": {"a": {"at": [0], "tasks": {"t": {}}}},
    "expect": {"verdicts": []},
}


def test_what_is_no_fleet_is_told_and_the_others_are_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken: dict[str, Any] = {
        "a_list": [],
        "an_odd_expect": {**SAFE, "expect": [1]},
        "an_odd_time": {**SAFE, "dags": {"a": {"at": ["x"], "tasks": {"t": {}}}}},
        "many_runs": {**SAFE, "dags": {"a": {"at": list(range(70)), "tasks": {"t": {}}}}},
        "no_pool": {**SAFE, "dags": {"a": {"at": [0], "tasks": {"t": {"pool": "gone"}}}}},
    }
    for name, form in {**broken, "fine": SAFE}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(form))
    (tmp_path / "no_json.json").write_text("{")
    monkeypatch.setattr(sys, "argv", ["score.py", str(tmp_path)])
    assert score.main() == 1
    lines = capsys.readouterr().out.splitlines()
    for name in (*broken, "no_json"):
        assert any(line.startswith(name) and line.endswith("WRONG") for line in lines), name
    assert any(line.startswith("x1 ") and line.endswith("ok") for line in lines)


def test_who_takes_part_is_held_against_the_verdict_that_the_fleet_speaks_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its first bad state is an overlap; in the deadlock others take part."""
    looks = {"op": "sensor", "waits_for": {"dag": "c", "task": "load"}, "pool": "one"}
    form = {
        "id": "two",
        "pools": {"default_pool": 9, "one": 1},
        "dags": {
            "a": {"at": [0], "tasks": {"t": {"writes": ["T"], "duration": [2, 2]}}},
            "b": {"at": [0], "jitter": [0, 3], "tasks": {"t": {"writes": ["T"]}}},
            "c": {"at": [1], "tasks": {"load": {"pool": "one"}, "look": looks}},
        },
        "expect": {"verdicts": ["deadlock", "overlap"], "cores": [["a.t", "b.t"]]},
    }
    (tmp_path / "two.json").write_text(json.dumps(form))
    monkeypatch.setattr(sys, "argv", ["score.py", str(tmp_path), "--seeds", "8"])
    score.main()
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("two ") and line.endswith("ok") for line in lines), lines
