"""Twins: modules that aren't installed but whose work something that is there can do."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import timezone as fixed_offset
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from windtunnel.loaders.standin.environs import pretend_environs

STANDARD = {
    "simplejson": "json",
    "ujson": "json",
    "rapidjson": "json",
    "importlib_metadata": "importlib.metadata",
    "importlib_resources": "importlib.resources",
    "tomli": "tomllib",
    "mock": "unittest.mock",
    "backports.zoneinfo": "zoneinfo",
}
"""Module -> the one of Python's own library that has the same names."""


class Zone(ZoneInfo):
    """A timezone with pytz's methods."""

    @property
    def zone(self) -> str:
        """Its name."""
        return str(self.key)

    def localize(self, dt: datetime, is_dst: Any = False) -> datetime:  # noqa: ARG002 - pytz's
        """A naive datetime as one of this zone."""
        return dt.replace(tzinfo=self)

    def normalize(self, dt: datetime) -> datetime:
        """The same instant in this zone."""
        return dt.astimezone(self)


def _pytz(name: str) -> ModuleType:
    module = ModuleType(name)
    utc: tzinfo = Zone("UTC")
    module.__dict__.update(
        timezone=lambda zone: Zone(str(zone)),
        utc=utc,
        UTC=utc,
        all_timezones=sorted(available_timezones()),
        common_timezones=sorted(available_timezones()),
        FixedOffset=lambda minutes: fixed_offset(timedelta(minutes=minutes)) if minutes else UTC,
        UnknownTimeZoneError=KeyError,
    )
    return module


def twin_of(name: str) -> ModuleType | None:
    """A module that does the work of a missing one; ``None`` if there is none."""
    if name == "pytz":
        return _pytz(name)
    if name in ("environs", "decouple", "dotenv"):
        return pretend_environs(name)
    if name not in STANDARD:
        return None
    # A module of its own: the real one must not be told that it is called otherwise.
    made = ModuleType(name)
    real = importlib.import_module(STANDARD[name])
    made.__dict__.update({k: v for k, v in vars(real).items() if not k.startswith("__")})
    made.__path__ = []
    return made
