"""Daylight saving time, data intervals, and runs that take longer than their interval."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from incident import DAY, HOUR, MINUTE, START, Flight, Incident, cron, scenario

from windtunnel.model import Cron, Dag, Rule, Scenario, Task, Uniform

# -- daylight saving time -------------------------------------------------------------------------

MARCH = datetime(2024, 3, 9, tzinfo=UTC)
"""On the tenth, clocks in Chicago jump over the hour from 2:00 to 3:00."""
NOVEMBER = datetime(2024, 11, 2, tzinfo=UTC)
"""On the third, they go through the hour from 1:00 to 2:00 twice."""


def daily(at: str, timezone: str, start: datetime) -> Scenario:
    dag = cron("d", at, Task(task_id="t"), timezone=timezone, start_date=start)
    return scenario(dag, start=start, until=4 * DAY)


def dates(flight: Flight, timezone: str) -> list[datetime]:
    """Logical dates on the wall clock."""
    runs = flight.runs("d")
    return [run.logical_date.astimezone(ZoneInfo(timezone)) for run in runs if run.logical_date]


def at_another_time(flight: Flight) -> bool:
    (dag,) = flight.result.scenario.fleet.dags
    return len({date.time() for date in dates(flight, dag.timezone)}) > 1


def in_the_hour_that_comes_twice(flight: Flight) -> bool:
    """Airflow takes the second one: the run comes 25 hours after the one before."""
    (dag,) = flight.result.scenario.fleet.dags
    return any(date.fold for date in dates(flight, dag.timezone))


# -- data intervals of no length ------------------------------------------------------------------


def quarter_hourly(timetable: Literal["trigger", "interval"] | None, profile: str) -> Scenario:
    every = Cron(expression="*/15 5-21 * * MON-FRI", timetable=timetable)
    dag = Dag(dag_id="d", tasks=(Task(task_id="sql"),), schedule=every, start_date=START)
    return scenario(dag, profile=profile, until=1.3 * DAY)


def loads_nothing(flight: Flight) -> bool:
    """Every query for ``>= data_interval_start and < data_interval_end`` is empty, and succeeds."""
    intervals = [run.data_interval for run in flight.result.trace.runs]
    return set(flight.states("d.sql")) == {"success"} and all(
        interval is not None and interval[0] == interval[1] for interval in intervals
    )


# -- longer than the interval ---------------------------------------------------------------------


def five_minutely(low: float, high: float, *, catchup: bool = True, runs: int = 1) -> Scenario:
    dag = cron("d", "*/5 * * * *", Task(task_id="t"), catchup=catchup, max_active_runs=runs)
    length = Uniform(low=low * MINUTE, high=high * MINUTE)
    return scenario(dag, rules=[Rule(tasks="d.t", duration_s=length)], until=8 * HOUR)


def drifts(flight: Flight) -> bool:
    """The last run begins more than half an hour after it was due."""
    last = flight.runs("d")[-1]
    assert last.logical_date is not None
    due = (last.logical_date - START).total_seconds()
    return last.queued_us / 1e6 - due > HOUR / 2


INCIDENTS = (
    Incident(
        id="INC-090a",
        title="2:30 does not exist on the day on which summer time begins: the run is at 3:30",
        source="apache/airflow#38098, apache/airflow#6324, temporalio/temporal#8205",
        broken=daily("30 2 * * *", "America/Chicago", MARCH),
        mended={
            "UTC": daily("30 2 * * *", "UTC", MARCH),
            "not between 1 and 3 o'clock": daily("30 4 * * *", "America/Chicago", MARCH),
        },
        symptom=at_another_time,
    ),
    Incident(
        id="INC-090b",
        title="1:30 comes twice on the day on which summer time ends: the run is at the second",
        source="apache/airflow#38098, apache/airflow#6324, temporalio/temporal#8205",
        broken=daily("30 1 * * *", "America/Chicago", NOVEMBER),
        mended={
            "UTC": daily("30 1 * * *", "UTC", NOVEMBER),
            "not between 1 and 3 o'clock": daily("30 4 * * *", "America/Chicago", NOVEMBER),
        },
        symptom=in_the_hour_that_comes_twice,
    ),
    Incident(
        id="INC-092",
        title="After the upgrade the data interval has no length; tasks succeed and load nothing",
        source="apache/airflow#50172, apache/airflow#52145",
        broken=quarter_hourly(None, "airflow-3.3"),
        mended={
            "CronDataIntervalTimetable": quarter_hourly("interval", "airflow-3.3"),
            "2.x": quarter_hourly(None, "airflow-2.11"),
        },
        symptom=loads_nothing,
    ),
    Incident(
        id="INC-094",
        title="Runs that take longer than their interval drift away from the schedule",
        source="apache/airflow#46618",
        broken=five_minutely(4, 8),
        mended={
            "shorter than the interval": five_minutely(2, 4),
            "two runs at once": five_minutely(4, 8, runs=2),
        },
        symptom=drifts,
    ),
)
