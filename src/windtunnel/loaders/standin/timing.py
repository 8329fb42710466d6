"""Timing: schedules, instants and durations as DAG files write them, as values of the model."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from croniter import croniter

from windtunnel.loaders.asset_words import told_of_alias, told_of_watchers
from windtunnel.loaders.standin.placeholder import Placeholder, PlaceholderText, Survivor
from windtunnel.loaders.standin.schedules import (
    Asset,
    AssetAlias,
    AssetAll,
    AssetAny,
    AssetOrTimeSchedule,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    DeltaDataIntervalTimetable,
    DeltaTriggerTimetable,
    NullTimetable,
    OnceTimetable,
    PartitionedAssetTimetable,
    Timetable,
)
from windtunnel.loaders.standin.session import current
from windtunnel.model import AssetCondition, Assets, Cron, Every, Once, OtherSchedule, Schedule
from windtunnel.model.schedule import TimetableFamily

PRESETS = frozenset(
    ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@quarterly", "@yearly", "@annually")
)
OMITTED: dict[str, Schedule | None] = {"airflow-2.11": Every(seconds=86400.0)}
"""What a DAG without ``schedule=`` gets; releases that aren't named give it no schedule."""


class UnusableError(ValueError):
    """A value in a DAG file that can't be used; the text says why, and what would be right."""


def seconds(value: Any, name: str) -> float | None:
    """A timedelta, or a number of seconds, as seconds.

    Raises:
        UnusableError: it is neither, or negative.
    """
    if value is None:
        return None
    fixed = _fixed_length(value)
    if fixed is None and isinstance(value, int | float | PlaceholderText) and value is not True:
        fixed = float(value)
    if fixed is None or (fixed < 0 and name != "execution_delta"):
        raise UnusableError(
            f"{name}={value!r} can't be used; give a timedelta such as timedelta(minutes=5), or a "
            "number of seconds"
        )
    return fixed


