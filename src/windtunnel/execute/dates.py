"""Dates as tasks get them from Airflow: pendulum's where it is installed, else the stand-in's."""

from __future__ import annotations

import contextlib
import importlib
from datetime import UTC, datetime
from typing import Any

from windtunnel.loaders.standin.dates import DateTime

_pendulum: Any = None
with contextlib.suppress(ImportError):
    _pendulum = importlib.import_module("pendulum")


def pendulum_like(value: datetime | None) -> Any:
    """The same instant with pendulum's methods."""
    if value is None:
        return None
    if _pendulum is not None:
        return _pendulum.instance(value)
    return DateTime.of(value)


def utc(value: datetime | None) -> Any:
    """The same instant in UTC, with pendulum's methods."""
    return None if value is None else pendulum_like(value.astimezone(UTC))
