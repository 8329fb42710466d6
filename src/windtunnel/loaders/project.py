"""What a repository says of windtunnel: ``[tool.windtunnel]`` of its pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from windtunnel.loaders.text_file import read_toml


def project_table(place: Path, name: str) -> tuple[Any, str]:
    """``[tool.windtunnel.NAME]`` of the nearest pyproject.toml, looked for in the folder of a place
    and above it, up to the top of the repository; and where it stands, for messages.

    Raises:
        InvalidInput: the file can't be read.
    """
    for here in _upwards(place):
        file = here / "pyproject.toml"
        if file.is_file():
            table = read_toml(file).get("tool", {})
            own = table.get("windtunnel", {}) if isinstance(table, Mapping) else {}
            given = own.get(name, {}) if isinstance(own, Mapping) else {}
            return given, f"{file}: tool.windtunnel.{name}"
    return {}, ""


def _upwards(place: Path) -> Iterator[Path]:
    """The folder of a place and those above it, up to the top of the repository."""
    try:
        folder = place.resolve() if place.is_dir() else place.resolve().parent
        for here in (folder, *folder.parents):
            yield here
            if (here / ".git").exists():
                return
    except OSError:
        return  # what can't be looked at says nothing
