"""Durations, instants and tables in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from windtunnel.report.table import shorten, table
from windtunnel.report.units import clock, count, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (0.25, "0.25s"),
        (0.0000001, "0.001s"),
        (59.6, "1m"),
        (60, "1m"),
        (125, "2m 5s"),
        (3600, "1h"),
        (3605, "1h"),
        (7500, "2h 5m"),
        (86400 * 7, "7d"),
        (86400 + 59, "1d"),
        (86400 + 3600 * 5 + 60, "1d 5h"),
    ],
)
def test_durations_have_at_most_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_instants_are_shown_in_utc() -> None:
    at = datetime(2026, 3, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))

    assert clock(at) == "2026-02-28 23:00:00"


def test_the_date_is_left_out_beside_an_instant_of_the_same_day() -> None:
    at = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)

    assert clock(at, beside=at.replace(hour=1)) == "02:00:00"
    assert clock(at, beside=at.replace(day=2)) == "2026-03-01 02:00:00"


def test_one_is_singular() -> None:
    assert [count(n, "task") for n in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]


def test_a_long_id_is_cut_in_its_middle_so_that_the_line_fits() -> None:
    lines = table(("Tasks", "states"), [("region_" + "x" * 100 + "_load", "1 success")], width=50)

    assert max(map(len, lines)) <= 50
    assert lines[1].startswith("  region_")
    assert "_load  1 success" in lines[1]


def test_a_short_text_is_left_alone() -> None:
    assert shorten("etl.load", 8) == "etl.load"
    assert shorten("etl.loads", 8) == "etl..ads"