def _fixed_length(value: Any) -> float | None:
    """Seconds of a timedelta, or of a relativedelta that counts no months."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if type(value).__name__ != "relativedelta":
        return None
    absolute = ("year", "month", "day", "weekday", "hour", "minute", "second", "microsecond")
    if value.years or value.months or any(getattr(value, n) is not None for n in absolute):
        return None
    return timedelta(
        days=value.days, hours=value.hours, minutes=value.minutes, seconds=value.seconds
    ).total_seconds()


def instant(value: Any, name: str, zone: tzinfo) -> datetime | None:
    """A datetime, or text of one, as an aware datetime; a naive one is in the DAG's timezone.

    Raises:
        UnusableError: it is no datetime.
    """
    if value is None or isinstance(value, Survivor):
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise UnusableError(
                f"{name}={value!r} is no date; give datetime(2026, 1, 31) or '2026-01-31'"
            ) from None
    if not isinstance(value, datetime):
        raise UnusableError(f"{name}={value!r} is no datetime; give datetime(2026, 1, 31)")
    aware = value if value.tzinfo else value.replace(tzinfo=zone)
    try:
        return aware.astimezone(UTC)
    except OverflowError:
        raise UnusableError(f"{name}={value!r} is out of range") from None


def zone_of(value: Any) -> tzinfo:
    """The timezone of a DAG, from its start_date: UTC unless that says otherwise."""
    return value.tzinfo if isinstance(value, datetime) and value.tzinfo else UTC


def zone_name(zone: tzinfo, subject: str) -> str:
    """The IANA name of a timezone; a fixed offset of whole hours has one, too."""
    name = getattr(zone, "key", None) or getattr(zone, "name", None) or getattr(zone, "zone", None)
    if isinstance(name, str) and not re.match(r"^[+-]\d", name):
        return name
    offset = zone.utcoffset(None)
    hours = offset.total_seconds() / 3600 if offset else 0.0
    if hours == 0:
        return "UTC"
    if hours == int(hours):
        return f"Etc/GMT{-int(hours):+d}"
    current().assume(subject, f"timezone {zone} has no name: UTC is used")
    return "UTC"


def schedule_of(value: Any, subject: str) -> Schedule | None:
    """What was written as ``schedule=``, ``schedule_interval=`` or ``timetable=``.

    Raises:
        UnusableError: it is none of the things that Airflow accepts.
    """
    if value is None or isinstance(value, NullTimetable):
        return None
    if isinstance(value, str):
        return _from_text(value, subject)
    if isinstance(value, timedelta) or type(value).__name__ == "relativedelta":
        return _from_delta(value, None, subject)
    if isinstance(value, Asset | AssetAlias | AssetAll):
        return _from_assets(repr(value))
    if isinstance(value, Timetable):
        return _from_timetable(value, subject)
    if isinstance(value, Iterable) and not isinstance(value, Survivor):
        return _from_assets(repr(AssetAll(*value)))
    if type(value).__module__ in ("builtins", "datetime"):
        raise UnusableError(
            f"schedule={value!r} can't be used; give a cron expression such as '0 6 * * *', a "
            "preset such as '@daily', a timedelta, a timetable, assets, or None"
        )
    return _other(_class_name(value), subject)


def _class_name(value: Any) -> str:
    return str(value) if isinstance(value, Placeholder) else type(value).__name__


def _other(description: str, subject: str, timetable: str | None = None) -> OtherSchedule:
    current().assume(
        subject, f"schedule {description} is not simulated: it makes no runs by itself"
    )
    return OtherSchedule(description=description, timetable=timetable)


def _from_assets(description: str) -> OtherSchedule:
    return OtherSchedule(description=f"assets {description}", timetable="assets")


def asset_names(values: Any) -> tuple[str, ...]:
    """URIs, or names, of the assets among inlets or outlets."""
    return tuple(
        value.uri if isinstance(value, Asset) else value.name
        for value in _listed(values)
        if isinstance(value, Asset | AssetAlias)
    )


def _listed(values: Any) -> Iterable[Any]:
    if isinstance(values, Asset | AssetAlias):
        return [values]
    return values if isinstance(values, list | tuple | set | frozenset) else ()


def assume_of_assets(values: Any, subject: str) -> None:
    """Tell what the simulation takes for granted of assets that are not only updated by tasks."""
    if isinstance(values, AssetOrTimeSchedule):
        values = values.options.get("assets") or values.options.get("datasets")
    for value in values.objects if isinstance(values, AssetAll) else _listed(values):
        if isinstance(value, AssetAlias):
            current().assume(subject, told_of_alias(value.name))
        elif isinstance(value, AssetAll):
            assume_of_assets(value, subject)
        elif isinstance(value, Asset) and value.watchers:
            current().assume(subject, told_of_watchers(value.uri))


def asset_condition(schedule: Any) -> AssetCondition | None:
    """The assets of what was written as ``schedule=``, and how they are joined."""
    if isinstance(schedule, Asset):
        return Assets(of=(schedule.uri,))
    if isinstance(schedule, AssetAlias):
        return Assets(of=(schedule.name,))
    if isinstance(schedule, AssetAll):
        return _joined(schedule)
    if isinstance(schedule, PartitionedAssetTimetable):
        return asset_condition(schedule.argument(0, "assets"))
    if isinstance(schedule, AssetOrTimeSchedule):
        return asset_condition(schedule.options.get("assets") or schedule.options.get("datasets"))
    if isinstance(schedule, list | tuple | set | frozenset) and schedule:
        return Assets(of=tuple(_joined(part) for part in schedule))
    return None


def _joined(part: Any) -> AssetCondition:
    if isinstance(part, AssetAll):
        joint = "any" if isinstance(part, AssetAny) else "all"
        return Assets(type=joint, of=tuple(_joined(inner) for inner in part.objects))
    if isinstance(part, Asset):
        return part.uri
    return part.name if isinstance(part, AssetAlias) else repr(part)


def _from_text(text: str, subject: str, **how: Any) -> Schedule | None:
    if isinstance(text, PlaceholderText):
        return _other("read from a Variable or setting", subject)
    if text == "@once":
        return Once()
    if text == "@continuous":
        return _other("@continuous", subject, "@continuous")
    if text not in PRESETS and not croniter.is_valid(text):
        raise UnusableError(
            f"schedule={text!r} is neither a cron expression of five fields, such as '0 6 * * *', "
            f"nor one of the presets @once, @continuous, {', '.join(sorted(PRESETS))}"
        )
    return Cron(expression=str(text), **how)


def _from_delta(value: Any, family: TimetableFamily | None, subject: str) -> Schedule:
    length = _fixed_length(value)
    if length is None:
        return _other(repr(value), subject)
    if length <= 0:
        raise UnusableError(f"schedule={value!r} must be longer than nothing")
    return Every(seconds=length, timetable=family)


def _from_timetable(value: Timetable, subject: str) -> Schedule | None:
    families: dict[type, TimetableFamily] = {
        CronDataIntervalTimetable: "interval",
        DeltaDataIntervalTimetable: "interval",
        CronTriggerTimetable: "trigger",
        DeltaTriggerTimetable: "trigger",
    }
    family = families.get(type(value))
    if isinstance(value, CronDataIntervalTimetable | CronTriggerTimetable) and family:
        zone = value.argument(1, "timezone")
        name = zone if isinstance(zone, str) else zone_name(zone, subject) if zone else "UTC"
        if _fixed_length(value.argument(2, "interval")):
            current().assume(subject, "the interval of its CronTriggerTimetable is ignored")
        return _from_text(value.argument(0, "cron"), subject, timezone=name, timetable=family)
    if family:
        return _from_delta(value.argument(0, "delta"), family, subject)
    if isinstance(value, OnceTimetable):
        return Once()
    if isinstance(value, AssetOrTimeSchedule):
        return schedule_of(value.argument(0, "timetable"), subject)
    name = type(value).__name__
    if isinstance(value, PartitionedAssetTimetable):
        assets = value.argument(0, "assets")
        listed = assets if isinstance(assets, list | tuple) else (assets,)
        return _other(f"assets {AssetAll(*listed)!r}", subject, name)
    return _other(name, subject, name)
