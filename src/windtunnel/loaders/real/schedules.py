"""Schedules: a record's timetable as a value of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from windtunnel.model import AssetCondition, Assets, Cron, Every, Once, OtherSchedule, Schedule
from windtunnel.model.schedule import TimetableFamily

Record = Mapping[str, Any]
Assume = Callable[[str, str], None]

FAMILIES: dict[str, TimetableFamily] = {
    "CronDataIntervalTimetable": "interval",
    "DeltaDataIntervalTimetable": "interval",
    "CronTriggerTimetable": "trigger",
    "DeltaTriggerTimetable": "trigger",
}


def schedule_of(record: Record, subject: str, assume: Assume) -> Schedule | None:
    """What a DAG was given as its schedule.

    A cron text or a timedelta means whatever the simulated release makes of it; a timetable that
    was named in the DAG file keeps its own meaning. A subdag has its parent's schedule, which the
    scheduler never looks at."""
    if record["is_subdag"]:
        return None
    written, timetable = record["schedule"], record["timetable"]
    family = FAMILIES.get(timetable["class"])
    if written is not None and family is not None and not isinstance(written, dict):
        if isinstance(written, str):
            return Cron(expression=written)
        return Every(seconds=written)
    return from_timetable(timetable, subject, assume)


def from_timetable(timetable: Record, subject: str, assume: Assume) -> Schedule | None:
    """The schedule that a timetable makes by itself."""
    name, bases = timetable["class"], timetable["bases"]
    if name == "NullTimetable":
        return None
    if name == "OnceTimetable":
        return Once()
    if name == "ContinuousTimetable":
        return _other("@continuous", "@continuous", subject, assume)
    family = FAMILIES.get(name)
    if family and timetable.get("expression"):
        if timetable.get("interval"):
            assume(subject, f"the interval of its {name} is ignored")
        zone = timetable.get("timezone") or "UTC"
        return Cron(expression=timetable["expression"], timezone=zone, timetable=family)
    if family and isinstance(timetable.get("delta"), int | float) and timetable["delta"] > 0:
        return Every(seconds=timetable["delta"], timetable=family)
    if timetable.get("timetable"):
        return from_timetable(timetable["timetable"], subject, assume)
    if {"AssetTriggeredTimetable", "DatasetTriggeredTimetable"} & set(bases):
        waited = asset_text(timetable["assets"])
        if name.startswith("Partitioned"):
            return _other(f"assets {waited}", name, subject, assume)
        return OtherSchedule(description=f"assets {waited}", timetable="assets")
    description = name if family is None else str(timetable.get("delta"))
    return _other(description, name, subject, assume)


def asset_condition(assets: Any) -> AssetCondition | None:
    """The assets of a record, joined as they were; a single one is all there is."""
    if assets is None:
        return None
    found = _joined(assets)
    return Assets(of=(found,)) if isinstance(found, str) else found


def _joined(assets: Any) -> AssetCondition:
    if not isinstance(assets, Mapping):
        return str(assets)
    ((joint, parts),) = assets.items()
    if joint == "alias":
        return str(parts)
    return Assets(type="any" if joint == "any" else "all", of=tuple(map(_joined, parts)))


def aliases_in(assets: Any) -> list[str]:
    """The aliases among the assets of a record."""
    if not isinstance(assets, Mapping):
        return []
    ((joint, parts),) = assets.items()
    return [str(parts)] if joint == "alias" else [name for p in parts for name in aliases_in(p)]


def asset_text(assets: Any) -> str:
    """Assets as people write them: joined by ``&`` and ``|``."""
    if not isinstance(assets, Mapping):
        return str(assets)
    ((joint, parts),) = assets.items()
    if joint == "alias":
        return str(parts)
    text = (" & " if joint == "all" else " | ").join(map(asset_text, parts))
    return f"({text})" if len(parts) > 1 else text


def _other(description: str, timetable: str, subject: str, assume: Assume) -> OtherSchedule:
    assume(subject, f"schedule {description} is not simulated: it makes no runs by itself")
    return OtherSchedule(description=description, timetable=timetable)
