"""Supplied: the Variables, Connections and settings that a user hands over for a load."""

from __future__ import annotations

import configparser
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.settings import Supplied
from windtunnel.loaders.text_file import read_text


def read_supplied(
    *,
    variables: Path | None = None,
    connections: Path | None = None,
    config: Path | None = None,
) -> Supplied:
    """What is in these files; a file that isn't given supplies nothing.

    Args:
        variables: JSON as ``airflow variables export`` writes it, or ``KEY=value`` lines.
        connections: JSON as ``airflow connections export`` writes it, or ``conn_id=uri`` lines.
        config: an ``airflow.cfg``.

    Raises:
        InvalidInput: a file is missing or can't be read.
    """
    return Supplied(
        variables=_mapping(variables, "Variables") if variables else {},
        connections=_mapping(connections, "Connections") if connections else {},
        config=_settings(config) if config else {},
    )


def _mapping(file: Path, what: str) -> Mapping[str, Any]:
    text = read_text(file)
    if file.suffix == ".env":
        return _lines(text, file)
    try:
        read = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{file}: not valid JSON: {error}; give {what} as a JSON object, or as KEY=value lines "
            "in a file that ends in .env"
        ) from None
    if not isinstance(read, dict):
        raise InvalidInput(f"{file}: {what} must be one JSON object, name by name")
    # A newer `airflow variables export` writes {"value": ..., "description": ...}.
    return {name: _value_of(value) for name, value in read.items()}


def _value_of(value: Any) -> Any:
    exported = isinstance(value, dict) and set(value) == {"value", "description"}
    return value["value"] if exported else value


def _lines(text: str, file: Path) -> Mapping[str, Any]:
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise InvalidInput(f"{file}:{number}: {line!r} is not KEY=value")
        found[name.strip()] = value.strip()
    return found


def _settings(file: Path) -> Mapping[str, Mapping[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(read_text(file), source=str(file))
    except configparser.Error as error:
        raise InvalidInput(f"{file}: not an airflow.cfg: {error}") from None
    return {section: dict(parser.items(section)) for section in parser.sections()}
