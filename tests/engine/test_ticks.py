"""The ticks of a cron expression are the same, whatever was asked for before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from windtunnel.engine.dag_runs.timetable import CronTicks

ZERO = datetime(2026, 1, 1, tzinfo=UTC)
CRONS = ["* * * * *", "*/5 * * * *", "0 3 * * *", "15 */2 * * 1-5", "0 0 1,15 * 3", "30 2 29 2 *"]


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT-5"])
@examples(12)
@given(data=st.data(), expression=st.sampled_from(CRONS))
def test_ticks_are_those_of_the_expression_in_any_order_of_questions(
    zone: str, data: st.DataObject, expression: str
) -> None:
    ticks, alone = CronTicks(expression, zone), croniter(expression)
    shift = timedelta(hours=5 if zone != "UTC" else 0)
    now = ZERO + timedelta(minutes=data.draw(st.integers(0, 600_000)))
    for _ in range(40):
        wall = (now + shift).replace(tzinfo=None)
        following = ticks.after(now)
        assert (following + shift).replace(tzinfo=None) == alone.get_next(datetime, wall)
        assert (ticks.before(now) + shift).replace(tzinfo=None) == alone.get_prev(datetime, wall)
        far = timedelta(minutes=data.draw(st.integers(-200_000, 200_000)))
        now = data.draw(st.sampled_from([following, ticks.before(now), now + far]))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@examples(12)
@given(data=st.data(), expression=st.sampled_from(CRONS))
def test_ticks_of_zones_with_summer_time_are_the_same_however_they_were_asked_for(
    zone: str, data: st.DataObject, expression: str
) -> None:
    ticks, alone = CronTicks(expression, zone), CronTicks(expression, zone)
    now = ZERO + timedelta(minutes=data.draw(st.integers(80_000, 140_000)))
    for _ in range(30):
        following, previous = ticks.after(now), ticks.before(now)
        assert following == alone._find_after(now)
        assert previous == alone._find_before(now)
        far = timedelta(minutes=data.draw(st.integers(-3_000, 6_000)))
        now = data.draw(st.sampled_from([following, previous, now + far]))


def test_an_expression_that_ends_is_asked_for_what_there_is() -> None:
    ticks = CronTicks("0 0 1 1 * 0 2030", "UTC")

    assert ticks.after(ZERO) == datetime(2030, 1, 1, tzinfo=UTC)
