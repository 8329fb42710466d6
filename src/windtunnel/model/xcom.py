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


class XComBackend(Value):
    """How XComs are stored. Airflow itself sets no limit to their size; the database does."""

    database: Literal["postgresql", "mysql", "sqlite"] = "postgresql"
    max_bytes: Annotated[int, Field(ge=1)] | None = None
    """``None``: what the database takes with its own defaults."""
    pickling: bool = False
    """2.x: ``[core] enable_xcom_pickling``."""
    allowed_deserialization_classes: tuple[str, ...] = ("airflow.*",)
    """Globs of classes that may be made again from an XCom (``[core]``)."""
    objectstorage_threshold: Annotated[int, Field(ge=-1)] = -1
    """Bytes from which on a value goes to object storage (``[common.io]
    xcom_objectstorage_threshold``); -1: never."""

    def largest(self, column: XComColumn) -> int:
        """Bytes that the database takes."""
        return LARGEST[self.database, column] if self.max_bytes is None else self.max_bytes
