"""Tables: dag runs, task instances, waits and slots in use as Arrow or Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from windtunnel.capacity import every_limit
from windtunnel.errors import InvalidInput
from windtunnel.report.exports.lives import TRIES, lives
from windtunnel.result import Result

Rows = list[dict[str, Any]]


def table_files(result: Result, folder: Path, form: str) -> list[Path]:
    """Write the tables into a folder, one file each; gives the files. *form*: ``arrow`` or
    ``parquet``.

    Times are timestamps in UTC with microseconds, durations seconds.

    Raises:
        InvalidInput: the extra is missing.
        OSError: a file can't be written.
    """
    try:
        import pyarrow  # noqa: PLC0415
        from pyarrow import feather, parquet  # noqa: PLC0415
    except ImportError:
        raise InvalidInput(
            f"{folder}: {form} files are written by pyarrow; pip install 'windtunnel[arrow]'"
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, types, rows in _tables(result):
        schema = pyarrow.schema([(column, _type(pyarrow, kind)) for column, kind in types.items()])
        table = pyarrow.Table.from_pylist(rows, schema=schema)
        file = folder / f"{name}.{form}"
        if form == "arrow":
            feather.write_feather(table, str(file), compression="zstd")
        else:
            parquet.write_table(table, file, compression="zstd")
        written.append(file)
    return written


def _type(pyarrow: Any, kind: str) -> Any:
    return {
        "text": pyarrow.string(),
        "whole": pyarrow.int64(),
        "seconds": pyarrow.float64(),
        "time": pyarrow.timestamp("us", tz="UTC"),
    }[kind]


RUNS = {
    "dag_id": "text", "run_id": "text", "run_type": "text", "state": "text", "due": "time",
    "logical_date": "time", "queued": "time", "started": "time", "ended": "time",
    "landed_after_s": "seconds",
}  # fmt: skip
INSTANCES = {
    "dag_id": "text", "run_id": "text", "task_id": "text", "map_index": "whole", "pool": "text",
    "state": "text", "try_number": "whole", "started": "time", "ended": "time",
    "waited_s": "seconds",
}  # fmt: skip
STRETCHES = {
    "dag_id": "text", "run_id": "text", "task_id": "text", "map_index": "whole", "what": "text",
    "since": "time", "until": "time", "seconds": "seconds",
}  # fmt: skip
SLOTS = {"limit": "text", "since": "time", "used": "whole", "size": "whole"}


def _tables(result: Result) -> Iterator[tuple[str, dict[str, str], Rows]]:
    trace = result.trace
    yield "dag_runs", RUNS, list(_runs(result))
    instances: Rows = []
    stretches: Rows = []
    for life in lives(trace):
        one, record = life.instance, trace.runs[life.run]
        name = {"dag_id": one.dag_id, "run_id": record.run_id, "task_id": one.task_id}
        name |= {"map_index": one.map_index}  # type: ignore[dict-item]
        waited = [s for s in life.segments if s[0] not in TRIES and s[0] != "upstream"]
        instances.append(
            {
                **name,
                "pool": trace.pools[record.dag][trace.ti_task[one.index]],
                "state": one.state,
                "try_number": one.try_number,
                "started": None if one.started_us is None else trace.at(one.started_us),
                "ended": None if one.ended_us is None else trace.at(one.ended_us),
                "waited_s": sum(until - since for _, since, until in waited) / 1e6,
            }
        )
        stretches += (
            {
                **name,
                "what": kind,
                "since": trace.at(since),
                "until": trace.at(until),
                "seconds": (until - since) / 1e6,
            }
            for kind, since, until in life.segments
        )
    yield "task_instances", INSTANCES, instances
    yield "stretches", STRETCHES, stretches
    yield "slots", SLOTS, list(_slots(result))


def _runs(result: Result) -> Iterator[dict[str, Any]]:
    trace = result.trace
    for run in result.dag_runs():
        landed = run.landing_time
        yield {
            "dag_id": run.dag_id,
            "run_id": run.run_id,
            "run_type": run.run_type,
            "state": str(run.state),
            "due": run.due,
            "logical_date": run.logical_date,
            "queued": trace.at(run.queued_us),
            "started": run.started,
            "ended": run.ended,
            "landed_after_s": None if landed is None else landed.total_seconds(),
        }


def _slots(result: Result) -> Iterator[dict[str, Any]]:
    for line in every_limit(result.scenario, result.trace):
        for at, used in line.steps:
            size = line.size
            since = result.trace.at(at)
            yield {"limit": line.limit, "since": since, "used": used, "size": size}
