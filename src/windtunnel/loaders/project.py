"""What a repository says of windtunnel: ``windtunnel.toml``, or ``[tool.windtunnel]`` of its
pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.text_file import read_toml
from windtunnel.model.pattern import nearest

OWN_FILE = "windtunnel.toml"
SETTINGS = ("dags", "cluster", "runs", "faults", "window", "start", "seed", "profile", "airflow")
"""What a repository may say of every check and simulation of its DAGs."""
TABLES = ("accept", "profiles")
"""What else stands there, and is read by whoever needs it."""
PATHS = ("dags", "cluster")


def said_by_project(place: Path) -> tuple[dict[str, Any], Path]:
    """What the repository of a place says for whatever is asked without it, and the file in which
    it does. Paths start where that file lies.

    Raises:
        InvalidInput: the file can't be read, or says something that is no setting.
    """
    table, file = project_settings(place)
    for name in table:
        if name not in (*SETTINGS, *TABLES):
            said = nearest(name, [*SETTINGS, *TABLES])
            raise InvalidInput(f"{file}: windtunnel has no setting {name!r}; {said}")
    found = {name: table[name] for name in SETTINGS if name in table}
    for name in PATHS:
        if isinstance(found.get(name), str) and (file.parent / found[name]).exists():
            found[name] = file.parent / found[name]
    return found, file


def project_table(place: Path, name: str) -> tuple[Any, str]:
    """One table of the nearest ``windtunnel.toml`` or pyproject.toml, looked for in the folder of a
    place and above it, up to the top of the repository; and where it stands, for messages.

    Raises:
        InvalidInput: the file can't be read.
    """
    own, file = project_settings(place)
    if file == Path():
        return {}, ""
    inside = name if file.name == OWN_FILE else f"tool.windtunnel.{name}"
    return own.get(name, {}), f"{file}: {inside}"


def project_settings(place: Path) -> tuple[Mapping[str, Any], Path]:
    """All that the repository of a place says, and the file in which it does: ``windtunnel.toml``,
    else the pyproject.toml beside it. No file: an empty path.

    Raises:
        InvalidInput: the file can't be read.
    """
    for here in _upwards(place):
        if (here / OWN_FILE).is_file():
            return read_toml(here / OWN_FILE), here / OWN_FILE
        file = here / "pyproject.toml"
        if file.is_file():
            table = read_toml(file).get("tool", {})
            own = table.get("windtunnel", {}) if isinstance(table, Mapping) else {}
            return (own if isinstance(own, Mapping) else {}), file
    return {}, Path()


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
