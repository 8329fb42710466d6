"""What a repository says of windtunnel: ``windtunnel.toml``, or ``[tool.windtunnel]`` of its
pyproject.toml."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.text_file import read_toml
from windtunnel.model.pattern import nearest

OWN_FILE = "windtunnel.toml"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, list) and all(map(_is_text, value)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


SETTINGS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "dags": (_is_text, "a text"),
    "cluster": (_is_text, "a text"),
    "runs": (_are_texts, "a list of texts"),
    "faults": (_are_texts, "a list of texts"),
    "window": (lambda value: _is_text(value) or _is_number(value), "a duration, such as '2d'"),
    "start": (lambda value: _is_text(value) or isinstance(value, date), "a date or time"),
    "seed": (_is_whole, "a whole number"),
    "profile": (_are_texts, "a text, or a list of texts"),
    "airflow": (lambda value: value in ("auto", "stand-in", "real"), "auto, stand-in or real"),
}
"""What a repository may say of every check and simulation of its DAGs, and as what."""
TABLES = ("accept", "profiles")
"""What else stands there, and is read by whoever needs it."""
PATHS = ("dags", "cluster")


def said_by_project(place: Path) -> tuple[dict[str, Any], Path]:
    """What the repository of a place says for whatever is asked without it, and the file in which
    it does. Paths start where that file lies.

    Raises:
        InvalidInput: the file can't be read, says something that is no setting, or says a setting
            as something that it can't be.
    """
    table, file = project_settings(place)
    for name in table:
        if name not in (*SETTINGS, *TABLES):
            said = nearest(name, [*SETTINGS, *TABLES])
            raise InvalidInput(f"{file}: windtunnel has no setting {name!r}; {said}")
    found = {name: table[name] for name in SETTINGS if name in table}
    for name, value in found.items():
        is_one, what = SETTINGS[name]
        if not is_one(value):
            raise InvalidInput(f"{file}: {name} = {value!r}: must be {what}")
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
            if not isinstance(own, Mapping):
                raise InvalidInput(f"{file}: tool.windtunnel = {own!r}: must be a table")
            return own, file
    return {}, Path()


def repository_of(place: Path) -> Path | None:
    """The root of the repository that a file or folder is in; None if it is in none."""
    return next((here for here in _upwards(place) if (here / ".git").exists()), None)


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
