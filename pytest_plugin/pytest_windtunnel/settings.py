"""Settings: what a test simulates, from the nearest that says it.

The first that says something wins: the command line, the marker (the nearest one first), the
repository's ``windtunnel.toml`` or ``[tool.windtunnel]`` of its pyproject.toml, pytest's ini file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from pytest_windtunnel.session_settings import default_dags, is_asked_for
from windtunnel.errors import InvalidInput
from windtunnel.loaders import said_by_project
from windtunnel.loaders.shapes import one_of, several_of
from windtunnel.model.pattern import nearest

KNOWN = (
    "dags",
    "cluster",
    "runs",
    "faults",
    "behavior",
    "window",
    "start",
    "seed",
    "profile",
    "airflow",
    "accept",
)
"""Arguments of the marker."""
PATHS = {
    "dags": "a folder of DAGs, a DAG file, a scenario file, or the name of a shipped scenario",
    "cluster": "the path of a cluster file, or a size such as mwaa:mw1.small*4",
}
"""Arguments that name a file, and what they may name."""
OPTIONS = ("dags", "cluster", "seed", "profile", "airflow")


@dataclass(frozen=True, slots=True)
class Settings:
    """What was set for one test; None where nothing was."""

    root: Path
    """Relative paths start here: pytest's rootdir."""
    dags: str | Path | None = None
    cluster: str | Path | None = None
    runs: Any = None
    faults: Any = None
    behavior: Any = None
    window: str | float | timedelta | None = None
    start: str | date | None = None
    seed: int | None = None
    profile: Any = None
    """Names of an Airflow release, of how hard a check searches, or of both."""
    airflow: Literal["auto", "stand-in", "real"] = "auto"
    accept: Mapping[str, Any] | None = field(default=None)
    """Findings that don't count, by glob over dag_id, beside those of the project."""


def settings_of(item: pytest.Item) -> Settings:
    """The settings for one test.

    Raises:
        InvalidInput: an unknown argument of the marker or setting of the project, or a seed
            that is no number.
    """
    return _settings(item.config, _marked(item))


def look_at(item: pytest.Item) -> None:
    """Look at the settings of a test before it runs.

    Raises:
        pytest.fail.Exception: they can't be used; the message says why, without a traceback.
    """
    try:
        settings_of(item)
    except InvalidInput as error:
        raise pytest.fail.Exception(f"windtunnel: {error}", pytrace=False) from None


def settings_of_session(config: pytest.Config) -> Settings:
    """The settings for what is of no test, without a marker.

    Raises:
        pytest.UsageError: an unknown setting of the project, or a seed that is no number.
    """
    try:
        return _settings(config, {})
    except InvalidInput as error:
        raise pytest.UsageError(str(error)) from None


def _settings(config: pytest.Config, marked: Mapping[str, Any]) -> Settings:
    checked = {"dags": default_dags(config)} if is_asked_for(config) else {}
    project = _of_project(config.rootpath)
    layers = (_asked(config), marked, checked, project, _of_ini(config))
    found: dict[str, Any] = {}
    for name in KNOWN:
        said = (layer[name] for layer in layers if layer.get(name) is not None)
        found[name] = next(said, None)
    for name, wanted in PATHS.items():
        if found[name] is not None:
            one_of(name, found[name], (str, Path), wanted)
    if found["seed"] is not None:
        found["seed"] = whole_number(found["seed"])
    if isinstance(found["profile"], str):
        found["profile"] = found["profile"].replace(",", " ").split()
    elif found["profile"] is not None:
        found["profile"] = several_of("profile", found["profile"], (str,), "the name of a profile")
    if found["airflow"] is None:
        del found["airflow"]
    return Settings(config.rootpath, **found)


def _asked(config: pytest.Config) -> dict[str, Any]:
    return {name: config.getoption(f"windtunnel_{name}") for name in OPTIONS}


def _of_ini(config: pytest.Config) -> dict[str, Any]:
    found = {name: config.getini(f"windtunnel_{name}") or None for name in OPTIONS}
    return found | {"dags": default_dags(config)}


def _of_project(root: Path) -> dict[str, Any]:
    """What ``windtunnel.toml``, or ``[tool.windtunnel]``, says; its paths start where it lies."""
    return said_by_project(root)[0]


def _marked(item: pytest.Item) -> dict[str, Any]:
    """Arguments of all markers on the test, its class and its module; the nearest one wins. That
    of a parameter is nearer than that of its test, though pytest lists it behind it."""
    arguments: dict[str, Any] = {}
    markers = list(item.iter_markers("windtunnel"))
    of_parameter = [one for one in _marks_of_parameters(item) if one in markers]
    markers = of_parameter + [one for one in markers if one not in of_parameter]
    for marker in reversed(markers):
        if marker.args:
            raise InvalidInput("@pytest.mark.windtunnel takes arguments by name only: dags=...")
        for name in marker.kwargs:
            if name not in KNOWN:
                raise InvalidInput(
                    f"@pytest.mark.windtunnel has no argument {name!r}; {nearest(name, KNOWN)}"
                    f" (it has {', '.join(KNOWN)})"
                )
        arguments.update(marker.kwargs)
    return arguments


def _marks_of_parameters(item: pytest.Item) -> list[pytest.Mark]:
    found = getattr(getattr(item, "callspec", None), "marks", ())
    return [getattr(one, "mark", one) for one in found]


def whole_number(value: Any) -> int:
    """A seed as a number.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput(f"windtunnel seed: {value!r} is not a whole number") from None
