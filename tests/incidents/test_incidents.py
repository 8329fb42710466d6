"""Every incident: its symptom is there, and gone with each of its fixes."""

from __future__ import annotations

from importlib import import_module

import pytest
from incident import Incident, fly

CLASSES = (
    "sensor_starve",
    "wait_child",
    "run_limit",
    "head_of_line",
    "pool_math",
    "priority",
    "no_consumer",
    "slot_leak",
    "limit_not_enforced",
    "double_run",
    "restart",
    "backfill",
    "herd",
    "clock",
    "wait_never",
    "trigger_rules",
    "timeouts",
    "teardown",
    "triggerer",
    "mapped",
    "data_race",
    "rate",
)
INCIDENTS: list[Incident] = [one for name in CLASSES for one in import_module(name).INCIDENTS]
FIXES = [(one, fix) for one in INCIDENTS for fix in one.mended]


@pytest.mark.parametrize("incident", INCIDENTS, ids=[one.id for one in INCIDENTS])
def test_the_reported_symptom_shows(incident: Incident) -> None:
    assert incident.symptom(fly(incident.broken)), incident.title


@pytest.mark.parametrize("incident", INCIDENTS, ids=[one.id for one in INCIDENTS])
def test_windtunnel_says_so(incident: Incident) -> None:
    assert set(incident.says) <= fly(incident.broken).codes


@pytest.mark.parametrize(("incident", "fix"), FIXES, ids=[f"{one.id}: {fix}" for one, fix in FIXES])
def test_with_the_fix_it_is_gone(incident: Incident, fix: str) -> None:
    assert not incident.symptom(fly(incident.mended[fix])), incident.title
