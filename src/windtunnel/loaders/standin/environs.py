"""Environs: pretend ``environs``, ``decouple`` and ``dotenv``, which read environment variables."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.placeholder import (
    Placeholder,
    PlaceholderMapping,
    PlaceholderText,
    guessed,
)

_REQUIRED: Any = object()
TRUE = frozenset(("1", "true", "t", "yes", "y", "on"))


def variable(name: str, default: Any = _REQUIRED, cast: Callable[[str], Any] = str) -> Any:
    """An environment variable in some form; the default, or a placeholder, if it isn't set."""
    now = session.current()
    value = os.environ.get(name)
    now.environment[name] = value
    if value is not None:
        return cast(value)
    subject = f"environment variable {name}"
    if subject in now.guesses.answers:
        return cast(guessed(subject))
    if default is not _REQUIRED:
        if not default:
            now.asked.absent[subject] = None
        now.assume(subject, "isn't set: the file's own default holds")
        return default
    now.assume(subject, "isn't set: a placeholder that reads as '1' is used")
    if cast is json.loads:
        return PlaceholderMapping()
    return PlaceholderText(about=subject) if cast is str else cast("1")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _pairs(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in _listed(text) if "=" in part)


CASTS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": lambda text: text.lower() in TRUE,
    "list": _listed,
    "dict": _pairs,
    "json": json.loads,
}


class Env:
    """``environs.Env``."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self._prefix = ""

    def __call__(self, name: str, default: Any = _REQUIRED, **_: Any) -> Any:
        """An environment variable as text."""
        return variable(f"{self._prefix}{name}", default)

    def __getattr__(self, kind: str) -> Any:
        if kind.startswith("_"):
            raise AttributeError(kind)

        def read(name: str, default: Any = _REQUIRED, **_: Any) -> Any:
            return variable(f"{self._prefix}{name}", default, CASTS.get(kind, str))

        return read

    def read_env(self, *_: Any, **__: Any) -> bool:
        """No ``.env`` file is read: what it says may hold elsewhere."""
        return False

    @contextlib.contextmanager
    def prefixed(self, prefix: str) -> Iterator[Env]:
        """Inside the ``with`` block names begin with this."""
        before = self._prefix
        self._prefix += prefix
        try:
            yield self
        finally:
            self._prefix = before


def config(name: str, default: Any = _REQUIRED, cast: Any = str) -> Any:
    """``decouple.config``."""
    value = variable(name, default, CASTS["bool"] if cast is bool else cast)
    return (
        cast(value) if default is not _REQUIRED and value is default and callable(cast) else value
    )


class _Environs(ModuleType):
    """Pretend ``environs``, ``decouple`` or ``dotenv``."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__dict__.update(
            Env=Env,
            EnvError=ValueError,
            config=config,
            UndefinedValueError=KeyError,
            load_dotenv=lambda *_, **__: False,
            find_dotenv=lambda *_, **__: "",
            dotenv_values=lambda *_, **__: {},
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return Placeholder(f"{self.__name__}.{name}")


def pretend_environs(name: str) -> ModuleType:
    """A pretend module that reads environment variables."""
    return _Environs(name)
