"""What of a metadata database tells what happened, as a small SQLite file.

    slim.py FROM.db TO.db FOLDER_OF_DAGS && gzip -9n TO.db

Airflow's own tables, columns and types, without those that say nothing here, and without the texts
of DAG files and what programs wrote on start-up."""

import sqlite3
import sys

KEPT = (
    "alembic_version",
    "dag",
    "dag_run",
    "log",
    "serialized_dag",
    "slot_pool",
    "task_fail",
    "task_instance",
    "task_instance_history",
    "task_reschedule",
)


def slim(source: str, target: str, folder: str) -> None:
    """Copy *source*, and drop from the copy what is not kept, and where its folder of DAGs was."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    database = sqlite3.connect(target, isolation_level=None)
    database.execute("PRAGMA journal_mode = DELETE")
    database.execute("PRAGMA foreign_keys = OFF")
    names = [
        row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
    ]
    for name in names:
        if name not in KEPT and not name.startswith("sqlite_"):
            database.execute(f"DROP TABLE {name}")
    database.execute("DELETE FROM log WHERE run_id IS NULL")
    database.execute("UPDATE log SET extra = NULL, owner = 'airflow'")
    folder = folder.rstrip("/")
    database.execute("UPDATE dag SET fileloc = replace(fileloc, ?, '')", [f"{folder}/"])
    for table in ("dag", "serialized_dag"):
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        if "processor_subdir" in columns:  # 2.x
            database.execute(f"UPDATE {table} SET processor_subdir = 'dags'")
    for text, instead in ((f"{folder}/", ""), (folder, "dags")):
        database.execute("UPDATE serialized_dag SET data = replace(data, ?, ?)", [text, instead])
    for table in ("task_instance", "task_instance_history"):
        database.execute(f"UPDATE {table} SET hostname = 'worker' WHERE hostname <> ''")
        database.execute(f"UPDATE {table} SET unixname = 'airflow'")
        for empty in ("executor_config", "context_carrier", "external_executor_id", "next_kwargs"):
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            if empty in columns:
                database.execute(f"UPDATE {table} SET {empty} = NULL")
    own = "SELECT name FROM sqlite_master WHERE type='index' AND sql IS NOT NULL"
    for (index,) in database.execute(own).fetchall():
        database.execute(f"DROP INDEX {index}")
    database.execute("VACUUM")
    database.close()


if __name__ == "__main__":
    slim(*sys.argv[1:4])
