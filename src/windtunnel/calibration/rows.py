"""Rows: from the columns of Airflow's tables, of either release, to values of the past.

A database and an export give the same rows: sequences of values, with the names of the columns
told once. What a release calls otherwise, or doesn't have, is settled here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from sys import intern
from typing import Any, TypeVar

from windtunnel.calibration.past import Happened, PastRun, PastTry, Poke
from windtunnel.errors import InvalidInput

Made = TypeVar("Made")
Row = Sequence[Any]
Rows = Iterable[Row]
Cell = Callable[[Row], Any]


class Columns:
    """Where the columns stand in the rows of one table."""

    def __init__(self, names: Sequence[str], where: str) -> None:
        self._places = {name: n for n, name in enumerate(names)}
        self._where = where

    def cell(self, *names: str, needed: bool = False) -> Cell:
        """What reads the first of these columns that is there; nothing, if none is.

        Raises:
            InvalidInput: none is there, and it is needed.
        """
        for name in names:
            if name in self._places:
                place = self._places[name]
                return lambda row: row[place]
        if needed:
            there = ", ".join(self._places) or "nothing"
            raise InvalidInput(f"{self._where}: lacks the column {names[0]}; it has: {there}")
        return lambda _: None


def runs_of(names: Sequence[str], rows: Rows, where: str) -> Iterator[PastRun]:
    """The dag runs in rows of ``dag_run``.

    Raises:
        InvalidInput: a column is missing that is needed, or a value is none.
    """
    columns = Columns(names, where)
    dag_id, run_id = (columns.cell(name, needed=True) for name in ("dag_id", "run_id"))
    run_type, state, after, by, cleared, conf = map(
        columns.cell, ("run_type", "state", "run_after", "triggered_by", "clear_number", "conf")
    )
    logical = columns.cell("logical_date", "execution_date")
    first, last, queued = map(
        columns.cell, ("data_interval_start", "data_interval_end", "queued_at")
    )
    start, end = (columns.cell(name, needed=True) for name in ("start_date", "end_date"))

    def one(row: Row) -> PastRun:
        name = intern(str(run_id(row)))
        kind = intern(str(run_type(row) or _type_in(name)))
        date, until, created = instant(logical(row)), instant(last(row)), instant(queued(row))
        began = instant(start(row))
        due = until or date if kind == "scheduled" else created or began or date
        return PastRun(
            intern(str(dag_id(row))),
            name,
            kind,
            state(row) or None,
            date,
            instant(after(row)) or due,
            instant(first(row)),
            until,
            created,
            began,
            instant(end(row)),
            str(by(row)).lower() if by(row) else None,
            whole(cleared(row), 0),
            _says_something(conf(row)),
        )

    return _each(one, rows, where)


def tries_of(names: Sequence[str], rows: Rows, where: str, *, last: bool) -> Iterator[PastTry]:
    """The tries in rows of ``task_instance`` (*last*), ``task_instance_history`` or ``task_fail``.

    Raises:
        InvalidInput: as for `runs_of`.
    """
    columns = Columns(names, where)
    dag_id, run_id, task_id = (
        columns.cell(name, needed=True) for name in ("dag_id", "run_id", "task_id")
    )
    index, number, state, took = map(columns.cell, ("map_index", "try_number", "state", "duration"))
    scheduled, queued = map(columns.cell, ("scheduled_dttm", "queued_dttm"))
    start, end = (columns.cell(name, needed=True) for name in ("start_date", "end_date"))
    pool, slots, queue, weight, operator, host, executor = map(
        columns.cell,
        ("pool", "pool_slots", "queue", "priority_weight", "operator", "hostname", "executor"),
    )

    def one(row: Row) -> PastTry:
        begun, ended = instant(start(row)), instant(end(row))
        if ended is None and begun is not None and took(row) is not None:
            ended = begun + timedelta(seconds=number_in(took(row)))
        return PastTry(
            intern(str(dag_id(row))),
            intern(str(run_id(row))),
            intern(str(task_id(row))),
            whole(index(row), -1),
            whole(number(row), 0),
            intern(str(state(row))) if state(row) else None,
            instant(scheduled(row)),
            instant(queued(row)),
            begun,
            ended,
            intern(str(pool(row) or "default_pool")),
            whole(slots(row), 1),
            intern(str(queue(row) or "default")),
            whole(weight(row), 1),
            intern(str(operator(row) or "")),
            intern(str(host(row) or "")),
            str(executor(row)) if executor(row) else None,
            last,
        )

    return _each(one, rows, where)


def pokes_of(names: Sequence[str], rows: Rows, where: str) -> Iterator[Poke]:
    """The looks in rows of ``task_reschedule``.

    Raises:
        InvalidInput: as for `runs_of`.
    """
    key, cell = _instances(names, where)
    end, again = (cell(name, needed=True) for name in ("end_date", "reschedule_date"))

    def one(row: Row) -> Poke:
        ended = instant(end(row))
        if ended is None:
            raise InvalidInput("end_date is missing")
        return Poke(*key(row), ended, instant(again(row)) or ended)

    return _each(one, rows, where) if names else iter(())


def log_of(names: Sequence[str], rows: Rows, where: str) -> Iterator[Happened]:
    """When tries ran and deferred, in rows of ``log``.

    Raises:
        InvalidInput: as for `runs_of`.
    """
    key, cell = _instances(names, where)
    number, event, at = (cell(name, needed=True) for name in ("try_number", "event", "dttm"))

    def one(row: Row) -> Happened:
        when = instant(at(row))
        if when is None:
            raise InvalidInput("dttm is missing")
        return Happened(*key(row), whole(number(row), 0), intern(str(event(row))), when)

    told = (row for row in rows if event(row) in EVENTS)
    return _each(one, told, where) if names else iter(())


EVENTS = ("running", "deferred")


def _instances(
    names: Sequence[str], where: str
) -> tuple[Callable[[Row], tuple[str, str, str, int]], Callable[..., Cell]]:
    """What reads the key of a task instance from rows of a table, and its other cells."""
    columns = Columns(names, where)
    if not names:
        return (lambda _: ("", "", "", -1)), lambda *_, **__: lambda _: None
    dag_id, run_id, task_id = (
        columns.cell(name, needed=True) for name in ("dag_id", "run_id", "task_id")
    )
    index = columns.cell("map_index")

    def key(row: Row) -> tuple[str, str, str, int]:
        dag, run, task = (intern(str(name(row))) for name in (dag_id, run_id, task_id))
        return dag, run, task, whole(index(row), -1)

    return key, columns.cell


def _each(make: Callable[[Row], Made], rows: Rows, where: str) -> Iterator[Made]:
    """What is made of each row; a value that is none is told with where it stands."""
    done = 0
    try:
        for row in rows:
            yield make(row)
            done += 1
    except InvalidInput as error:
        raise InvalidInput(f"{where}, row {done + 1}: {error}") from None


def _type_in(run_id: str) -> str:
    """Airflow's own run ids begin with the type (``types.py: DagRunType.from_run_id``)."""
    kind, mark, _ = run_id.partition("__")
    return kind if mark else "manual"


