"""Reading: the past, from wherever it is kept."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from windtunnel.calibration.database import read_database
from windtunnel.calibration.export import NAMED, is_export, read_export
from windtunnel.calibration.past import Past, Window
from windtunnel.errors import InvalidInput
from windtunnel.loaders.metadata import is_database, shown


def read_past(
    source: str | Path, *, since: datetime | None = None, until: datetime | None = None
) -> Past:
    """What a deployment did.

    Args:
        source: the URL of Airflow's metadata database as in ``[database] sql_alchemy_conn``, the
            path of its SQLite file, or an export: a folder of CSV or Parquet tables, or one file of
            task instances.
        since: only dag runs that came to be from this instant on (queued; if that is not known,
            started).
        until: ... and before this one.

    Raises:
        InvalidInput: there is nothing, it is something else, it can't be read, or nothing ran.
    """
    window = Window(since, until)
    if is_database(source):
        past = read_database(source, window)
    elif is_export(Path(source)):
        past = read_export(Path(source), window)
    elif Path(source).exists():
        raise InvalidInput(
            f"{source}: is no SQLite database and no export; name the URL of Airflow's database, "
            f"or {NAMED}"
        )
    else:
        raise InvalidInput(
            f"{source}: no such file or folder; name the URL of Airflow's database, such as "
            f"postgresql://airflow@host/airflow, the path of its SQLite file, or {NAMED}"
        )
    if not any(one.start for one in past.tries):
        raise InvalidInput(f"{shown(source)}: no task ran{_in_words(window)}{_else(window)}")
    return past


def _in_words(window: Window) -> str:
    since, until = window.since, window.until
    said = "" if since is None else f" in a dag run that began from {since:%Y-%m-%d %H:%M %Z} on"
    return said if until is None else f"{said}, before {until:%Y-%m-%d %H:%M %Z}"


def _else(window: Window) -> str:
    return "; look further back with --since" if window != Window() else ""
