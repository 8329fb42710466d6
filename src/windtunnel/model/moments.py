"""Moments: a time of day as an instant, in the timezone in which somebody means it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from windtunnel.model.dag import Dag
from windtunnel.model.schedule import Cron


def zone_of(dag: Dag | None) -> ZoneInfo:
    """The timezone in which a DAG's times of day are meant: of its schedule, else its own."""
    if dag is None:
        return ZoneInfo("UTC")
    own = dag.schedule.timezone if isinstance(dag.schedule, Cron) else None
    return ZoneInfo(own or dag.timezone)


def next_time(at: time, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after another at which it is that time of day, in UTC; in the *zone*, if
    the time names none itself."""
    place = at.tzinfo or zone
    day = after.astimezone(place).date()
    found = datetime.combine(day, at, place)
    if found.astimezone(UTC) <= after:
        found = datetime.combine(date.fromordinal(day.toordinal() + 1), at, place)
    return found.astimezone(UTC)
