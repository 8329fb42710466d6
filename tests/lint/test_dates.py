"""Two schedules are enough to know for which dates a sensor waits in vain."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel.lint.dates import distances
from windtunnel.model import Fleet, ManualRun, Scenario, Task, TriggerDagRun

PROFILES = ["airflow-3.3", "airflow-2.11"]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_sensor_on_a_dag_of_the_same_schedule_is_no_finding(found, scheduled, sensor, profile):
    mart, etl = scheduled("mart", "@daily", sensor()), scheduled("etl", "@daily")
    assert not found(mart, etl, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_an_hour_between_the_schedules_and_no_delta_never_meets(found, scheduled, sensor, profile):
    mart, etl = scheduled("mart", "0 2 * * *", sensor()), scheduled("etl", "0 1 * * *")
    (finding,) = found(mart, etl, profile=profile)
    assert finding.code == "WT113"
    assert finding.summary.startswith(
        "mart.wait looks for a run of etl that does not exist, in every run: in that of 2026-0"
    )
    assert "with its slots, and fails" in finding.summary
    assert (finding.dag_id, finding.file, finding.line) == ("mart", "mart.py", 7)


def test_the_right_delta_meets_and_the_wrong_one_does_not(found, scheduled, sensor):
    etl = scheduled("etl", "0 1 * * *")
    right = scheduled("mart", "0 2 * * *", sensor(execution_delta_s=3600))
    wrong = scheduled("mart", "0 2 * * *", sensor(execution_delta_s=-3600))
    assert not found(right, etl)
    assert found(wrong, etl)


def test_an_hourly_sensor_on_a_daily_dag_meets_it_once_a_day(found, scheduled, sensor):
    mart, etl = scheduled("mart", "@hourly", sensor()), scheduled("etl", "@daily")
    (finding,) = found(mart, etl)
    assert "runs looked at" in finding.summary
    assert finding.notes[0].startswith("runs without a partner: 2026-03-01 01:00, ")
    assert not found(scheduled("mart", "@daily", sensor()), scheduled("etl", "@hourly"))


def test_a_local_clock_and_utc_agree_for_a_part_of_the_year_only(found, scheduled, sensor):
    mart = scheduled("mart", "0 3 * * *", sensor(), timezone="Europe/Berlin")
    winter, summer = scheduled("etl", "0 2 * * *"), scheduled("etl", "0 1 * * *")
    both = scheduled("etl", "0 3 * * *", timezone="Europe/Berlin")
    in_summer = found(mart, winter)[0].notes[0]
    in_winter = found(mart, summer)[0].notes[0]
    assert "2026-03-29" in in_summer or "2026-03-30" in in_summer
    assert "2026-03-01" in in_winter
    assert not found(mart, both)
    (_, clocks) = found(mart, winter)[0].notes
    assert "etl goes by the clocks of UTC, mart by those of Europe/Berlin" in clocks


def test_a_distance_is_told_to_meet_or_not_without_a_look_at_all_of_the_fleet(scheduled, sensor):
    mart, etl = scheduled("mart", "0 1 * * *", sensor()), scheduled("etl", "10 * * * *")
    start = datetime(2026, 3, 1, tzinfo=UTC)
    meets = distances(Scenario(fleet=Fleet(dags=(mart, etl)), start=start), "mart", "wait")
    assert [minutes for minutes in range(0, 180, 10) if meets(minutes * 60)] == [50, 110, 170]


def test_a_delta_breaks_on_the_day_the_clocks_change(found, scheduled, sensor):
    """Yesterday at the same hour is 23 or 25 hours ago, twice a year."""
    mart = scheduled("mart", "0 6 * * *", sensor(execution_delta_s=86400), timezone="Europe/Berlin")
    etl = scheduled("etl", "0 6 * * *", timezone="Europe/Berlin")
    (finding,) = found(mart, etl)
    assert "2026-03-29 04:00" in finding.notes[0]
    assert "2026-10-25 05:00" in finding.notes[0]
    assert "more" not in finding.notes[0]


def test_a_dag_that_ends_is_told_with_its_end(found, scheduled, sensor):
    ends = datetime(2026, 6, 1, tzinfo=UTC)
    mart, etl = scheduled("mart", "@daily", sensor()), scheduled("etl", "@daily", end_date=ends)
    (finding,) = found(mart, etl)
    assert "(its end_date is 2026-06-01 00:00)" in finding.summary


def test_dates_from_before_the_other_dag_began_don_t_count(found, scheduled, sensor):
    later = datetime(2026, 3, 10, tzinfo=UTC)
    mart = scheduled("mart", "@daily", sensor())
    assert not found(mart, scheduled("etl", "@daily", start_date=later))


def test_of_several_dates_each_must_have_a_run(found, scheduled, sensor):
    etl = scheduled("etl", "@daily")
    assert not found(scheduled("mart", "@daily", sensor(other_deltas_s=(86400.0,))), etl)
    assert found(scheduled("mart", "@daily", sensor(other_deltas_s=(3600.0,))), etl)


def test_what_is_also_triggered_may_have_any_date(found, scheduled, sensor):
    mart, etl = scheduled("mart", "0 2 * * *", sensor()), scheduled("etl", "0 1 * * *")
    call = Task(task_id="call", kind=TriggerDagRun(trigger_dag_id="etl"))
    assert not found(mart, etl, scheduled("other", "@daily", call))
    assert not found(mart, etl, runs=(ManualRun(dag_id="etl"),))


def test_what_only_a_function_knows_is_left_alone(found, scheduled, sensor):
    mart = scheduled("mart", "0 2 * * *", sensor(execution_date_fn=True))
    assert not found(mart, scheduled("etl", "0 1 * * *"))
    assert not found(scheduled("mart", None, sensor()), scheduled("etl", "@daily"))


def test_dags_that_began_on_different_days_are_told_apart_by_their_schedules(
    found, scheduled, sensor
):
    """What was found for one sensor holds for others with the same schedules, and no others."""
    marts = [
        scheduled(
            f"m{n}",
            "30 1 * * *",
            sensor(execution_delta_s=1800.0 * (n % 2)),
            start_date=datetime(2019, 1, 1 + n, tzinfo=UTC),
        )
        for n in range(8)
    ]
    etl = scheduled("etl", "0 1 * * *", start_date=datetime(2019, 1, 1, tzinfo=UTC))
    assert [one.dag_id for one in found(etl, *marts)] == ["m0", "m2", "m4", "m6"]
