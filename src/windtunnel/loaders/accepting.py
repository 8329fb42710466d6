"""Accepted findings as people write them: in Python, in scenario.toml, in pyproject.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from windtunnel.errors import InvalidInput
from windtunnel.loaders.project import project_table
from windtunnel.model import Accepts

ADAPTER: TypeAdapter[Accepts] = TypeAdapter(Accepts)
_WRONG = {
    "string_pattern_mismatch": "is no code of a finding",
    "string_type": "is no reason in words",
}
FORM = 'write etl = ["WT113"], or etl = { WT113 = "why" }'


def parse_accepts(given: Any, where: str) -> Accepts:
    """The accepted findings that somebody wrote.

    Raises:
        InvalidInput: it is none; *where* says who wrote it.
    """
    if isinstance(given, Mapping):
        given = {
            glob: dict.fromkeys(codes, "") if isinstance(codes, set | frozenset) else codes
            for glob, codes in given.items()
        }
    try:
        return ADAPTER.validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part != "[key]")
        wrong = _WRONG.get(first["type"], "is not a list of codes")
        raise InvalidInput(
            f"{where}{f'.{place}' if place else ''}: {first['input']!r} {wrong}; {FORM}"
        ) from None


def merged_accepts(first: Accepts, second: Accepts) -> Accepts:
    """Both; where both accept the same, the reason of the second."""
    both = {glob: {**codes, **second.get(glob, {})} for glob, codes in first.items()}
    return both | {glob: codes for glob, codes in second.items() if glob not in first}


def read_project_accepts(place: Path) -> Accepts:
    """What ``[tool.windtunnel.accept]`` of the nearest pyproject.toml accepts, looked for in the
    folder of the DAG files and above it.

    Raises:
        InvalidInput: the file can't be read, or has mistakes there.
    """
    return parse_accepts(*project_table(place, "accept"))
