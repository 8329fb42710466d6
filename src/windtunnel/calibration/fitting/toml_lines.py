"""Values as lines of a TOML file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from windtunnel.model.base import Value


def lines(value: Value) -> Iterator[str]:
    """What a value says beyond its defaults, a key on each line."""
    for name, given in _said(value):
        yield f"{_key(name)} = {_toml(given)}"


def _said(value: Value) -> Iterator[tuple[str, Any]]:
    for name, field in type(value).model_fields.items():
        given = getattr(value, name)
        if field.is_required() or given != field.get_default(call_default_factory=True):
            yield name.removesuffix("_s"), given


def _toml(value: Any) -> str:
    if isinstance(value, Value):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in _said(value)) + " }"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if value is None:
        return '"none"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.10g}"
    return json.dumps(value)


def _key(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else json.dumps(name)
