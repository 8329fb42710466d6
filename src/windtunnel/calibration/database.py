"""Database: the past as Airflow's metadata database keeps it, of 2.11 and of 3.x, read only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windtunnel.calibration.columns import COLUMNS
from windtunnel.calibration.past import Past, Window
from windtunnel.calibration.rows import Rows
from windtunnel.calibration.tables import past_of
from windtunnel.errors import InvalidInput
from windtunnel.loaders.metadata import columns_of, opened, shown, tables_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, FromClause, Select
    from sqlalchemy.engine import Connection

AT_ONCE = 5_000
"""Rows that are fetched at a time."""
NEEDED = ("dag_run", "task_instance")
KEY = ("dag_id", "run_id", "task_id", "map_index")
_BY_ID = "ti_id"
"""3.x: how task_reschedule names a task instance."""
TEXT = "%Y-%m-%d %H:%M:%S.%f"
"""How Airflow writes instants to SQLite, where they are compared as texts."""


def read_database(place: str | Path, window: Window) -> Past:
    """The dag runs of a window and what ran in them.

    Nothing is written or locked; all of it was true at one instant.

    Raises:
        InvalidInput: as for `windtunnel.loaders.metadata.opened`; or the database is none of
            Airflow's.
    """
    with opened(place, extra="calibrate") as connection:
        there = tables_of(connection)
        missing = [name for name in NEEDED if name not in there]
        if missing:
            raise InvalidInput(
                f"{shown(place)}: is this Airflow's database? It has no table {missing[0]}; "
                "`airflow config get-value database sql_alchemy_conn` prints the URL of yours"
            )
        return past_of(_Database(connection, there, window, shown(place)), window)


class _Database:
    """The tables of one database, as far as they speak of the dag runs of a window."""

    def __init__(
        self, connection: Connection, there: set[str], window: Window, source: str
    ) -> None:
        self.source = source
        self._connection = connection
        self._window = window
        self._columns = {name: columns_of(connection, name) for name in COLUMNS if name in there}

    def columns(self, table: str) -> Sequence[str]:
        own = self._columns.get(table, ())
        keyed = KEY if _BY_ID in own else ()
        return [name for name in COLUMNS[table] if name in own or name in keyed]

    def rows(self, table: str) -> Rows:
        query, of = self._query(table)
        if table == "log":
            return self._of_deferring(query, of)
        return self._streamed(query)

    def where(self, table: str) -> str:
        return f"{self.source}, table {table}"

    def _of_deferring(self, query: Select[Any], log: FromClause) -> Rows:
        """What the audit log says of tasks that ever deferred: of the others, their own rows say
        it, and the log may be larger than all else."""
        if "execution_date" in self._columns["dag_run"]:
            # 2.x logs no deferral; but who deferred was queued again after its start.
            asked, of = self._query("task_instance")
            told = of.c.queued_dttm > of.c.start_date
        else:
            asked, of, told = query, log, log.c.event == "deferred"
        found = asked.with_only_columns(of.c.dag_id, of.c.task_id).where(told).distinct()
        deferring = {tuple(row) for row in self._connection.execute(found)}
        if not deferring:
            return
        tasks = sorted({task_id for _, task_id in deferring})
        events = log.c.event.in_(("running", "deferred"))
        places = [self.columns("log").index(name) for name in ("dag_id", "task_id")]
        for row in self._streamed(query.where(events, log.c.task_id.in_(tasks))):
            if tuple(row[place] for place in places) in deferring:
                yield row

    def _query(self, name: str) -> tuple[Select[Any], FromClause]:
        """A query for what is wanted of a table, of the window's dag runs; and the table."""
        from sqlalchemy import and_, select  # noqa: PLC0415

        of = self._table(name)
        source, keyed = of, of
        if _BY_ID in of.c:
            keyed = self._table("task_instance")
            source = of.join(keyed, of.c[_BY_ID] == keyed.c.id)
        chosen = [(of if one in of.c else keyed).c[one] for one in self.columns(name)]
        runs = keyed
        if name != "dag_run" and self._window != Window():
            runs = self._table("dag_run")
            same = and_(runs.c.dag_id == keyed.c.dag_id, runs.c.run_id == keyed.c.run_id)
            source = source.join(runs, same)
        query = select(*chosen).select_from(source)
        return query.where(*self._in_window(runs)), of

    def _table(self, name: str) -> FromClause:
        from sqlalchemy import column, table  # noqa: PLC0415

        return table(name, *map(column, self._columns[name]))

    def _in_window(self, runs: Any) -> Iterator[ColumnElement[bool]]:
        from sqlalchemy import func  # noqa: PLC0415

        since, until = self._window.since, self._window.until
        if since is not None:
            yield func.coalesce(runs.c.queued_at, runs.c.start_date) >= self._instant(since)
        if until is not None:
            yield func.coalesce(runs.c.queued_at, runs.c.start_date) < self._instant(until)

    def _instant(self, value: datetime) -> Any:
        """An instant as this server compares it."""
        in_utc = value.astimezone(UTC)
        server = self._connection.dialect.name
        if server == "sqlite":
            return in_utc.strftime(TEXT)
        return in_utc if server == "postgresql" else in_utc.replace(tzinfo=None)

    def _streamed(self, query: Select[Any]) -> Rows:
        at_once = self._connection.execution_options(stream_results=True, max_row_buffer=AT_ONCE)
        for some in at_once.execute(query).partitions(AT_ONCE):
            yield from some
