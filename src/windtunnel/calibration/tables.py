"""Tables: Airflow's tables, in whatever keeps them, become the past."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from windtunnel.calibration.past import Past, PastRun, PastTry, Window
from windtunnel.calibration.rows import Rows, log_of, pokes_of, runs_of, tries_of


class Tables(Protocol):
    """Tables of one Airflow, by its own names of tables and columns."""

    source: str
    """Where they are, without a password."""

    def columns(self, table: str) -> Sequence[str]:
        """What each row of a table has; nothing, if there is no such table."""
        ...

    def rows(self, table: str) -> Rows:
        """The rows of a table, in any order."""
        ...

    def where(self, table: str) -> str:
        """The table, for messages."""
        ...


LACKING = {
    "dag_run": "when dag runs were due and began (dag_run)",
    "task_instance_history": "tries before the last one (task_instance_history)",
    "task_reschedule": "the pokes of sensors in mode reschedule (task_reschedule)",
    "log": "when tries deferred and resumed (log)",
}


def past_of(tables: Tables, window: Window) -> Past:
    """The dag runs of a window and what ran in them, in order, whatever the order of the rows was.

    Raises:
        InvalidInput: a table lacks a column, or has a value that is none.
    """
    tries = [*_tries(tables, "task_instance"), *_tries(tables, "task_instance_history")]
    begun = {(one.key, one.start) for one in tries}
    # 2.x counts each failure here, too; those from before 2.10 stand nowhere else.
    tries += (t for t in _tries(tables, "task_fail") if (t.key, t.start) not in begun)
    runs = [*_runs(tables, tries)]
    kept = {run.key for run in runs if window.holds(run)}
    pokes = pokes_of(*_table(tables, "task_reschedule"))
    log = log_of(*_table(tables, "log"))
    return Past(
        source=tables.source,
        release=_release(tables),
        runs=tuple(sorted((run for run in runs if run.key in kept), key=lambda run: run.key)),
        tries=tuple(
            sorted((t for t in tries if t.run in kept), key=lambda one: (one[:5], one.last))
        ),
        pokes=tuple(sorted(poke for poke in pokes if poke[:2] in kept)),
        log=tuple(sorted(line for line in log if line[:2] in kept)),
        lacking=tuple(said for name, said in LACKING.items() if not tables.columns(name)),
    )


def _release(tables: Tables) -> str:
    """By the columns that one has and the other hasn't."""
    there = {*tables.columns("dag_run"), *tables.columns("task_instance")}
    return "2.x" if there & {"execution_date", "job_id"} else "3.x"


def _table(tables: Tables, name: str) -> tuple[Sequence[str], Rows, str]:
    columns = tables.columns(name)
    return columns, tables.rows(name) if columns else (), tables.where(name)


def _tries(tables: Tables, name: str) -> Iterator[PastTry]:
    names, rows, where = _table(tables, name)
    if not names:
        return
    if name == "task_fail":  # each of its rows is a try that failed
        names, rows = [*names, "state"], ((*row, "failed") for row in rows)
    yield from tries_of(names, rows, where, last=name == "task_instance")


def _runs(tables: Tables, tries: Sequence[PastTry]) -> Iterator[PastRun]:
    names, rows, where = _table(tables, "dag_run")
    if names:
        yield from runs_of(names, rows, where)
        return
    # Without their table, runs are what their tries make of them.
    spans: dict[tuple[str, str], list[datetime]] = {}
    for one in tries:
        spans.setdefault(one.run, []).extend(filter(None, (one.start, one.end)))
    made = ((*key, min(span, default=None), max(span, default=None)) for key, span in spans.items())
    yield from runs_of(("dag_id", "run_id", "start_date", "end_date"), made, where)
