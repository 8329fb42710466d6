"""The journal: SQLite triggers that write down each change of a state, with the virtual time."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

_TABLE = """
CREATE TABLE journal (
    number INTEGER PRIMARY KEY, at TEXT, dag_id TEXT, run_id TEXT, task_id TEXT, map_index INTEGER,
    try_number INTEGER, state TEXT
)
"""

_RUN_COLUMNS = "new.dag_id, new.run_id, NULL, NULL, NULL, new.state"
_TASK_COLUMNS = "new.dag_id, new.run_id, new.task_id, new.map_index, new.try_number, new.state"

_WATCHED = {
    "run_created": ("INSERT ON dag_run", "1", _RUN_COLUMNS),
    "run_changed": ("UPDATE OF state ON dag_run", "old.state IS NOT new.state", _RUN_COLUMNS),
    # unmapped instances come with their run; only mapped ones, or born with a state, are news
    "task_created": (
        "INSERT ON task_instance",
        "new.map_index >= 0 OR new.state IS NOT NULL",
        _TASK_COLUMNS,
    ),
    "task_changed": (
        "UPDATE OF state ON task_instance",
        "old.state IS NOT new.state",
        _TASK_COLUMNS,
    ),
    # the unexpanded row (map_index -1) becomes the first mapped instance
    "task_expanded": (
        "UPDATE OF map_index ON task_instance",
        "old.map_index IS NOT new.map_index",
        _TASK_COLUMNS,
    ),
}


def connected(connection: sqlite3.Connection, now: Callable[[], datetime]) -> None:
    """Teach a connection the virtual time, and not to wait for the disk."""
    connection.create_function("virtual_now", 0, lambda: sql_text(now()))
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = MEMORY")


def sql_text(moment: datetime) -> str:
    """An instant as SQLAlchemy stores it in SQLite."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def from_sql(text: str) -> datetime:
    """The instant that `sql_text` wrote."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def make_template(template: Path) -> None:
    """Create an empty metadata database with Airflow's own command, and put the triggers in."""
    unfinished = template.with_suffix(f".{os.getpid()}")
    variables = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{unfinished}"}
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env={**os.environ, **variables},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    connection = sqlite3.connect(unfinished)
    connection.create_function("virtual_now", 0, lambda: "")
    connection.execute(_TABLE)
    for name, (change, condition, columns) in _WATCHED.items():
        connection.execute(
            f"CREATE TRIGGER journal_{name} AFTER {change} WHEN {condition} BEGIN "
            "INSERT INTO journal (at, dag_id, run_id, task_id, map_index, try_number, state) "
            f"VALUES (virtual_now(), {columns}); END"
        )
    connection.commit()
    connection.close()
    unfinished.replace(template)


def fresh_copy(template: Path, database: Path) -> None:
    """Begin a case with an empty database."""
    remove(database)
    shutil.copyfile(template, database)


def remove(database: Path) -> None:
    """Delete a database and what SQLite may have left beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
