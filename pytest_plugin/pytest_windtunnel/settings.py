"""Settings: what a test simulates, from the nearest that says it.

The first that says something wins: the command line, the marker (the nearest one first), the
repository's ``windtunnel.toml`` or ``[tool.windtunnel]`` of its pyproject.toml, pytest's ini file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest

from pytest_windtunnel.session_settings import default_dags, is_asked_for
from windtunnel.errors import InvalidInput
from windtunnel.loaders import said_by_project
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
    window: str | float | None = None
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
        pytest.UsageError: an unknown argument of the marker or setting of the project, or a seed
            that is no number.
    """
    return _settings(item.config, _marked(item))


def settings_of_session(config: pytest.Config) -> Settings:
    """The settings for what is of no test, without a marker.

    Raises:
        pytest.UsageError: an unknown setting of the project, or a seed that is no number.
    """
    return _settings(config, {})


def _settings(config: pytest.Config, marked: Mapping[str, Any]) -> Settings:
    checked = {"dags": default_dags(config)} if is_asked_for(config) else {}
    project = _of_project(config.rootpath)
    layers = (_asked(config), marked, checked, project, _of_ini(config))
    found: dict[str, Any] = {}
    for name in KNOWN:
        said = (layer[name] for layer in layers if layer.get(name) is not None)
        found[name] = next(said, None)
    if found["seed"] is not None:
        found["seed"] = whole_number(found["seed"])
    if isinstance(found["profile"], str):
        found["profile"] = found["profile"].replace(",", " ").split()
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
    try:
        return said_by_project(root)[0]
    except InvalidInput as error:
        raise pytest.UsageError(str(error)) from None


def _marked(item: pytest.Item) -> dict[str, Any]:
    """Arguments of all markers on the test, its class and its module; the nearest one wins."""
    arguments: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers("windtunnel"))):
        if marker.args:
            raise pytest.UsageError(
                "@pytest.mark.windtunnel takes arguments by name only: dags=..."
            )
        for name in marker.kwargs:
            if name not in KNOWN:
                raise pytest.UsageError(
                    f"@pytest.mark.windtunnel has no argument {name!r}; {nearest(name, KNOWN)}"
                    f" (it has {', '.join(KNOWN)})"
                )
        arguments.update(marker.kwargs)
    return arguments


def whole_number(value: Any) -> int:
    """A seed as a number.

    Raises:
        pytest.UsageError: it is none.
    """
    try:
        return int(value)
    except (TypeError, ValueError):
        raise pytest.UsageError(f"windtunnel seed: {value!r} is not a whole number") from None
