"""Database: serialized DAGs and pools straight from Airflow's metadata database, read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.metadata import opened, shown, tables_of
from windtunnel.loaders.origin import LoadedFrom
from windtunnel.loaders.serialized.load import fleet_of, unpacked
from windtunnel.model import Cluster, Pool


def load_database(place: str | Path, *, profile: str | None = None) -> LoadedFrom:
    """Load the DAGs that are in a metadata database, paused or not, and the sizes of its pools.

    Nothing is written. DAGs that Airflow no longer finds in any file are left out.

    Args:
        place: a URL as in ``[database] sql_alchemy_conn``, or the path of an SQLite file.
        profile: the Airflow release that will be simulated; by default the one that wrote it.

    Raises:
        InvalidInput: SQLAlchemy or the database's driver is not installed, the database can't be
            reached, or it is none of Airflow's.
    """
    tables = _tables(place)
    if "serialized_dag" not in tables:
        raise InvalidInput(f"{shown(place)}: no metadata database of Airflow: no serialized_dag")
    known = {row["dag_id"]: row for row in tables["dag"]}
    gone = {i for i, r in known.items() if r.get("is_stale") or r.get("is_active") in (0, False)}
    latest = {row["dag_id"]: row for row in sorted(tables["serialized_dag"], key=_written)}
    documents = [
        (str(row["dag_id"]), unpacked(row.get("data"), row.get("data_compressed")))
        for dag_id, row in sorted(latest.items())
        if dag_id not in gone
    ]
    paused = {dag_id: bool(row.get("is_paused")) for dag_id, row in known.items()}
    loaded = fleet_of(documents, profile=profile, paused=paused)
    cluster = Cluster.model_validate(
        {"profile": profile or loaded.profile, "pools": _pools(tables)}
    )
    return replace(
        loaded, fleet=loaded.fleet.model_copy(update={"complete": True}), cluster=cluster
    )


def _written(row: Mapping[str, Any]) -> str:
    return str(row.get("last_updated") or row.get("created_at") or "")


def _pools(tables: Mapping[str, list[dict[str, Any]]]) -> dict[str, Pool]:
    return {
        str(row["pool"]): Pool(
            slots=row["slots"], include_deferred=bool(row.get("include_deferred", False))
        )
        for row in tables.get("slot_pool", ())
    }


def _tables(place: str | Path) -> dict[str, list[dict[str, Any]]]:
    """All rows of the tables that say something about DAGs and pools."""
    with opened(place) as connection:
        there = tables_of(connection)
        return {
            name: list(_rows(connection, f"SELECT * FROM {name}"))
            for name in ("serialized_dag", "dag", "slot_pool")
            if name in there
        }


def _rows(connection: Any, query: str) -> Iterator[dict[str, Any]]:
    from sqlalchemy import text  # noqa: PLC0415

    for row in connection.execute(text(query)):
        yield dict(row._mapping)
