"""Tables of what may be said in a file: each key of a model with its type, default and meaning.

Keys and types are those of TOML: a field ``timeout_s`` is the key ``timeout``, a duration.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
import types
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

from docsite.markdown import code, prose, table
from windtunnel import model
from windtunnel.loaders.durations import in_words
from windtunnel.loaders.forms import human_name, is_duration

PLAIN = {
    "str": "text",
    "bool": "`true` or `false`",
    "int": "whole number",
    "float": "number",
    "datetime": "date or time",
    "AwareDatetime": "date or time",
}
LEFT_OUT = {
    "Scenario": {"fleet", "choices", "format"},
    "Fleet": {"problems", "assumptions"},
    "Pool": {"assumed"},
}
"""Keys that only windtunnel writes."""
IN_A_FILE = {
    ("Scenario", "cluster"): "[table](cluster.md), or [sources](../sources.md) of one",
    ("Scenario", "faults"): "list of [texts or tables](../faults.md)",
    ("Scenario", "backfills"): "list of [texts](../assets-and-backfills.md#backfills) or tables",
    ("Scenario", "accept"): "[table](../../how-to/accept-a-finding.md)",
    ("Behavior", "history"): "text: a CSV or JSON file",
    ("Dag", "schedule"): "text: cron, or a table",
}
"""What a file may say that is more than the model: other forms of the same."""
GROUPS = {
    "Uniform": "behavior.md#durations-and-amounts",
    "Work": "fleet.md#kind",
    "Cron": "fleet.md#schedule",
}
"""Where a table may be one of several: the first of them, and the section that has them all."""
BY_LOADER = {("Scenario", "start"): code("2026-01-01")}
"""Defaults that a file has and the model hasn't."""


PAGES = Path(__file__).resolve().parents[1] / "docs" / "reference" / "configuration"


def section(name: str) -> str:
    """The table of one model of `windtunnel.model`, on a page."""
    return settings(getattr(model, name), homes())


@cache
def homes() -> dict[str, str]:
    """Where each model has its section, as a link from a page of this folder."""
    found = {}
    for file in PAGES.glob("*.md"):
        for name in re.findall(r"<!-- made: settings (\w+) -->", file.read_text("utf-8")):
            found[name] = f"{file.name}#{name}"
    return found | GROUPS


def settings(made: type[BaseModel], homes: Mapping[str, str]) -> str:
    """The docstring of a model and a table of its keys.

    Args:
        made: what a table of the file becomes.
        homes: for each model that has a section, where that is.
    """
    said = attribute_docstrings(made)
    hidden = LEFT_OUT.get(made.__name__, set())
    fields = sorted(made.model_fields.items(), key=lambda one: one[0] != "type")
    rows = [_row(made, name, field, said, homes) for name, field in fields if name not in hidden]
    anchor = f'<a id="{made.__name__}"></a>'
    about, *_ = in_toml(prose(made.__doc__)).split("\n\n")
    return f"{anchor}\n\n{about}\n\n{table(['key', 'type', 'default', 'meaning'], rows)}"


def _row(
    made: type[BaseModel],
    name: str,
    field: FieldInfo,
    said: Mapping[str, str],
    homes: Mapping[str, str],
) -> list[str]:
    durations, key = is_duration(made, name), (made.__name__, name)
    optional = not field.is_required() and field.default is None
    nothing = "" if optional else '`"never"`' if durations else '`"none"`'
    kind = kind_of(field.annotation, homes, durations=durations, nothing=nothing) + bounds(field)
    return [
        code(human_name(name)),
        IN_A_FILE.get(key, kind),
        BY_LOADER.get(key) or default(field, durations=durations),
        in_toml(said.get(name, ""), nothing),
    ]


def in_toml(text: str, nothing: str = "") -> str:
    """What a docstring says of Python's names, of TOML's: no ``None``, no ``timeout_s``."""
    text = text.replace(
        "see `windtunnel.model.pattern`", "see [patterns](../behavior.md#which-tasks)"
    )
    text = re.sub(r"(?<=; )`?None`?:", f"{nothing or 'not given'}:", text)
    text = re.sub(r"`?None`?:", f"{nothing or 'Not given'}:", text)
    return re.sub(r"`(\w+)_s`", r"`\1`", text.replace("`None`", "nothing"))


def kind_of(kind: Any, homes: Mapping[str, str], *, durations: bool, nothing: str = "") -> str:
    """A type in words of TOML."""
    origin, parts = get_origin(kind), get_args(kind)

    def inside(part: Any) -> str:
        return kind_of(part, homes, durations=durations)

    if origin is Annotated:
        return inside(parts[0])
    if origin is Literal:
        return " or ".join(code(json.dumps(part)) for part in parts)
    if origin in (Union, types.UnionType):
        parts = _several_as_one(parts)
        words = list(dict.fromkeys(inside(part) for part in parts if part is not type(None)))
        if nothing and type(None) in parts:
            words.append(nothing)
        return _or_a_list(words)
    if origin in (tuple, list, frozenset, set):
        return f"list of {inside(parts[0])}"
    if origin is dict:
        return f"{inside(parts[1])}, by name"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        where = homes.get(kind.__name__)
        return f"[table]({where})" if where else "table"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " or ".join(code(json.dumps(one.value)) for one in kind)
    if kind is JsonValue or kind is Any:
        return "any value"
    if durations and kind in (float, int):
        return "duration"
    return PLAIN.get(getattr(kind, "__name__", ""), "text")


def _several_as_one(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Of several tables, such as all distributions, the first stands for all of them."""
    tables = [one for one in parts if isinstance(one, type) and issubclass(one, BaseModel)]
    return tuple(one for one in parts if one not in tables[1:])


def _or_a_list(words: list[str]) -> str:
    """A or B; and where there may be several: ..., or a list of these."""
    rest = [word for word in words if not word.startswith("list of ")]
    inside = f"list of {' or '.join(rest)}"
    return f"{' or '.join(rest)}; or a list of these" if inside in words else " or ".join(words)


def bounds(field: FieldInfo) -> str:
    """What a number must not go below or above."""
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    found = [
        f"{word} {getattr(one, key):g}"
        for one in field.metadata
        for key, word in words.items()
        if getattr(one, key, None) is not None and not (key == "ge" and getattr(one, key) == 0)
    ]
    return f", {' and '.join(found)}" if found else ""


def default(field: FieldInfo, *, durations: bool) -> str:
    """A default as it would be written; a table's own defaults stand with the table."""
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, BaseModel) or value in ((), {}, ""):
        return ""
    if durations and isinstance(value, (int, float)) and not isinstance(value, bool):
        return code(json.dumps(in_words(value)))
    return code(json.dumps(value, default=list))


def attribute_docstrings(made: type[BaseModel]) -> dict[str, str]:
    """What the text below each field says, of the class and its bases."""
    found: dict[str, str] = {}
    for one in reversed(made.__mro__):
        if isinstance(one, type) and issubclass(one, BaseModel) and one is not BaseModel:
            found.update(_texts_below(one))
    return found


def _texts_below(made: type[BaseModel]) -> Iterator[tuple[str, str]]:
    (source,) = ast.parse(textwrap.dedent(inspect.getsource(made))).body
    assert isinstance(source, ast.ClassDef)
    for field, text in zip(source.body, source.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            yield field.target.id, prose(text.value.value)
