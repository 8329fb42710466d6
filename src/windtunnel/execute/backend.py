"""Backend: what makes the stored form of an XCom: Airflow's own serialisation, or a user's class.

From Airflow: ``[core] xcom_backend``, ``models/xcom.py: resolve_xcom_backend`` (2.x),
``sdk/execution_time/xcom.py`` (3.x).
"""

from __future__ import annotations

import importlib
import inspect
import json
import types
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.execute.classes import Classes
from windtunnel.execute.facts import TryFacts
from windtunnel.execute.serde import NotCarriedError, Serde, in_json, type_name
from windtunnel.loaders.standin.values import BaseXCom
from windtunnel.model import Profile, XComBackend

DECLARED = "\0"
"""Marks a declared result where a backend of the user's is in force: that never saw it."""


def serde_of(profile: Profile, backend: XComBackend, classes: Classes | None = None) -> Serde:
    """How Airflow itself makes what XComs are stored as."""
    return Serde(
        nested_tuples_kept=profile.xcom_nested_tuples_kept,
        allowed=backend.allowed_deserialization_classes,
        pickling=backend.pickling and profile.xcom_column == "blob",
        pydantic=profile.xcom_carries_pydantic,
        classes=classes,
    )


class OwnBackend:
    """A class of the user's that serialises, over Airflow's own serialisation."""

    def __init__(self, name: str, serde: Serde, *, as_bytes: bool) -> None:
        self._class = _backend_class(name)
        self._serde, self._as_bytes = serde, as_bytes
        self._name = name

    def encode(self, value: Any, key: str, facts: TryFacts) -> bytes:
        """The stored form.

        Raises:
            NotCarriedError: there is none.
        """
        said = {
            "key": key,
            "task_id": facts.task_id,
            "dag_id": facts.run.dag_id,
            "run_id": facts.run.run_id,
            "map_index": facts.map_index,
        }
        serialize = self._class.serialize_value
        with BaseXCom.serialising(self._serde, as_bytes=self._as_bytes):
            made = serialize(value, **_taken(serialize, said))
        if not self._as_bytes:
            return in_json(made, value)
        if not isinstance(made, bytes):
            why = f"{self._name} made {type_name(made)} of it, and XComs are stored as bytes"
            raise NotCarriedError(why, type_name(value))
        return made

    def decode(self, stored: bytes, key: str | None) -> Any:
        """A new object."""
        value = stored if self._as_bytes else json.loads(stored)
        with BaseXCom.serialising(self._serde, as_bytes=self._as_bytes):
            return self._class.deserialize_value(types.SimpleNamespace(key=key, value=value))


class PlainBackend:
    """Airflow's own serialisation."""

    def __init__(self, serde: Serde) -> None:
        self._serde = serde

    def encode(self, value: Any, key: str, facts: TryFacts) -> bytes:  # noqa: ARG002
        """The stored form."""
        return self._serde.encode(value)

    def decode(self, stored: bytes, key: str | None) -> Any:  # noqa: ARG002
        """A new object."""
        return self._serde.decode(stored)


def backend_of(profile: Profile, backend: XComBackend, serde: Serde) -> OwnBackend | PlainBackend:
    """What makes stored forms.

    Raises:
        InvalidInput: a class of the user's can't be used.
    """
    if backend.own_class is None:
        return PlainBackend(serde)
    return OwnBackend(backend.own_class, serde, as_bytes=profile.xcom_column == "blob")


def _backend_class(name: str) -> Any:
    module, _, short = name.rpartition(".")
    try:
        cls = getattr(importlib.import_module(module), short)
    except Exception as error:  # whatever a module of somebody's may raise
        raise InvalidInput(
            f"[cluster.xcom] backend = {name!r}: it can't be imported ({error}); write the full "
            "name of a class in the repository, or in a folder given by --path"
        ) from None
    if not (isinstance(cls, type) and issubclass(cls, BaseXCom)):
        raise InvalidInput(
            f"[cluster.xcom] backend = {name!r}: it isn't a subclass of BaseXCom, and Airflow "
            "refuses it"
        )
    return cls


def _taken(function: Any, named: dict[str, Any]) -> dict[str, Any]:
    """Those arguments that a function takes: backends of old take the value only."""
    parameters = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return named
    return {name: value for name, value in named.items() if name in parameters}
