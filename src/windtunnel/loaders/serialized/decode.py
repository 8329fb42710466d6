"""Decode: the typed values of serialized DAGs as plain ones.

Airflow writes what JSON has no form for as ``{"__type": ..., "__var": ...}``
(``serialization/serialized_objects.py: BaseSerialization.serialize``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Record = Mapping[str, Any]


def plain(value: Any) -> Any:
    """A value without its type: durations are seconds, instants seconds since 1970."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "__type" not in value or "__var" not in value:
        return {key: plain(item) for key, item in value.items()}
    if value["__type"] == "relativedelta":
        return {"relativedelta": value["__var"]}
    if value["__type"] == "xcomref":
        return dict(value)
    return plain(value["__var"])


def length(value: Any) -> Any:
    """How many instances a value makes: a number, or the tasks whose result it is."""
    if isinstance(value, Mapping) and value.get("__type") == "xcomref":
        how = value["__var"].get("type", "plain") if isinstance(value["__var"], Mapping) else ""
        return {"tasks": list(dict.fromkeys(_tasks(value["__var"]))), "how": how.title()}
    found = plain(value)
    if isinstance(found, list | dict):
        return len(found)
    return {"tasks": [], "how": type(found).__name__}


def _tasks(reference: Any) -> Iterator[str]:
    """Ids of the tasks that a reference names, however deep."""
    if isinstance(reference, list):
        for item in reference:
            yield from _tasks(item)
    elif isinstance(reference, Mapping):
        if isinstance(reference.get("task_id"), str):
            yield reference["task_id"]
        for key in ("__var", "arg", "args"):
            yield from _tasks(reference.get(key))


def expansion(expand_input: Any) -> list[Any] | None:
    """What a task or group is mapped over."""
    if not isinstance(expand_input, Mapping):
        return None
    value = expand_input.get("value")
    if expand_input.get("type") == "list-of-dicts":
        return [length(value)]
    arguments = value.get("__var", value) if isinstance(value, Mapping) else {}
    return [length(item) for item in arguments.values()]


def assets(condition: Any) -> Any:
    """Assets, joined as they were: ``{"all": [...]}``, ``{"any": [...]}``, ``{"alias": name}``, or
    one name."""
    if isinstance(condition, list):
        return {"all": [assets(item) for item in condition]}
    if not isinstance(condition, Mapping):
        return None if condition is None else str(condition)
    kind = str(condition.get("__type", ""))
    inner = condition.get("__var")
    if isinstance(inner, Mapping):
        condition = inner
    if kind.endswith("_alias"):
        return {"alias": str(condition.get("name"))}
    parts = inner if isinstance(inner, list) else condition.get("objects")
    if parts is not None:
        return {"any" if kind.endswith("any") else "all": [assets(part) for part in parts]}
    for joint in ("all", "any"):  # 2.8 wrote no types
        if joint in condition:
            return {joint: [assets(item) for item in condition[joint]]}
    return str(condition.get("uri") or condition.get("name") or condition)


def timetable(encoded: Any) -> dict[str, Any]:
    """A timetable in the form of `windtunnel.loaders.real.dump`."""
    if not isinstance(encoded, Mapping):
        return {"class": "NullTimetable", "bases": [], "assets": None}
    name = str(encoded.get("__type", "")).rsplit(".", 1)[-1]
    var = encoded.get("__var")
    var = var if isinstance(var, Mapping) else {}
    condition = var.get("asset_condition", var.get("dataset_condition"))
    inner = var.get("timetable")
    waits_for_assets = name in TRIGGERED_BY_ASSETS or condition is not None
    return {
        "class": name,
        "bases": [name, "AssetTriggeredTimetable"] if waits_for_assets else [name],
        "assets": assets(condition),
        "expression": var.get("expression"),
        "expressions": var.get("expressions", []),
        "delta": plain(var.get("delta")),
        "interval": plain(var.get("interval")),
        "timezone": _zone(var.get("timezone")),
        "timetable": None if inner is None else timetable(inner),
    }


TRIGGERED_BY_ASSETS = frozenset(("AssetTriggeredTimetable", "DatasetTriggeredTimetable"))


def _zone(value: Any) -> str | None:
    """A timezone's name; a fixed offset is written in seconds."""
    if isinstance(value, int):
        sign, minutes = "-" if value < 0 else "+", abs(value) // 60
        return f"{sign}{minutes // 60:02}:{minutes % 60:02}"
    return None if value is None else str(value)
