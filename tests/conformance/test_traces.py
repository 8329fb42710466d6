"""Every recorded case: the engine decides as that release of Airflow did, at the same instants."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from corpus import cases_in, traces_in
from score import Job, compare, profile_for

HERE = Path(__file__).parent
RELEASES = ("airflow-3.3.2", "airflow-2.11.2")
LEAST_CASES = {"airflow-3.3.2": 495, "airflow-2.11.2": 368}
"""How many each release has at least: data that got lost must not look like data that agrees."""


@cache
def cases() -> dict[str, Any]:
    return cases_in(HERE / "cases")


@cache
def traces(release: str) -> dict[str, Any]:
    return traces_in(HERE / "traces" / release)


def recorded(release: str) -> list[str]:
    return sorted(traces(release))


@pytest.mark.parametrize("case_id", recorded("airflow-3.3.2"))
def test_decides_as_airflow_3_3(case_id: str) -> None:
    decides_alike(case_id, "airflow-3.3.2")


@pytest.mark.parametrize("case_id", recorded("airflow-2.11.2"))
def test_decides_as_airflow_2_11(case_id: str) -> None:
    decides_alike(case_id, "airflow-2.11.2")


def decides_alike(case_id: str, release: str) -> None:
    expected = traces(release)[case_id]
    job = Job(case=cases()[case_id], expected=expected, profile=profile_for(expected), show=True)
    result = compare(job)
    assert result.problem is None, "\n".join([result.problem or "", *result.details])


@pytest.mark.parametrize("release", RELEASES)
def test_no_recorded_case_got_lost(release: str) -> None:
    assert len(recorded(release)) >= LEAST_CASES[release]
    assert set(recorded(release)) <= set(cases())
