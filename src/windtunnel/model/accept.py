"""Accept: findings that somebody knows and lives with, by DAG."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

PATTERN = r"^WT\d{3}$"
Code = Annotated[str, Field(pattern=PATTERN)]
DagGlob = Annotated[str, Field(min_length=1)]


def _with_reasons(given: Any) -> Any:
    """A list of codes is one without reasons."""
    if isinstance(given, list | tuple):
        return dict.fromkeys(given, "")
    return given


_CODES = {
    "anyOf": [
        {"type": "array", "items": {"type": "string", "pattern": PATTERN}},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ]
}

Accepts = dict[
    DagGlob,
    Annotated[dict[Code, str], BeforeValidator(_with_reasons), WithJsonSchema(_CODES)],
]
"""Glob over dag_id -> codes, each with why it is accepted (empty: nobody said)."""
