"""Metadata: Airflow's database, opened for reading only, whichever server keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from windtunnel.errors import InvalidInput

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection

SQLITE = b"SQLite format 3\x00"
DRIVERS = {
    "postgresql": (("psycopg", "psycopg"), ("psycopg2", "psycopg2")),
    "mysql": (("pymysql", "pymysql"), ("mysqldb", "MySQLdb")),
}
"""By server, drivers that can be used: SQLAlchemy's name of each, and its module."""
EXTRAS = {"postgresql": "postgres", "mysql": "mysql"}
READ_ONLY = {
    "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "mysql": "SET TRANSACTION READ ONLY",
}
"""Said first in the one transaction. It is not said to the session: a connection pooler such as
pgbouncer would hand that on to Airflow."""


def is_database(place: str | Path) -> bool:
    """Whether a text is the URL of a database, or a path that of an SQLite file."""
    if "://" in str(place):
        return True
    path = Path(place)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(SQLITE)) == SQLITE


def shown(place: str | Path) -> str:
    """A URL without its user and password."""
    scheme, marker, rest = str(place).partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if marker else str(place)


@contextmanager
def opened(place: str | Path, *, extra: str = "database") -> Iterator[Connection]:
    """A connection that can't write, in one transaction: all that is read was true at one instant.

    Args:
        place: a URL as in ``[database] sql_alchemy_conn``, or the path of an SQLite file.
        extra: the extra of windtunnel that brings SQLAlchemy, for who lacks it.

    Raises:
        InvalidInput: SQLAlchemy or the server's driver is not installed, there is no such
            database, or it can't be read.
    """
    try:
        # Imported here: few people need it, and it is an extra.
        import sqlalchemy  # noqa: PLC0415
    except ModuleNotFoundError:
        raise InvalidInput(
            f"reading a metadata database needs SQLAlchemy: pip install 'windtunnel[{extra}]'"
        ) from None
    try:
        url = _url(place)
        server = url.get_backend_name()
        # A statement that psycopg prepared is unknown on the next connection of a pooler.
        how = {"prepare_threshold": None} if url.get_driver_name() == "psycopg" else {}
        engine = sqlalchemy.create_engine(url, connect_args=how)
        try:
            with engine.connect() as connection:
                if server in READ_ONLY:
                    connection.exec_driver_sql(READ_ONLY[server])
                yield connection
        finally:
            engine.dispose()
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"the driver of {shown(place)} is not installed: pip install {error.name}"
        ) from None
    except (sqlalchemy.exc.SQLAlchemyError, UnicodeError) as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines() or [""]
        raise InvalidInput(f"{shown(place)}: can't be read: {said[0]}") from None


def tables_of(connection: Connection) -> set[str]:
    """The names of all tables that are there."""
    from sqlalchemy import inspect  # noqa: PLC0415

    return set(inspect(connection).get_table_names())


def columns_of(connection: Connection, table: str) -> list[str]:
    """The names of a table's columns."""
    from sqlalchemy import column, select  # noqa: PLC0415
    from sqlalchemy import table as named  # noqa: PLC0415

    everything: Any = column("*", is_literal=True)
    return [*connection.execute(select(everything).select_from(named(table)).limit(0)).keys()]


def _url(place: str | Path) -> URL:
    from sqlalchemy.engine import URL, make_url  # noqa: PLC0415

    text = str(place)
    if "://" in text and not text.startswith("sqlite"):
        scheme, _, rest = text.partition("://")
        return _with_driver(
            make_url(f"{'postgresql' if scheme == 'postgres' else scheme}://{rest}")
        )
    if "://" in text and ":///" not in text:
        raise InvalidInput(
            f"{text}: a URL of SQLite has three slashes before a relative path, and four before an "
            "absolute one: sqlite:////home/airflow/airflow.db"
        )
    path = Path(text.partition(":///")[2].partition("?")[0] if "://" in text else text)
    if not path.is_file():
        raise InvalidInput(f"{path}: no such file; give the path of Airflow's SQLite database")
    # SQLAlchemy would make a database that isn't there, and open this one for writing.
    read = {"mode": "ro", "uri": "true"}
    return URL.create("sqlite", database=f"file:{quote(str(path.resolve()))}", query=read)


def _with_driver(url: URL) -> URL:
    """The URL with a driver that is installed, as Airflow's own may not be here."""
    server = url.get_backend_name()
    known = DRIVERS.get(server)
    if known is None:
        raise InvalidInput(
            f"{shown(str(url))}: no database that Airflow uses; write sqlite:///, postgresql:// or "
            "mysql://"
        )
    asked = url.drivername.partition("+")[2]
    there = [name for name, module in known if find_spec(module) is not None]
    if not there:
        raise InvalidInput(
            f"the driver of {server} is not installed: pip install 'windtunnel[{EXTRAS[server]}]'"
        )
    return url.set(drivername=f"{server}+{asked if asked in there else _usable(there)}")


def _usable(there: Iterable[str]) -> str:
    from sqlalchemy import __version__  # noqa: PLC0415

    # SQLAlchemy 1.4, which Airflow 2.11 pins, doesn't know psycopg 3.
    old = __version__.startswith("1.")
    usable = [name for name in there if not (old and name == "psycopg")]
    if not usable:
        raise InvalidInput("SQLAlchemy 1.4 needs another driver here: pip install psycopg2-binary")
    return usable[0]
