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
    from sqlalchemy.engine import URL, Connection, Engine

SQLITE = b"SQLite format 3\x00"
DRIVERS = {
    "postgresql": (("psycopg", "psycopg"), ("psycopg2", "psycopg2")),
    "mysql": (("pymysql", "pymysql"), ("mysqldb", "MySQLdb")),
}
"""By server, drivers that can be used: SQLAlchemy's name of each, and its module."""
EXTRAS = {"postgresql": "postgres", "mysql": "mysql"}
FIRST = {
    "postgresql": ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",),
    "mysql": (
        "SET time_zone = '+00:00'",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    ),
}
"""Said before anything is read.

To PostgreSQL it is said of the one transaction: a connection pooler such as pgbouncer would hand on
to Airflow what is said to the session. MySQL would still drop a table, as that begins another
transaction, so there it is said of the session; and so is the timezone in which MySQL tells
instants, as Airflow says it, too."""


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
    """A URL without its user and password, nor the options behind it, which may say them again."""
    scheme, marker, rest = str(place).partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}" if marker else str(place)


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
        scheme = str(place).partition("://")[0].partition("+")[0]
        # That of a server has its driver, too, and all that is needed to learn from it.
        extra = EXTRAS.get("postgresql" if scheme == "postgres" else scheme, extra)
        raise InvalidInput(
            f"reading a metadata database needs SQLAlchemy: pip install 'windtunnel[{extra}]'"
        ) from None
    engine = _engine(place)
    try:
        with _connected(engine, place) as connection:
            for statement in FIRST.get(connection.dialect.name, ()):
                connection.exec_driver_sql(statement)
            yield connection
    except (sqlalchemy.exc.SQLAlchemyError, UnicodeError) as error:
        raise InvalidInput(f"{shown(place)}: can't be read: {_said(error)}") from None
    finally:
        engine.dispose()


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


def _engine(place: str | Path) -> Engine:
    from sqlalchemy import create_engine  # noqa: PLC0415

    url = _url(place)
    # A statement that psycopg prepared is unknown on the next connection of a pooler.
    how = {"prepare_threshold": None} if url.get_driver_name() == "psycopg" else {}
    try:
        return create_engine(url, connect_args=how)
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"the driver of {shown(place)} is not installed: pip install {error.name}"
        ) from None


def _connected(engine: Engine, place: str | Path) -> Connection:
    try:
        return engine.connect()
    except Exception as error:
        # Not only errors of SQLAlchemy: drivers raise what they like at an option that they don't
        # know, at a certificate that isn't there, and where they need one package more.
        raise InvalidInput(
            f"{shown(place)}: can't be read: {_said(error)}; `airflow config get-value database "
            "sql_alchemy_conn` prints the URL that Airflow itself uses"
        ) from None


def _said(error: Exception) -> str:
    """The first line of what went wrong, as the server or its driver says it."""
    own = getattr(error, "orig", None) or error
    # MySQL's drivers have a number before the words.
    said = own.args[1] if own.args and isinstance(own.args[0], int) else own
    return (str(said).strip().splitlines() or [type(own).__name__])[0]


def _url(place: str | Path) -> URL:
    from sqlalchemy.engine import URL  # noqa: PLC0415

    text = str(place)
    if "://" in text and not text.startswith("sqlite"):
        return _with_driver(_url_of_server(text))
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


def _url_of_server(text: str) -> URL:
    from sqlalchemy.engine import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    scheme, _, rest = text.partition("://")
    try:
        url = make_url(f"{'postgresql' if scheme == 'postgres' else scheme}://{rest}")
    except (ArgumentError, ValueError):
        raise InvalidInput(
            f"{shown(text)}: is no URL of a database; write postgresql://user:password@host/airflow"
            ", in the password %40 for @, %2F for / and %3A for :"
        ) from None
    # PostgreSQL has a default, MySQL none.
    if url.get_backend_name() == "mysql" and not url.database:
        raise InvalidInput(
            f"{shown(text)}: says no database; write its name, too: mysql://user:password@host/airflow"
        )
    return url


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
