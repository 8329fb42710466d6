"""Where a test's dags, cluster and seed come from: command line, then marker, then ini file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest

from pytest_windtunnel.session_settings import default_dags

KNOWN = ("dags", "cluster", "window", "start", "seed", "profile", "airflow", "accept")
OPTIONS = ("dags", "cluster", "seed", "airflow")


@dataclass(frozen=True, slots=True)
class Settings:
    """What was set for one test; None where nothing was."""

    root: Path
    """Relative paths start here: pytest's rootdir."""
    dags: str | Path | None = None
    cluster: str | Path | None = None
    window: str | float | None = None
    start: str | date | None = None
    seed: int | None = None
    profile: str | None = None
    airflow: Literal["auto", "stand-in", "real"] = "auto"
    accept: Mapping[str, Any] | None = None
    """Findings that don't count, by glob over dag_id, beside those of the project."""


def settings_of(item: pytest.Item) -> Settings:
    """The settings for one test.

    Raises:
        pytest.UsageError: an unknown argument of the marker, or a seed that is no number.
    """
    config = item.config
    marked = _marked(item)
    found: dict[str, Any] = {name: marked.get(name) for name in KNOWN}
    for name in OPTIONS:
        option = config.getoption(f"windtunnel_{name}")
        if option is not None:
            found[name] = option
        elif found[name] is None and name != "dags":
            found[name] = config.getini(f"windtunnel_{name}") or None
    if found["dags"] is None:
        found["dags"] = default_dags(config)
    if found["seed"] is not None:
        found["seed"] = whole_number(found["seed"])
    if found["airflow"] is None:
        del found["airflow"]
    return Settings(config.rootpath, **found)


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
                    f"@pytest.mark.windtunnel has no argument {name!r}; it has {', '.join(KNOWN)}"
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
