"""What becomes of a value on its way through an XCom: text in between, and a new object behind it.

From Airflow: ``sdk/serde`` and its serializers (3.x), ``serialization/serde.py`` and
``utils/json.py: XComEncoder`` (2.x).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import importlib
import json
import pickle
import uuid
import zoneinfo
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from windtunnel.execute.classes import Classes
from windtunnel.execute.dates import pendulum_like

CLASS, VERSION, DATA = "__classname__", "__version__", "__data__"
RESERVED = (CLASS, "__id__")
BUILT_IN = {"tuple": tuple, "set": set, "frozenset": frozenset}
PYDANTIC = "pydantic.main.BaseModel"
DAG_FILE = "windtunnel_dag_file_"
"""What the modules of DAG files are called while they are loaded; nobody knows them by it."""


class NotCarriedError(TypeError):
    """A value that can't go through an XCom."""

    def __init__(self, message: str, type_name: str) -> None:
        super().__init__(message.replace(DAG_FILE, ""))
        self.type_name = type_name.replace(DAG_FILE, "")


class Serde:
    """Encodes and decodes as one release of Airflow does.

    Args:
        nested_tuples_kept: whether a tuple inside a list or dict stays one.
        allowed: globs of classes that may be made again (``[core]
            allowed_deserialization_classes``).
        pickling: whether values are pickled (2.x, ``[core] enable_xcom_pickling``).
        pydantic: whether pydantic models are known.
        classes: where classes are found by name.
    """

    def __init__(
        self,
        *,
        nested_tuples_kept: bool = True,
        allowed: tuple[str, ...] = ("airflow.*",),
        pickling: bool = False,
        pydantic: bool = True,
        classes: Classes | None = None,
    ) -> None:
        self._nested_tuples_kept = nested_tuples_kept
        self._allowed = allowed
        self._pickling = pickling
        self._pydantic = pydantic
        self._classes = classes or Classes()

    def encode(self, value: Any) -> bytes:
        """The stored form.

        Raises:
            NotCarriedError: there is none.
        """
        try:
            return self._pickled(value) if self._pickling else in_json(self.packed(value), value)
        except RecursionError:
            why = "it contains itself, or is nested too deep"
            raise NotCarriedError(why, type_name(value)) from None

    def decode(self, stored: bytes) -> Any:
        """A new object.

        Raises:
            ImportError: its class isn't allowed, or not to be found.
        """
        if not self._pickling:
            return self.unpacked(json.loads(stored))
        with self._classes.known():
            return pickle.loads(stored)

    def packed(self, value: Any) -> Any:
        """What JSON can say of a value.

        Raises:
            NotCarriedError: nothing.
        """
        return self._packed(value) if self._nested_tuples_kept else self._packed_for_json(value)

    def unpacked(self, data: Any) -> Any:
        """The value of which JSON said this."""
        return self._unpacked(data)

    # -- into plain values --------------------------------------------------------------------

    def _packed_for_json(self, value: Any) -> Any:
        """2.x gives the JSON encoder what it knows itself, and packs only the rest: tuples inside
        other values become lists."""
        return self._packed(value) if isinstance(value, tuple) else self._half_packed(value)

    def _half_packed(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {_checked(key): self._half_packed(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._half_packed(item) for item in value]
        if value is None or isinstance(value, str | int | float):
            return value
        return self._packed(value)

    def _packed(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, list):
            return [self._packed(item) for item in value]
        if isinstance(value, dict):
            return {str(_checked(key)): self._packed(item) for key, item in value.items()}
        if isinstance(value, tuple):
            return _wrapped("builtins.tuple", [self._packed(item) for item in value])
        known = _known(value)
        if known is not None:
            name, data = known
            return _wrapped(name, self._packed(data))
        if isinstance(value, str | int | float):
            return value.value if isinstance(value, enum.Enum) else value
        return self._packed_object(value)

    def _packed_object(self, value: Any) -> Any:
        cls = type(value)
        name = type_name(value)
        if _is_pretended(cls):
            raise NotCarriedError(
                f"{value!r} stands for something that is not known here", cls.__name__
            )
        version = getattr(cls, "__version__", 0)
        if self._pydantic and _is_pydantic(cls):
            return _wrapped(name, self._packed(value.model_dump(mode="json")))
        if hasattr(value, "serialize"):
            data = value.serialize()
            return _wrapped(name, self._packed(data) if isinstance(data, dict) else data, version)
        if dataclasses.is_dataclass(cls):
            return _wrapped(name, self._packed(dataclasses.asdict(value)), version)
        if (names := _attrs_fields(cls)) is not None:
            data = {field: getattr(value, field) for field in names}
            return _wrapped(name, self._packed(data), version)
        raise NotCarriedError(f"an object of {name} can't be carried by an XCom", name)

    def _pickled(self, value: Any) -> bytes:
        try:
            with self._classes.known():
                return pickle.dumps(value)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise NotCarriedError(f"it can't be pickled: {error}", type_name(value)) from None

    # -- and back -----------------------------------------------------------------------------

    def _unpacked(self, data: Any) -> Any:
        if isinstance(data, list):
            return [self._unpacked(item) for item in data]
        if not isinstance(data, dict):
            return data
        if CLASS not in data or VERSION not in data:
            return {key: self._unpacked(item) for key, item in data.items()}
        return self._made(data[CLASS], self._unpacked(data.get(DATA)))

    def _made(self, name: str, data: Any) -> Any:
        if name in MAKERS:
            return MAKERS[name](data)
        module, _, short = name.rpartition(".")
        if module == "builtins" and short in BUILT_IN:
            return BUILT_IN[short](data)
        if module == "numpy":
            return getattr(importlib.import_module("numpy"), short)(data)
        if name.startswith("pandas.") and short == "DataFrame":
            return _data_frame(data)
        if not any(fnmatchcase(name, glob) for glob in self._allowed):
            raise ImportError(
                f"{name.replace(DAG_FILE, '')} was found in an XCom, and [core] "
                "allowed_deserialization_classes doesn't allow it; add it there, or hand over "
                "plain values"
            )
        cls: Any = self._classes.find(name)
        if self._pydantic and _is_pydantic(cls):
            return cls.model_validate(data)
        if hasattr(cls, "deserialize"):
            return cls.deserialize(data, getattr(cls, "__version__", 0))
        return cls(**data)


def in_json(data: Any, value: Any) -> bytes:
    """Packed data as text; ``value`` is what it was made of.

    Raises:
        NotCarriedError: JSON can't say it.
    """
    try:
        return json.dumps(data).encode()
    except (TypeError, ValueError) as error:
        raise NotCarriedError(str(error), type_name(value)) from None


def type_name(value: Any) -> str:
    """The full name of a value's class."""
    cls = type(value)
    return f"{cls.__module__}.{cls.__qualname__}"


def _checked(key: Any) -> Any:
    if key in RESERVED:
        raise NotCarriedError(f"the key {key!r} of a dict is Airflow's own", "dict")
    return key


def _wrapped(name: str, data: Any, version: int = 1) -> dict[str, Any]:
    return {CLASS: name, VERSION: version, DATA: data}


def _known(value: Any) -> tuple[str, Any] | None:
    """Name and data of a value of a class that Airflow has a serializer for."""
    if isinstance(value, dt.datetime):
        cls = type(value)
        name = "pendulum.datetime.DateTime" if _is_pendulum(cls) else "datetime.datetime"
        return name, {"timestamp": value.timestamp(), "tz": _zone_name(value)}
    if isinstance(value, dt.date):
        return "datetime.date", value.isoformat()
    if isinstance(value, dt.timedelta):
        return "datetime.timedelta", value.total_seconds()
    if isinstance(value, decimal.Decimal):
        exponent = value.as_tuple().exponent
        whole = isinstance(exponent, int) and exponent >= 0
        return "decimal.Decimal", int(value) if whole else float(value)
    if isinstance(value, uuid.UUID):
        return "uuid.UUID", str(value)
    if isinstance(value, zoneinfo.ZoneInfo):
        return "zoneinfo.ZoneInfo", value.key
    if isinstance(value, set | frozenset):
        return f"builtins.{type(value).__name__}", list(value)
    return _of_numbers(value)


def _of_numbers(value: Any) -> tuple[str, Any] | None:
    """Scalars of numpy and tables of pandas; neither is imported for that."""
    cls = type(value)
    library = cls.__module__.partition(".")[0]
    if library not in ("numpy", "pandas") or _is_pretended(cls):
        return None
    name, bases = f"numpy.{cls.__name__}", {base.__name__ for base in cls.__mro__}
    if library == "pandas":
        is_table = "DataFrame" in bases
        data = value.to_parquet(engine="pyarrow").hex() if is_table else None
        return ("pandas.core.frame.DataFrame", data) if is_table else None
    if bases & {"bool_", "bool"}:
        return name, bool(value)
    if "integer" in bases:
        return name, int(value)
    return (name, float(value)) if "floating" in bases else None


def _is_pretended(cls: type) -> bool:
    """Whether it stands for something that isn't installed, or for Airflow's own."""
    return any(base.__module__.startswith("windtunnel.") for base in cls.__mro__)


def _data_frame(data: str) -> Any:
    io = importlib.import_module("io")
    return importlib.import_module("pandas").read_parquet(
        io.BytesIO(bytes.fromhex(data)), engine="pyarrow"
    )


def _is_pendulum(cls: type) -> bool:
    return any(base.__name__ == "DateTime" for base in cls.__mro__)


def _zone_name(value: dt.datetime) -> Any:
    if value.tzinfo is None:
        return None
    named = getattr(value.tzinfo, "key", None) or getattr(value.tzinfo, "name", None)
    if isinstance(named, str):
        return named
    offset = value.utcoffset()
    return offset.total_seconds() if offset else "UTC"


def _zone(name: Any) -> dt.tzinfo | None:
    if name is None or name == "UTC":
        return dt.UTC if name else None
    if isinstance(name, str):
        return zoneinfo.ZoneInfo(name)
    return dt.timezone(dt.timedelta(seconds=name))


def _instant(data: dict[str, Any]) -> dt.datetime:
    return dt.datetime.fromtimestamp(data["timestamp"], _zone(data["tz"]))


def _pendulum_instant(data: dict[str, Any]) -> Any:
    return pendulum_like(_instant(data))


MAKERS: dict[str, Callable[[Any], Any]] = {
    "datetime.datetime": _instant,
    "datetime.date": dt.date.fromisoformat,
    "datetime.timedelta": lambda data: dt.timedelta(seconds=float(data)),
    "pendulum.datetime.DateTime": _pendulum_instant,
    "decimal.Decimal": lambda data: decimal.Decimal(str(data)),
    "uuid.UUID": uuid.UUID,
    "zoneinfo.ZoneInfo": zoneinfo.ZoneInfo,
}


def _is_pydantic(cls: type) -> bool:
    return any(f"{base.__module__}.{base.__name__}" == PYDANTIC for base in cls.__mro__)


def _attrs_fields(cls: type) -> list[str] | None:
    """Names of the fields of an attrs class that its constructor takes."""
    fields = getattr(cls, "__attrs_attrs__", None)
    return None if fields is None else [field.name for field in fields if field.init]
