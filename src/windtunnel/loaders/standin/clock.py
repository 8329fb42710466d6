"""Clock: ``datetime.now()`` and its kin stand still while DAG files load: two loads agree."""

from __future__ import annotations

import builtins
import contextlib
import datetime as real
import random
import time
import uuid
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from windtunnel.loaders.standin.placeholder import PlaceholderText, Survivor
from windtunnel.loaders.standin.session import Session


class _IsReal(type):
    """A pretended class counts as the real one: what C code makes is of the real one."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[1])

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.__mro__[1])


@contextlib.contextmanager
def stopped_clock(session: Session) -> Iterator[None]:
    """Inside the ``with`` block ``datetime`` and ``date`` take the session's now for now."""

    def now() -> real.datetime:
        told = f"{session.now.isoformat()} while DAG files load"
        if session.asked_by_repository():
            session.assume("now", told)
        return session.now

    class datetime(real.datetime, metaclass=_IsReal):  # noqa: N801 - the name that it stands for
        """``datetime.datetime`` with a clock that stands still."""

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            """The session's now; naive in UTC unless a timezone is given."""
            if tz is not None:
                return now().astimezone(tz)
            return now().astimezone(real.UTC).replace(tzinfo=None)

        @classmethod
        def utcnow(cls) -> Any:
            """The session's now, naive."""
            return cls.now()

        @classmethod
        def today(cls) -> Any:
            """The session's now, naive."""
            return cls.now()

    class date(real.date, metaclass=_IsReal):  # noqa: N801 - the name that it stands for
        """``datetime.date`` with a clock that stands still."""

        @classmethod
        def today(cls) -> Any:
            """The day of the session's now."""
            return now().astimezone(real.UTC).date()

    kept = real.datetime, real.date, real.timedelta

    class timedelta(real.timedelta, metaclass=_IsReal):  # noqa: N801
        """``datetime.timedelta`` that takes placeholders for numbers; it makes real ones."""

        def __new__(cls, *parts: Any, **named: Any) -> Any:
            """A real timedelta."""
            return kept[2](*map(_number, parts), **{k: _number(v) for k, v in named.items()})

    for made, original in ((datetime, kept[0]), (date, kept[1]), (timedelta, kept[2])):
        made.__module__, made.__qualname__ = original.__module__, original.__name__
    stopped = ModuleType("datetime")
    stopped.__dict__.update(vars(real) | {"datetime": datetime, "date": date})
    stopped.__dict__["timedelta"] = timedelta
    with _imported(session, stopped), _repeatable(session):
        yield


@contextlib.contextmanager
def _imported(session: Session, module: ModuleType) -> Iterator[None]:
    """Files of the repository import this module in the place of its namesake.

    Libraries don't: they make classes from the real ones, and would fail on others."""
    genuine = builtins.__import__

    def importing(
        name: str,
        globals: Any = None,  # noqa: A002 - the names that Python passes
        locals: Any = None,  # noqa: A002
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        if name == module.__name__ and not level and globals is not None:
            file = globals.get("__file__")
            if isinstance(file, str) and session.is_own(file):
                return module
        return genuine(name, globals, locals, fromlist, level)

    builtins.__import__ = importing
    try:
        yield
    finally:
        builtins.__import__ = genuine


def _number(value: Any) -> Any:
    """A number that a placeholder stands for; anything else as it is."""
    if isinstance(value, PlaceholderText):
        return value.__index__()
    return float(value) if isinstance(value, Survivor) else value


@contextlib.contextmanager
def _repeatable(session: Session) -> Iterator[None]:
    """``time.time`` stands still and ``uuid4`` repeats itself, for files of the repository."""
    clock, unique, drawn = time.time, uuid.uuid4, random.Random(0)

    def now() -> float:
        if not session.asked_by_repository():
            return clock()
        session.assume("now", f"{session.now.isoformat()} while DAG files load")
        return session.now.timestamp()

    def made() -> uuid.UUID:
        if not session.asked_by_repository():
            return unique()
        return uuid.UUID(int=drawn.getrandbits(128), version=4)

    state = random.getstate()
    random.seed(0)
    time.time, uuid.uuid4 = now, made
    try:
        yield
    finally:
        time.time, uuid.uuid4 = clock, unique
        random.setstate(state)
