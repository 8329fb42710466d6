"""XCom backend: where results of tasks are kept, and what fits there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from windtunnel.model.base import Value

XComColumn = Literal["json", "blob"]
"""Type of the column ``xcom.value``: JSON (3.x) or bytes (2.x)."""

LARGEST: dict[tuple[str, XComColumn], int] = {
    ("postgresql", "json"): 2**28 - 1,
    ("postgresql", "blob"): 10**9,
    ("mysql", "json"): 2**26,
    ("mysql", "blob"): 2**26,
    ("sqlite", "json"): 10**9,
    ("sqlite", "blob"): 10**9,
}
"""Bytes that one value may have with the databases' own defaults: JSONB and bytea of PostgreSQL,
``max_allowed_packet`` of MySQL 8, ``SQLITE_MAX_LENGTH``."""


AIRFLOWS_OWN = ("BaseXCom", "XComObjectStorageBackend")
"""Backends of Airflow's that are known here: the second is said by ``objectstorage_threshold``."""


class XComBackend(Value):
    """How XComs are stored. Airflow itself sets no limit to their size; the database does."""

    database: Literal["postgresql", "mysql", "sqlite"] = "postgresql"
    """Whose column the values are stored in."""
    backend: str | None = None
    """``[core] xcom_backend``: full name of a class of the repository, which serialises under
    ``--execute``; ``None``: Airflow's own."""
    max_bytes: Annotated[int, Field(ge=1)] | None = None
    """``None``: what the database takes with its own defaults."""
    push_mb_per_s: Annotated[float, Field(gt=0)] | None = None
    """How fast modelled results (`Rule.result_bytes`) are stored; ``None``: at once. A worker that
    pushes sends no heartbeat: after ``task_instance_heartbeat_timeout`` it counts as lost."""
    pickling: bool = False
    """2.x: ``[core] enable_xcom_pickling``."""
    allowed_deserialization_classes: tuple[str, ...] = ("airflow.*",)
    """Globs of classes that may be made again from an XCom (``[core]``)."""
    objectstorage_threshold: Annotated[int, Field(ge=-1)] = -1
    """Bytes from which on a value goes to object storage (``[common.io]
    xcom_objectstorage_threshold``); -1: never."""

    @property
    def own_class(self) -> str | None:
        """The backend, if it isn't Airflow's own."""
        name = self.backend
        if name is None:
            return None
        is_known = name.startswith("airflow.") and name.rpartition(".")[2] in AIRFLOWS_OWN
        return None if is_known else name

    def push_s(self, size: int) -> float:
        """Seconds that it takes to store a value of so many bytes."""
        return 0.0 if self.push_mb_per_s is None else size / 1024**2 / self.push_mb_per_s

    def largest(self, column: XComColumn) -> int:
        """Bytes that the database takes."""
        return LARGEST[self.database, column] if self.max_bytes is None else self.max_bytes

    def takes(self, size: int, column: XComColumn) -> bool:
        """Whether a value of so many bytes can be stored: in the database, or beside it."""
        return self.goes_elsewhere(size) or size <= self.largest(column)

    def goes_elsewhere(self, size: int) -> bool:
        """Whether a value of so many bytes goes to object storage."""
        return 0 <= self.objectstorage_threshold <= size

    def refusal(self, name: str, size: int, column: XComColumn) -> str:
        """Why a value is not taken, and what to do; ``name`` is that of the XCom."""
        return (
            f"{name} has {size:,} bytes, and {self.database} takes {self.largest(column):,}. Store "
            "the value elsewhere and hand over its path, or use the object storage backend"
        )


def xcom_name(dag_id: str, task_id: str, key: str = "return_value") -> str:
    """How messages call an XCom."""
    return f"XCom {key!r} of {dag_id}.{task_id}"
