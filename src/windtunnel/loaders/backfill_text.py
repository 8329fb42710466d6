"""Backfills as people ask for them: ``etl from 2026-01-01 to 2026-02-01`` becomes a `Backfill`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from windtunnel.errors import InvalidInput
from windtunnel.loaders.durations import parse_duration
from windtunnel.model import Backfill, Cron, Every, Scenario

EXAMPLE = "etl from 2026-01-01 to 2026-02-01 max 5 reprocess failed at +1h"


def _date(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


Clause = tuple[str, str, Callable[[str], Any]]
CLAUSES: tuple[Clause, ...] = (
    (r"from (\S+)", "from_date", _date),
    (r"to (\S+)", "to_date", _date),
    (r"max (\d+)", "max_active_runs", int),
    (r"(backwards)", "run_backwards", lambda _: True),
    (r"reprocess (\w+)", "reprocess_behavior", str),
    (r"at (\+?[\d.]+\s*[a-z]*)", "at_s", lambda text: parse_duration(text.lstrip("+"))),
)
"""Pattern, field, and how its value is read."""


def parse_backfill(text: str) -> Backfill:
    """The backfill that a line of text asks for.

    Raises:
        InvalidInput: it can't be read; the message shows how one is said.
    """
    dag_id, _, rest = " ".join(text.split()).partition(" ")
    try:
        return Backfill(dag_id=dag_id, **_values(rest))
    except (ValidationError, ValueError, InvalidInput) as error:
        said = _first(error)
        raise InvalidInput(f"backfill {text!r}: {said}. It is said like: {EXAMPLE}") from None


def _values(rest: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    while rest:
        for pattern, name, read in CLAUSES:
            found = re.match(rf"{pattern}(?=\s|$)", rest)
            if found is not None:
                values[name] = read(found[1])
                rest = rest[found.end() :].strip()
                break
        else:
            raise ValueError(f"{rest!r} can't be read")
    return values


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    name = str(first["loc"][0]).removesuffix("_date") if first["loc"] else ""
    if first["type"] == "missing":
        return f"{name!r} is missing"
    said = first["msg"].removeprefix("Value error, ")
    return f"{name}: {said.lower()}" if name else said


def check_backfills(scenario: Scenario) -> None:
    """Whether Airflow would take the scenario's backfills.

    Raises:
        InvalidInput: it would not, or there is no such DAG.
    """
    for backfill in scenario.backfills:
        for wrong in _wrong(backfill, scenario):
            raise InvalidInput(f"backfill of DAG {backfill.dag_id!r}: {wrong}")


def _wrong(backfill: Backfill, scenario: Scenario) -> Iterator[str]:
    """From Airflow: ``models/backfill.py: _validate_backfill_params``."""
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    dag = dags.get(backfill.dag_id)
    if dag is None:
        yield f"the fleet has: {', '.join(sorted(dags)) or 'none'}"
        return
    if not isinstance(dag.schedule, Cron | Every):
        yield "its schedule has no ticks, so there are no dates to fill"
    in_scheduler = scenario.cluster.airflow.backfills_in_scheduler
    asked = scenario.start + timedelta(seconds=backfill.at_s)
    if in_scheduler and backfill.from_date >= asked:
        yield f"from {backfill.from_date.isoformat()}, which is not over when it is asked for"
    if any(task.depends_on_past for task in dag.tasks):
        if backfill.run_backwards:
            yield "Airflow refuses to go backwards where tasks have depends_on_past=True"
        if in_scheduler and backfill.reprocess_behavior == "none":
            yield (
                "tasks have depends_on_past=True: Airflow wants reprocess_behavior failed or "
                "completed"
            )
