"""Values from outside DAG files: Variables, Connections, settings, a running task's context."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.exceptions import (
    AirflowException,
    AirflowNotFoundException,
    AirflowRuntimeError,
)
from windtunnel.loaders.standin.operators import LoggingMixin
from windtunnel.loaders.standin.placeholder import (
    Placeholder,
    PlaceholderMapping,
    PlaceholderText,
    guessed,
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


@contextmanager
def tasks_run() -> Iterator[Callable[[datetime], None]]:
    """Inside the ``with`` block tasks run: what is unknown fails them, and Variables can be set.
    Gives a function that says what time it is."""
    now = session.current()
    kept = now.running, now.now, dict(now.variables)
    now.running = True

    def tell(instant: datetime) -> None:
        now.now = instant

    try:
        yield tell
    finally:
        now.running, now.now = kept[:2]
        now.variables = kept[2]


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
        deserialize_json: bool = False,
        default: Any = _NONE_GIVEN,
    ) -> Any:
        """What was supplied, the default given in the file, or a placeholder that reads as
        ``1``."""
        given = default if default is not _NONE_GIVEN else default_var
        now = session.current()
        known = _supplied_variable(str(key))
        subject = f"Variable {key}"
        if known is not _NONE_GIVEN:
            return _in_form(known, as_json=deserialize_json)
        if subject in now.guesses.answers:
            return PlaceholderMapping() if deserialize_json else guessed(subject)
        if given is not _NONE_GIVEN:
            if not given:
                now.asked.absent[subject] = None
            now.assume(subject, "not set: the DAG file's own default is used")
            return given
        if now.running:
            raise _not_found(f"Variable {key} does not exist; supply it with --variables")
        now.assume(subject, "unknown: a placeholder that reads as '1' is used")
        return PlaceholderMapping() if deserialize_json else PlaceholderText(about=subject)

    @classmethod
    def setdefault(cls, key: str, default: Any, *_: Any, **__: Any) -> Any:
        """The default."""
        return cls.get(key, default)

    @classmethod
    def set(
        cls, key: str, value: Any, _: Any = None, serialize_json: bool = False, **__: Any
    ) -> None:
        """Known from now on to the tasks of this simulation; of a DAG file nothing is stored."""
        if session.current().running:
            text = json.dumps(value, indent=2) if serialize_json else str(value)
            session.current().variables[key] = text

    @classmethod
    def delete(cls, key: str, *_: Any, **__: Any) -> int:
        """How many there were; what a DAG file deletes stays."""
        if not session.current().running:
            return 0
        return 0 if session.current().variables.pop(key, None) is None else 1


def _not_found(message: str) -> Exception:
    """What a release raises for an unknown Variable."""
    old = session.current().profile.startswith("airflow-2")
    return KeyError(message) if old else AirflowRuntimeError(f"VARIABLE_NOT_FOUND: {message}")


def _supplied_variable(key: str) -> Any:
    """A Variable that the user, or the environment, supplied."""
    now = session.current()
    if key in now.variables:
        return now.variables[key]
    return _from_environment(f"AIRFLOW_VAR_{key.upper()}")


def _from_environment(name: str) -> Any:
    """What an environment variable of Airflow's says; it is recorded that it was asked for. Tasks
    that run aren't told: what lies around must not decide what they do."""
    if session.current().running:
        return _NONE_GIVEN
    value = os.environ.get(name)
    session.current().environment[name] = value
    return _NONE_GIVEN if value is None else value


def _in_form(value: Any, *, as_json: bool) -> Any:
    """A Variable as text, or as what its JSON means."""
    if as_json:
        return json.loads(value) if isinstance(value, str) else value
    return value if isinstance(value, str) else json.dumps(value)


class Connection:
    """An Airflow Connection: what the file or the user gives, placeholders for the rest."""

    def __init__(
        self, conn_id: str | None = None, *_: Any, uri: str | None = None, **fields: Any
    ) -> None:
        self.conn_id = conn_id
        if uri is not None:
            fields = {**_fields_of(uri), **fields}
        if isinstance(fields.get("extra"), dict):
            fields["extra_dejson"], fields["extra"] = fields["extra"], json.dumps(fields["extra"])
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


