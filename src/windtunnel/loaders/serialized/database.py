"""Database: serialized DAGs and pools straight from Airflow's metadata database, read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.origin import LoadedFrom
from windtunnel.loaders.serialized.load import fleet_of, unpacked
from windtunnel.model import Cluster, Pool

SQLITE = b"SQLite format 3\x00"


def is_database(place: str | Path) -> bool:
    """Whether a text is the URL of a database, or a path that of an SQLite file."""
    if "://" in str(place):
        return True
    path = Path(place)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(SQLITE)) == SQLITE


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
    tables = _tables(_url(place))
    if "serialized_dag" not in tables:
        raise InvalidInput(f"{_shown(place)}: no metadata database of Airflow: no serialized_dag")
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


def _url(place: str | Path) -> str:
    text = str(place)
    path = Path(text.removeprefix("sqlite:///")) if text.startswith("sqlite:///") else Path(text)
    if "://" in text and not text.startswith("sqlite:///"):
        return text
    if not path.is_file():
        raise InvalidInput(f"{path}: no such file; give the path of Airflow's SQLite database")
    # Opened for reading only: SQLAlchemy would make a database that isn't there.
    return f"sqlite:///file:{path.resolve()}?mode=ro&uri=true"


def _tables(url: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of the tables that say something about DAGs and pools."""
    try:
        # Imported here: few people need it, and it is an extra.
        import sqlalchemy  # noqa: PLC0415
    except ModuleNotFoundError:
        raise InvalidInput(
            "reading a metadata database needs SQLAlchemy: pip install 'windtunnel[database]'"
        ) from None
    try:
        engine = sqlalchemy.create_engine(url)
        try:
            there = set(sqlalchemy.inspect(engine).get_table_names())
            with engine.connect() as connection:
                return {
                    name: list(_rows(connection, f"SELECT * FROM {name}"))
                    for name in ("serialized_dag", "dag", "slot_pool")
                    if name in there
                }
        finally:
            engine.dispose()
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"the driver of {_shown(url)} is not installed: pip install {error.name}"
        ) from None
    except sqlalchemy.exc.SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise InvalidInput(f"{_shown(url)}: can't be read: {said}") from None


def _rows(connection: Any, query: str) -> Iterator[dict[str, Any]]:
    from sqlalchemy import text  # noqa: PLC0415

    for row in connection.execute(text(query)):
        yield dict(row._mapping)


def _shown(place: str | Path) -> str:
    """A URL without its password."""
    scheme, marker, rest = str(place).partition("://")
    if not marker:
        return str(place)
    return f"{scheme}://{rest.rpartition('@')[2]}"
