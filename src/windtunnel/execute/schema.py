"""Schema: whether a parameter's value is what its JSON schema asks for.

What parameters of DAGs use is known: types, bounds, lengths, patterns, dates, lists, objects and
their combinations. ``$ref`` and what only documents a form are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

Schema = Mapping[str, Any]


def mistake(value: Any, schema: Schema) -> str | None:
    """What is wrong with a value, in words; None if nothing is."""
    for keyword, asked in schema.items():
        check = CHECKS.get(keyword)
        wrong = None if check is None else check(value, asked, schema)
        if wrong is not None:
            return wrong
    return None


def _is(value: Any, name: str) -> bool:
    if name == "null":
        return value is None
    if name == "boolean":
        return isinstance(value, bool)
    if name == "integer":
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return is_whole and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    kinds: dict[str, Any] = {"string": str, "array": list | tuple, "object": Mapping}
    return name not in kinds or isinstance(value, kinds[name])


def _type(value: Any, asked: Any, _: Schema) -> str | None:
    names = [asked] if isinstance(asked, str) else list(asked)
    if any(_is(value, name) for name in names):
        return None
    return f"{value!r} is not of type {', '.join(map(repr, names))}"


def _enum(value: Any, asked: Any, _: Schema) -> str | None:
    same = any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in asked)
    return None if same else f"{value!r} is not one of {list(asked)!r}"


def _const(value: Any, asked: Any, _: Schema) -> str | None:
    return None if value == asked else f"{value!r} is not {asked!r}"


def _bound(is_wrong: Callable[[Any, Any], bool], words: str) -> Callable[..., str | None]:
    def check(value: Any, asked: Any, _: Schema) -> str | None:
        wrong = _is(value, "number") and is_wrong(value, asked)
        return f"{value!r} is {words} {asked!r}" if wrong else None

    return check


def _length(kind: str, is_wrong: Callable[[int, int], bool], words: str) -> Callable[..., Any]:
    def check(value: Any, asked: Any, _: Schema) -> str | None:
        wrong = _is(value, kind) and is_wrong(len(value), asked)
        return (
            f"{value!r} is too {words}: {len(value)}, and the bound is {asked}" if wrong else None
        )

    return check


def _pattern(value: Any, asked: Any, _: Schema) -> str | None:
    wrong = isinstance(value, str) and not re.search(asked, value)
    return f"{value!r} does not match {asked!r}" if wrong else None


def _format(value: Any, asked: Any, _: Schema) -> str | None:
    readers: dict[str, Any] = {"date": date, "date-time": datetime, "time": time}
    read = readers.get(asked)
    if read is None or not isinstance(value, str):
        return None
    try:
        made = read.fromisoformat(value)
    except ValueError:
        return f"{value!r} is not a {asked!r}"
    is_full = asked != "date-time" or (isinstance(made, datetime) and made.tzinfo is not None)
    return None if is_full else f"{value!r} is not a 'date-time': it has no time zone"


def _items(value: Any, asked: Any, _: Schema) -> str | None:
    if not _is(value, "array") or not isinstance(asked, Mapping):
        return None
    return next((wrong for item in value if (wrong := mistake(item, asked))), None)


def _unique(value: Any, asked: Any, _: Schema) -> str | None:
    wrong = asked and _is(value, "array") and any(v in value[:i] for i, v in enumerate(value))
    return f"{value!r} has the same item twice" if wrong else None


def _properties(value: Any, asked: Any, _: Schema) -> str | None:
    if not isinstance(value, Mapping):
        return None
    there = (name for name in asked if name in value)
    return next((wrong for name in there if (wrong := mistake(value[name], asked[name]))), None)


def _required(value: Any, asked: Any, _: Schema) -> str | None:
    if not isinstance(value, Mapping):
        return None
    return next((f"{name!r} is missing in {value!r}" for name in asked if name not in value), None)


def _additional(value: Any, asked: Any, schema: Schema) -> str | None:
    if not isinstance(value, Mapping):
        return None
    more = [name for name in value if name not in schema.get("properties", {})]
    if asked is False:
        return f"{more[0]!r} is not expected in {value!r}" if more else None
    if not isinstance(asked, Mapping):
        return None
    return next((wrong for name in more if (wrong := mistake(value[name], asked))), None)


def _of(count: Callable[[int, int], bool], words: str) -> Callable[..., str | None]:
    def check(value: Any, asked: Any, _: Schema) -> str | None:
        fitting = sum(mistake(value, one) is None for one in asked)
        return None if count(fitting, len(asked)) else f"{value!r} fits {words} of the forms given"

    return check


def _not(value: Any, asked: Any, _: Schema) -> str | None:
    return f"{value!r} has a form that is not allowed" if mistake(value, asked) is None else None


CHECKS: dict[str, Callable[[Any, Any, Schema], str | None]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _bound(lambda value, bound: value < bound, "less than"),
    "maximum": _bound(lambda value, bound: value > bound, "more than"),
    "exclusiveMinimum": _bound(lambda value, bound: value <= bound, "not more than"),
    "exclusiveMaximum": _bound(lambda value, bound: value >= bound, "not less than"),
    "multipleOf": _bound(lambda value, step: value % step != 0, "not a multiple of"),
    "minLength": _length("string", lambda has, least: has < least, "short"),
    "maxLength": _length("string", lambda has, most: has > most, "long"),
    "minItems": _length("array", lambda has, least: has < least, "short"),
    "maxItems": _length("array", lambda has, most: has > most, "long"),
    "pattern": _pattern,
    "format": _format,
    "items": _items,
    "uniqueItems": _unique,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "anyOf": _of(lambda fitting, _: fitting > 0, "none"),
    "oneOf": _of(lambda fitting, _: fitting == 1, "none or several"),
    "allOf": _of(lambda fitting, all_: fitting == all_, "not all"),
    "not": _not,
}
