"""Values from outside DAG files: Variables, Connections, settings, a running task's context."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.exceptions import AirflowException
from windtunnel.loaders.standin.placeholder import (
    Placeholder,
    PlaceholderMapping,
    PlaceholderText,
)

_NONE_GIVEN: Any = object()

_task_context: ContextVar[Mapping[str, Any] | None] = ContextVar("task_context", default=None)


@contextmanager
def task_context(context: Mapping[str, Any]) -> Iterator[None]:
    """What ``get_current_context()`` gives inside the ``with`` block: for running task bodies."""
    token = _task_context.set(context)
    try:
        yield
    finally:
        _task_context.reset(token)


def get_current_context() -> Mapping[str, Any]:
    """The context of the task that is running.

    Raises:
        AirflowException: no task is running.
    """
    context = _task_context.get()
    if context is None:
        raise AirflowException(
            "get_current_context() was called outside a running task; it has no meaning while a "
            "DAG file is loaded"
        )
    return context


class Variable:
    """Airflow Variables: unknown here, so the file's own default, or a placeholder."""

    def __init__(self, key: Any = None, val: Any = None, *_: Any, **__: Any) -> None:
        self.key = key
        self.val = val

    @classmethod
    def get(
        cls,
        key: str,
        default_var: Any = _NONE_GIVEN,
        deserialize_json: bool = False,  # noqa: ARG003 - a placeholder serves for both
        default: Any = _NONE_GIVEN,
    ) -> Any:
        """The default given in the file, else a placeholder that reads as ``1``."""
        given = default if default is not _NONE_GIVEN else default_var
        if given is not _NONE_GIVEN:
            session.current().assume(
                f"Variable {key}", "not set: the DAG file's own default is used"
            )
            return given
        session.current().assume(
            f"Variable {key}", "unknown: a placeholder that reads as '1' is used"
        )
        return PlaceholderText()

    @classmethod
    def setdefault(cls, key: str, default: Any, *_: Any, **__: Any) -> Any:
        """The default."""
        return cls.get(key, default)

    @classmethod
    def set(cls, *_: Any, **__: Any) -> None:
        """Nothing is stored."""

    @classmethod
    def delete(cls, *_: Any, **__: Any) -> int:
        """Nothing is stored."""
        return 0


class Connection:
    """An Airflow Connection: what the file itself gives, placeholders for the rest."""

    def __init__(self, conn_id: str | None = None, **fields: Any) -> None:
        self.conn_id = conn_id
        for name, value in fields.items():
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name == "extra_dejson":
            return PlaceholderMapping()
        return 1 if name == "port" else PlaceholderText()

    @classmethod
    def get_connection_from_secrets(cls, conn_id: str) -> Connection:
        """A Connection whose fields are placeholders."""
        return get_connection(conn_id)

    get = get_connection_from_secrets


def get_connection(conn_id: str) -> Connection:
    """A Connection whose fields are placeholders."""
    session.current().assume(f"Connection {conn_id}", "unknown: its fields are placeholders")
    return Connection(conn_id)


class BaseHook:
    """A hook: inert, but its subclasses in DAG files work."""

    conn_name_attr = "conn_id"
    default_conn_name = "default"

    def __init__(self, *_: Any, **kwargs: Any) -> None:
        self.options = kwargs

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        """A Connection whose fields are placeholders."""
        return get_connection(conn_id)

    @classmethod
    def get_hook(cls, conn_id: str, *_: Any, **__: Any) -> BaseHook:
        """A hook for a Connection."""
        return cls(conn_id=conn_id)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return Placeholder(f"{type(self).__name__}.{name}")


class Settings:
    """``conf``: the fallback given in the file, else a placeholder."""

    def get(
        self, section: str, key: str = "", *_: Any, fallback: Any = _NONE_GIVEN, **__: Any
    ) -> Any:
        """The fallback, else a placeholder."""
        return self._read(section, key, fallback, PlaceholderText())

    def getboolean(
        self, section: str, key: str = "", *_: Any, fallback: Any = _NONE_GIVEN, **__: Any
    ) -> bool:
        """The fallback, else ``False``."""
        return bool(self._read(section, key, fallback, False))

    def getint(
        self, section: str, key: str = "", *_: Any, fallback: Any = _NONE_GIVEN, **__: Any
    ) -> int:
        """The fallback, else 1."""
        return int(self._read(section, key, fallback, 1))

    def getfloat(
        self, section: str, key: str = "", *_: Any, fallback: Any = _NONE_GIVEN, **__: Any
    ) -> float:
        """The fallback, else 1."""
        return float(self._read(section, key, fallback, 1.0))

    def has_option(self, *_: Any, **__: Any) -> bool:
        """No setting is known."""
        return False

    def getsection(self, *_: Any, **__: Any) -> dict[str, Any]:
        """No setting is known."""
        return {}

    def as_dict(self, *_: Any, **__: Any) -> dict[str, Any]:
        """No setting is known."""
        return {}

    def _read(self, section: str, key: str, fallback: Any, placeholder: Any) -> Any:
        known = fallback is not _NONE_GIVEN
        session.current().assume(
            f"setting [{section}] {key}",
            "not set: the DAG file's own fallback is used"
            if known
            else f"unknown: {str(placeholder)!r} is used",
        )
        return fallback if known else placeholder


def is_venv_installed() -> bool:
    """Whether virtualenv is installed where tasks run: taken not to be."""
    session.current().assume("module virtualenv", "isn't installed where DAG files are loaded")
    return False


class Param:
    """A parameter of a DAG: its default and its description."""

    def __init__(self, default: Any = None, description: str | None = None, **schema: Any) -> None:
        self.value = default
        self.description = description
        self.schema = schema

    def resolve(self, value: Any = None, **_: Any) -> Any:
        """The value given, else the default."""
        return self.value if value is None else value


class ParamsDict(dict[str, Any]):
    """Parameters by name."""
