"""Export: the past as tables that somebody exported from Airflow's database, CSV or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from windtunnel.calibration.columns import COLUMNS
from windtunnel.calibration.past import Past, Window
from windtunnel.calibration.rows import Row, Rows
from windtunnel.calibration.tables import past_of
from windtunnel.errors import InvalidInput

FORMS = (".csv", ".parquet")
NOTHING = frozenset(("", "NULL", "None", "NaN", "nan", "NaT", "\\N"))
"""How programs write that there is no value."""
NAMED = "a folder with task_instance.csv, or .parquet, and perhaps dag_run and others beside it"


def is_export(place: Path) -> bool:
    """Whether a path is an export: one file, or a folder with the table of task instances."""
    return "task_instance" in _files(place)


def read_export(place: Path, window: Window) -> Past:
    """What the tables of an export tell. A file alone holds task instances.

    Raises:
        InvalidInput: a table can't be read, lacks a column, or has a value that is none; pyarrow is
            not installed.
    """
    return past_of(_Export(str(place), _files(place)), window)


def _files(place: Path) -> dict[str, Path]:
    """The files of an export, by the table that they hold."""
    if not place.is_dir():
        return {"task_instance": place} if place.suffix in FORMS and place.is_file() else {}
    there = ((name, place / f"{name}{form}") for name in COLUMNS for form in FORMS)
    return {name: file for name, file in there if file.is_file()}


class _Export:
    """The tables of one export."""

    def __init__(self, source: str, files: dict[str, Path]) -> None:
        self.source = source
        self._files = files
        self._columns = {name: self._header(file) for name, file in files.items()}

    def columns(self, table: str) -> Sequence[str]:
        return self._columns.get(table, ())

    def rows(self, table: str) -> Rows:
        file = self._files[table]
        if file.suffix == ".parquet":
            return _parquet_rows(file)
        return _csv_rows(file, len(self._columns[table]))

    def where(self, table: str) -> str:
        return str(self._files.get(table, self.source))

    def _header(self, file: Path) -> list[str]:
        if file.suffix == ".parquet":
            return list(_parquet(file).schema_arrow.names)
        header = next(_lines(file), [])
        if not header:
            raise InvalidInput(f"{file}: is empty; its first line names the columns")
        return header


def _csv_rows(file: Path, width: int) -> Iterator[Row]:
    for row in _lines(file, skip=1):
        if len(row) != width:
            raise InvalidInput(f"has {len(row)} cells, its header {width}")
        yield [None if cell in NOTHING else cell for cell in row]


def _lines(file: Path, *, skip: int = 0) -> Iterator[list[str]]:
    """The rows of a CSV file, one after the other: it may be larger than memory.

    Raises:
        InvalidInput: it can't be read, or is no CSV.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            yield from islice((row for row in csv.reader(stream) if row), skip, None)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file}: not UTF-8 text (byte {error.start})") from None
    except csv.Error as error:
        raise InvalidInput(f"{file}: not valid CSV: {error}") from None
    except OSError as error:
        raise InvalidInput(f"{file}: can't be read: {error.strerror}") from None


def _parquet_rows(file: Path) -> Iterator[Row]:
    for batch in _parquet(file).iter_batches():
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _parquet(file: Path) -> Any:
    """A Parquet file, opened.

    Raises:
        InvalidInput: pyarrow is not installed, or it is no Parquet file.
    """
    try:
        from pyarrow import ArrowException  # noqa: PLC0415
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415
    except ModuleNotFoundError:
        raise InvalidInput(
            f"{file}: reading Parquet needs pyarrow: pip install 'windtunnel[arrow]'"
        ) from None
    try:
        return ParquetFile(file)
    except (ArrowException, OSError) as error:
        said = str(error).splitlines()[0]
        raise InvalidInput(f"{file}: can't be read: {said}") from None
