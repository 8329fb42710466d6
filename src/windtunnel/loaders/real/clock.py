"""Clock: for DAG files that the real Airflow loads, time stands still, so that two loads agree.

Runs beside ``dump.py`` in the process that has Airflow, and needs as little as that."""

from __future__ import annotations

import builtins
import datetime as real
import importlib
from types import ModuleType
from typing import Any, Callable

HAVE_UTCNOW = (
    "airflow.utils.timezone",
    "airflow.sdk.timezone",
    "airflow._shared.timezones.timezone",
    "airflow.sdk._shared.timezones.timezone",
)
"""Modules of Airflow, by release, in which ``days_ago`` and DAG files ask for the time."""


class StoppedClock:
    """Takes the place of the clock for modules in some folders."""

    def __init__(self, now: str, folders: list[str]) -> None:
        self.now = real.datetime.fromisoformat(now)
        self.folders = tuple(folder.rstrip("/") + "/" for folder in folders)
        self.asked = False

    def is_own(self, file: str) -> bool:
        """Whether a module's file is the repository's own, and not that of a library in it."""
        inside = [file[len(f) - 1 :] for f in self.folders if file.startswith(f)]
        return any("/site-packages/" not in place for place in inside)

    def tell(self, zone: Any = None) -> real.datetime:
        """The time that it always is, in a timezone, or naive in UTC."""
        self.asked = True
        if zone is None:
            return self.now.astimezone(real.timezone.utc).replace(tzinfo=None)
        return self.now.astimezone(zone)

    def stop(self) -> None:
        """From now on, those modules get this clock."""
        module = self._datetime_module()
        genuine = builtins.__import__

        def importing(name: str, globals: Any = None, *more: Any, **named: Any) -> Any:  # noqa: A002
            if name == "datetime" and globals is not None:
                file = globals.get("__file__")
                if isinstance(file, str) and self.is_own(file):
                    return module
            return genuine(name, globals, *more, **named)

        builtins.__import__ = importing
        self._stop_pendulum(importlib.import_module("pendulum"))
        for place in HAVE_UTCNOW:
            try:
                vars(importlib.import_module(place))["utcnow"] = self._pendulum_now
            except ImportError:
                continue

    def _datetime_module(self) -> ModuleType:
        """The module ``datetime`` whose classes make real instances, but ask this clock."""
        clock, moment, day = self, real.datetime, real.date

        class IsReal(type):
            def __instancecheck__(cls, instance: object) -> bool:
                return isinstance(instance, cls.__mro__[1])

            def __subclasscheck__(cls, subclass: type) -> bool:
                return issubclass(subclass, cls.__mro__[1])

        class datetime(real.datetime, metaclass=IsReal):  # noqa: N801 - it stands for this name
            def __new__(cls, *args: Any, **named: Any) -> Any:
                return moment(*args, **named)

            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return clock.tell(tz)

            @classmethod
            def utcnow(cls) -> Any:
                return clock.tell()

            @classmethod
            def today(cls) -> Any:
                return clock.tell()

        class date(real.date, metaclass=IsReal):  # noqa: N801
            def __new__(cls, *args: Any, **named: Any) -> Any:
                return day(*args, **named)

            @classmethod
            def today(cls) -> Any:
                return clock.tell().date()

        module = ModuleType("datetime")
        vars(module).update({**vars(real), "datetime": datetime, "date": date})
        return module

    def _stop_pendulum(self, pendulum: Any) -> None:
        frozen = pendulum.instance(self.now)

        def now(tz: Any = None) -> Any:
            self.asked = True
            return frozen.in_timezone("UTC" if tz in (None, "local") else tz)

        def begin(days: int) -> Callable[..., Any]:
            return lambda tz="local": now(tz).start_of("day").add(days=days)

        self._pendulum_now = now
        pendulum.now = now
        pendulum.today, pendulum.yesterday, pendulum.tomorrow = begin(0), begin(-1), begin(1)
