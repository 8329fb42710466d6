"""Every incident: its symptom is there, and gone with each of its fixes."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
from incident import Incident, fly

NOT_A_CLASS = {"conftest", "incident", "test"}
HERE = Path(__file__).parent
CLASSES = sorted(
    file.stem for file in HERE.glob("*.py") if file.stem.split("_")[0] not in NOT_A_CLASS
)
INCIDENTS: list[Incident] = [one for name in CLASSES for one in import_module(name).INCIDENTS]
FOUND = [one for one in INCIDENTS if one.says]
DOCUMENT = HERE.parents[1] / "docs" / "explanation" / "incidents.md"
FIXES = [(one, fix) for one in INCIDENTS for fix in one.mended]


@pytest.mark.parametrize("incident", INCIDENTS, ids=[one.id for one in INCIDENTS])
def test_the_reported_symptom_shows(incident: Incident) -> None:
    assert incident.symptom(fly(incident.broken)), incident.title


@pytest.mark.parametrize("incident", FOUND, ids=[one.id for one in FOUND])
def test_windtunnel_finds_it_by_itself(incident: Incident) -> None:
    assert set(incident.says) <= fly(incident.broken).codes


@pytest.mark.parametrize(("incident", "fix"), FIXES, ids=[f"{one.id}: {fix}" for one, fix in FIXES])
def test_with_the_fix_it_is_gone(incident: Incident, fix: str) -> None:
    assert not incident.symptom(fly(incident.mended[fix])), incident.title


def test_the_document_says_of_each_incident_what_its_test_shows() -> None:
    lines = DOCUMENT.read_text("utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| INC-")]
    told = [row for row in rows if not row[-1].startswith("no: ")]
    shown = [[one.id, one.title, one.source, verdict(one)] for one in INCIDENTS]
    assert sorted(told) == sorted(shown)


def test_the_document_counts_right() -> None:
    text = DOCUMENT.read_text("utf-8")
    verdicts = {
        line[2:9]: line.split(" | ")[-1] for line in text.splitlines() if line.startswith("| INC-")
    }
    begins = Counter(re.split("[ ;]", verdict)[0] for verdict in verdicts.values())
    assert f"{len(verdicts)} incidents" in text
    assert (
        f"{begins['shown']} are shown by a scenario in `tests/incidents`, {begins['in']} in part, "
        f"{begins['no:']} not" in text
    )


def verdict(one: Incident) -> str:
    """The document's last column."""
    shown = f"in part; left out: {one.leaves_out}" if one.leaves_out else "shown"
    return "; ".join((shown, *one.says))
