"""What a finding is known by: names, so that it stays the same on other dates and releases."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import windtunnel
from windtunnel.detect import Finding

ROOMS = [Path(windtunnel.__file__).parent / name for name in ("detect", "lint")]
NAMES = {"about", "limits", "holding"}


def test_words_are_no_part_of_it():
    one = Finding(code="WT113", title="", summary="in the run of 01:30", about="mart.wait")
    other = one.model_copy(update={"summary": "in the run of 01:40", "line": 12})

    assert one.identity == other.identity
    assert one.identity != one.model_copy(update={"about": "mart.other"}).identity


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_each_finding_says_by_name_what_it_is_about(room):
    nameless = [
        f"{path.name}:{call.lineno}"
        for path in sorted(room.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") == "Finding"
        and not NAMES & {word.arg for word in call.keywords}
    ]
    assert not nameless
