"""A past made by hand: runs once an hour, and what their tasks did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from windtunnel.calibration import Past, PastRun, PastTry

START = datetime(2026, 3, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def run(number: int, dag_id: str = "etl", every_s: float = 3600) -> PastRun:
    due = at(number * every_s)
    return PastRun(
        dag_id, f"scheduled__{number}", "scheduled", "success", due, due, due, due, due, due, None
    )


def tried(
    number: int,
    seconds: float | None,
    state: str | None = "success",
    *,
    task_id: str = "load",
    dag_id: str = "etl",
    after: float = 2.0,
    queued: float = 1.0,
    every_s: float = 3600,
    operator: str = "PythonOperator",
    **more: object,
) -> PastTry:
    """A try of the run of this number that began so many seconds after it was due."""
    due = number * every_s
    fields = {
        "dag_id": dag_id,
        "run_id": f"scheduled__{number}",
        "task_id": task_id,
        "map_index": -1,
        "try_number": 1,
        "state": state,
        "scheduled": None,
        "queued": at(due + queued),
        "start": at(due + after),
        "end": None if seconds is None else at(due + after + seconds),
        "pool": "default_pool",
        "pool_slots": 1,
        "queue": "default",
        "priority_weight": 1,
        "operator": operator,
        "hostname": "worker",
        "executor": None,
    }
    return PastTry(**{**fields, **more})


def past(tries: Iterable[PastTry], every_s: float = 3600, **more: object) -> Past:
    tries = tuple(sorted(tries, key=lambda one: one[:5]))
    keys = sorted({one.run for one in tries})
    runs = tuple(run(int(key[1].rpartition("_")[2]), key[0], every_s) for key in keys)
    return Past(source="by hand", release="3.x", runs=runs, tries=tries, **more)
