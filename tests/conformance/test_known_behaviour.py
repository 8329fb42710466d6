"""The page of known Airflow behaviour points to cases that exist and show what it says differs."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from corpus import cases_in, traces_in

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "explanation" / "known-airflow-behaviour.md"
ENTRY = re.compile(r"^\*\*(.+?)\*\* · (.+?)\n(.+?)(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
ENTRIES = ENTRY.findall(PAGE.read_text("utf-8"))
RECORDED = {"3.3": "airflow-3.3.2", "2.11": "airflow-2.11.2"}


@cache
def case_ids() -> set[str]:
    return set(cases_in(HERE / "cases"))


@cache
def traces(release: str) -> dict[str, Any]:
    return traces_in(HERE / "traces" / RECORDED[release])


def cases_of(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text[text.rindex("Case") :]))


def test_the_page_has_its_entries() -> None:
    assert len(ENTRIES) > 40
    assert {releases for _, releases, _ in ENTRIES} == {"both", "3.3", "2.11", "differs"}


@pytest.mark.parametrize(("title", "releases", "text"), ENTRIES, ids=[e[0] for e in ENTRIES])
def test_each_entry_is_held_by_recorded_cases(title: str, releases: str, text: str) -> None:
    named = cases_of(text)
    assert named
    assert named <= case_ids()
    assert named & set(traces("2.11" if releases in ("2.11", "both") else "3.3"))


ONE_SIDED = [entry for entry in ENTRIES if entry[1] != "both"]


@pytest.mark.parametrize(("title", "releases", "text"), ONE_SIDED, ids=[e[0] for e in ONE_SIDED])
def test_what_one_release_does_the_other_does_not(title: str, releases: str, text: str) -> None:
    three, two = traces("3.3"), traces("2.11")
    only_three = cases_of(text) - set(two)
    differing = {
        name for name in cases_of(text) & set(two) if three[name]["events"] != two[name]["events"]
    }
    assert differing or only_three
