"""Dag runs: when one landed, and whether that was in time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

import windtunnel as wt
from nights import START, simulated
from windtunnel.model import Cron

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_run_says_when_it_was_due_began_and_landed(night):
    run = night.dag_run("etl")
    assert run.due == datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert run.started == run.due
    assert run.landed == run.ended == datetime(2026, 3, 1, 3, 32, tzinfo=UTC)
    assert run.landing_time == timedelta(hours=1, minutes=32)
    assert [task.name for task in run.tasks()] == ["etl.extract", "etl.load", "etl.publish"]


@pytest.mark.parametrize(
    ("deadline", "landed"),
    [
        ("03:33", True),
        ("3:33", True),
        ("03:32", False),  # before, and not at
        ("03:32:00.5", True),
        ("01:00", True),  # of the next day: the first after the run was due
        ("04:32+01:00", False),
        ("04:33+01:00", True),
        ("03:33Z", True),
        (time(3, 31), False),
        ("2026-03-01T03:33", True),
        ("2026-03-01T03:31", False),
        (datetime(2026, 3, 1, 3, 33, tzinfo=UTC), True),
        ("+1h33m", True),
        ("+90m", False),
        (timedelta(hours=2), True),
    ],
)
def test_a_deadline_is_a_time_of_day_an_instant_or_so_long_after_it_was_due(
    night, deadline, landed
):
    assert bool(night.dag_run("etl").landed_before(deadline)) is landed


@pytest.mark.parametrize("deadline", ["soon", "25:00", "+soon", 6])
def test_what_is_no_deadline_is_refused(night, deadline):
    with pytest.raises(wt.InvalidInput):
        night.dag_run("etl").landed_before(deadline)


@pytest.mark.parametrize("zones", [{"timezone": "Europe/Berlin"}, {"of_schedule": "Europe/Berlin"}])
def test_a_time_of_day_is_meant_in_the_timezone_of_the_schedule(zones):
    cron = Cron(expression="0 2 * * *", timezone=zones.get("of_schedule"))
    dag = wt.Dag(
        dag_id="etl",
        tasks=(wt.Task(task_id="load"),),
        schedule=cron,
        timezone=zones.get("timezone", "UTC"),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
    )
    run = wt.simulate(wt.Fleet(dags=(dag,)), start="2026-07-01", window="1d").dag_run("etl")
    assert run.landed == datetime(2026, 7, 1, 0, 1, tzinfo=UTC)
    assert run.landed_before("02:02")
    assert run.landed_before("02:02").deadline == datetime(2026, 7, 1, 2, 2, tzinfo=BERLIN)
    assert not run.landed_before("02:01")


def test_a_run_that_failed_or_goes_on_has_not_landed(nightly, failed):
    run = failed.dag_run("etl")
    assert (run.state, run.landed, run.landing_time) == ("failed", None, None)
    assert run.ended is not None
    assert not run.landed_before("23:00")
    cut = wt.simulate(nightly, start="2026-03-01", window="2h1m")
    assert cut.dag_run("etl").state == "running"
    assert not cut.dag_run("etl").landed_before("23:00")


def test_a_landing_says_by_how_much_and_what_it_cost(night):
    landing = night.dag_run("etl").landed_before("03:00")
    assert landing.margin == -timedelta(minutes=32)
    assert repr(landing) == (
        "<etl scheduled@2026-03-01T02:00:00+00:00 landed at 03:32:00, 32m after 03:00:00 UTC: "
        "1h 29m etl.load waited for pool db (1 slot); 1m etl.extract ran; 1m etl.load ran (try 1)>"
    )
    assert landing.told() == [
        "etl scheduled@2026-03-01T02:00:00+00:00 landed at 03:32:00, 32m after 03:00:00 UTC.",
        "  02:00:00       1m  etl.extract ran",
        "  02:01:00   1h 29m  etl.load waited for pool db (1 slot), held by report.build",
        "  03:30:00       1m  etl.load ran (try 1)",
        "  03:31:00       1m  etl.publish ran",
    ]


def test_a_run_that_did_not_land_says_what_became_of_it(nightly, failed):
    assert repr(failed.dag_run("etl").landed_before("06:00")).startswith(
        "<etl scheduled@2026-03-01T02:00:00+00:00 has not landed by 06:00:00 UTC: it failed at "
    )
    cut = wt.simulate(nightly, start="2026-03-01", window="2h30s").dag_run("etl")
    assert cut.landed_before("06:00").told() == [
        "etl scheduled@2026-03-01T02:00:00+00:00 has not landed by 06:00:00 UTC: it was still "
        "running when the window ended at 02:00:30.",
        "  02:00:00      30s  etl.extract ran (the window ended)",
    ]


def test_a_run_that_max_active_runs_holds_back_says_so():
    dag = wt.Dag(
        dag_id="etl",
        tasks=(wt.Task(task_id="load"),),
        schedule=Cron(expression="0 * * * *"),
        start_date=datetime(2026, 3, 1, tzinfo=UTC),
        max_active_runs=1,
    )
    behavior = wt.Behavior(rules=(wt.Rule(tasks="etl.load", duration_s=5400.0),))
    result = wt.simulate(wt.Fleet(dags=(dag,)), behavior=behavior, start="2026-03-01", window="6h")
    second = result.dag_runs("etl")[1]
    assert second.course() == [
        "  01:00:00      30m  etl waited for its run to be created: max_active_runs (1), "
        "held by scheduled@2026-03-01T00:00:00+00:00",
        "  01:30:00   1h 30m  etl.load ran",
    ]


def test_all_runs_of_a_dag_are_asked_together(nightly):
    result = wt.simulate(nightly, start="2026-03-01", window="3d")
    runs = result.dag_runs("etl")
    assert len(runs) == 3
    assert runs.landed_before("02:04")
    late = runs.landed_before("02:02")
    assert not late
    assert len(late.late) == 3
    assert "0 of 3 dag runs landed in time; the latest: <etl " in repr(late)


def test_no_run_at_all_has_not_landed(nightly):
    result = wt.simulate(nightly, start="2026-03-01", window="1h")
    landings = result.dag_runs("etl").landed_before("06:00")
    assert not landings
    assert repr(landings) == "<there was no dag run that could have landed>"


def test_runs_of_a_dag_that_does_not_exist_are_not_just_none(night):
    with pytest.raises(wt.InvalidInput, match="'elt' is not in the fleet; DAGs: etl, report"):
        night.dag_runs("elt")


def test_a_backfill_is_due_when_somebody_asks_for_it(nightly):
    asked = "etl from 2026-02-01 to 2026-02-03 at +10m"
    result = simulated(nightly, backfills=asked, window="1d")
    filled = [run for run in result.dag_runs("etl") if run.run_type == "backfill"]
    assert len(filled) == 2
    assert {run.due for run in filled} == {START + timedelta(minutes=10)}
    assert all(run.landed_before("01:00") for run in filled)