def _says_something(conf: Any) -> bool:
    """Whether a conf holds anything. 2.x pickles it, and exports write that as psql or Python do:
    an empty one takes a few bytes."""
    if isinstance(conf, bytes | memoryview):
        return len(bytes(conf)) > EMPTY
    if isinstance(conf, str) and conf.startswith(("\\x", "b'", 'b"')):
        return len(conf) > EMPTY_IN_WORDS
    return bool(conf) and conf not in ("{}", "null")


EMPTY = len(b"\x80\x05}\x94.")
EMPTY_IN_WORDS = len(r"b'\x80\x05}\x94.'")


def instant(value: Any) -> datetime | None:
    """An instant in UTC, however it was written: what says no timezone is in UTC, as Airflow
    keeps it.

    Raises:
        InvalidInput: it is none.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            shown = json.dumps(value)
            raise InvalidInput(
                f"{shown} is no instant; write it as 2026-03-01T02:00:00+00:00"
            ) from None
    if not isinstance(value, datetime):
        raise InvalidInput(f"{value!r} is no instant; write it as 2026-03-01T02:00:00+00:00")
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def whole(value: Any, default: int) -> int:
    """A whole number; the default, where nothing stands.

    Raises:
        InvalidInput: it is none.
    """
    if type(value) is int:
        return value
    return default if value is None or value == "" else int(number_in(value))


def number_in(value: Any) -> float:
    """A number.

    Raises:
        InvalidInput: it is none.
    """
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise InvalidInput(f"{json.dumps(value, default=str)} is no number")
    return found
