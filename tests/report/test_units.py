"""Durations, instants and tables in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from windtunnel.report.table import table
from windtunnel.units import clock, count, duration


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


ROWS = (
    ("warehouse_" + "x" * 60 + "_eu_load", "12", "1 success"),
    ("warehouse_" + "x" * 60 + "_us_load", "7", "1 failed, 1 skipped, 9 success"),
    ("short", "1", "1 success"),
)


def test_ids_are_never_cut_so_that_rows_can_be_told_apart() -> None:
    text = "\n".join(table(("Tasks", "runs", "states"), ROWS, left=frozenset({0, 2}), width=60))

    assert all(row[0] in text for row in ROWS)


def test_a_long_id_stands_above_its_figures_and_these_stay_in_their_columns() -> None:
    lines = table(("Tasks", "runs", "states"), ROWS, left=frozenset({0, 2}), width=80)

    assert lines[1] == "  " + ROWS[0][0]
    assert lines[2].split() == ["12", "1", "success"]
    assert lines[2].index("1 success") == lines[0].index("states")
    assert lines[-1].split() == ["short", "1", "1", "success"]


def test_a_table_keeps_within_its_width() -> None:
    rows = [(f"dag_{n}", "10m", "of warehouse.load " * 5) for n in range(3)]

    lines = table(("Waits", "total", "of"), rows, left=frozenset({0, 2}), width=50)

    assert max(map(len, lines)) <= 50
    assert lines[1].startswith("  dag_0")
    assert " ".join(" ".join(lines[1:]).split()).count("warehouse.load") == 15


def test_a_last_word_that_is_too_long_goes_below_as_a_whole() -> None:
    name = "warehouse_of_everything.load_customers_and_orders_of_the_whole_world"

    header, row = ("Waits", "total", "of"), ("pool", "1h", name)
    wide, narrow = (table(header, [row], left=frozenset({0, 2}), width=width) for width in (90, 75))

    assert wide[1].split() == ["pool", "1h", name]
    assert [line.split() for line in narrow[1:]] == [["pool", "1h"], [name]]
    assert max(map(len, narrow)) <= 75
