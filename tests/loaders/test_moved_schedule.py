"""Schedules that are moved by minutes: what somebody would write, or why that can't be written."""

from __future__ import annotations

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.loaders import with_setting
from windtunnel.model import Cron, Dag, Every, Fleet, Scenario


def moved(schedule, minutes):
    dag = Dag(dag_id="etl", schedule=schedule)
    scenario = Scenario(fleet=Fleet(dags=(dag,)), start="2026-03-01T00:00:00Z")
    return with_setting(scenario, "offset of etl", minutes).fleet.dags[0].schedule.expression


@pytest.mark.parametrize(
    ("written", "minutes", "later"),
    [
        ("@daily", 0, "@daily"),
        ("@daily", 15, "15 0 * * *"),
        ("@hourly", 75, "15 * * * *"),
        ("50 23 * * *", 20, "10 0 * * *"),
        ("30 6,18 * * 1-5", 45, "15 7,19 * * 1-5"),
    ],
)
def test_it_is_written_as_somebody_would_write_it(written, minutes, later):
    assert moved(Cron(expression=written), minutes) == later


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (Cron(expression="*/5 * * * *"), "one minute in its hour"),
        (Cron(expression="0 */6 * * *"), "one by one"),
        (Cron(expression="30 23 * * 1"), "another day"),
        (Every(seconds=3600), "no cron expression"),
    ],
)
def test_what_has_no_such_expression_is_told(written, says):
    with pytest.raises(InvalidInput, match=says):
        moved(written, 45)