def _fields_of(uri: str) -> dict[str, Any]:
    """The fields of a Connection that is written as a URI."""
    parts = urlsplit(uri)
    return {
        "conn_type": parts.scheme.replace("-", "_"),
        "host": unquote(parts.hostname or ""),
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "port": parts.port,
        "schema": unquote(parts.path.lstrip("/")),
        "extra": dict(parse_qsl(parts.query)),
    }


def get_connection(conn_id: str) -> Connection:
    """A Connection as it was supplied; else its fields are placeholders."""
    known = session.current().connections.get(conn_id, _NONE_GIVEN)
    if known is _NONE_GIVEN:
        known = _from_environment(f"AIRFLOW_CONN_{str(conn_id).upper()}")
    if isinstance(known, str) and known.lstrip().startswith("{"):
        known = json.loads(known)
    if isinstance(known, str):
        return Connection(conn_id, uri=known)
    if isinstance(known, dict):
        return Connection(conn_id, **known)
    if session.current().running:
        raise AirflowNotFoundException(
            f"Connection {conn_id!r} does not exist; supply it with --connections"
        )
    session.current().assume(f"Connection {conn_id}", "unknown: its fields are placeholders")
    return Connection(conn_id)


class _Columns(type):
    """Lets columns of Airflow's table be named."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return Placeholder(f"{cls.__name__}.{name}")


class BaseXCom(metaclass=_Columns):
    """What XCom backends of the repository are built on; tasks that run may use it, too."""

    _serialising: ContextVar[tuple[Any, bool] | None] = ContextVar("serialising", default=None)

    @classmethod
    @contextmanager
    def serialising(cls, serde: Any, *, as_bytes: bool) -> Iterator[None]:
        """Inside the ``with`` block it serialises as the release does, by something with
        ``packed`` and ``unpacked`` (``encode`` and ``decode``, if as bytes)."""
        token = cls._serialising.set((serde, as_bytes))
        try:
            yield
        finally:
            cls._serialising.reset(token)

    @staticmethod
    def serialize_value(value: Any, **_: Any) -> Any:
        """What is stored: what JSON can say, in 2.x bytes."""
        serde, as_bytes = BaseXCom._in_force()
        return serde.encode(value) if as_bytes else serde.packed(value)

    @staticmethod
    def deserialize_value(result: Any) -> Any:
        """The value of a stored one."""
        serde, as_bytes = BaseXCom._in_force()
        return serde.decode(result.value) if as_bytes else serde.unpacked(result.value)

    def orm_deserialize_value(self) -> Any:
        """What the UI shows."""
        return None

    @staticmethod
    def purge(*_: Any, **__: Any) -> None:
        """Called before an XCom is deleted."""

    @classmethod
    def _in_force(cls) -> tuple[Any, bool]:
        found = cls._serialising.get()
        if found is None:
            raise AirflowException("XComs are serialised only when a task pushes or pulls")
        return found


class BaseHook(LoggingMixin):
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
        value = self._read(section, key, fallback, False)
        return value.lower() in ("t", "true", "1") if isinstance(value, str) else bool(value)

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
        now = session.current()
        told = now.config.get(section.lower(), {}).get(key.lower(), _NONE_GIVEN)
        if told is _NONE_GIVEN:
            told = _from_environment(f"AIRFLOW__{section.upper()}__{key.upper()}")
        if told is not _NONE_GIVEN:
            return told
        if (section, key) == ("core", "dags_folder"):
            return str(now.folder)
        known = fallback is not _NONE_GIVEN
        now.assume(
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

    def __init__(
        self, default: Any = _NONE_GIVEN, description: str | None = None, **schema: Any
    ) -> None:
        self.is_given = default is not _NONE_GIVEN
        self.value = default if self.is_given else None
        self.description = description
        whole = schema.get("schema")
        self.schema = whole if isinstance(whole, dict) else schema

    def resolve(self, value: Any = None, **_: Any) -> Any:
        """The value given, else the default."""
        return self.value if value is None else value


class ParamsDict(dict[str, Any]):
    """Parameters by name."""
