"""Measured durations of tasks, from a CSV or JSON file, such as Airflow's own task instances."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.text_file import read_text
from windtunnel.model import History, Measured

DURATIONS = ("duration_s", "duration")
"""Names of the column of seconds; the second is what Airflow's database and REST API call it."""
NEEDED = ("dag_id", "task_id", "duration_s")


def read_history(path: str | Path) -> History:
    """Read measured durations: rows with ``dag_id``, ``task_id``, ``duration_s`` (or ``duration``,
    in seconds) and perhaps ``state``.

    A ``.json`` file is a list of objects, or what Airflow's REST API answers when asked for task
    instances; everything else is CSV with a header. Where a task has successes, its other tries
    are left out; so are rows without a duration.

    Raises:
        InvalidInput: the file is missing or no such file; the message names the row.
    """
    file = Path(path)
    rows = _json_rows(file) if file.suffix == ".json" else _csv_rows(file)
    found: dict[tuple[str, str], dict[bool, list[float]]] = {}
    for where, row in rows:
        one = _one(row, where)
        if one is not None:
            name, seconds, succeeded = one
            found.setdefault(name, {True: [], False: []})[succeeded].append(seconds)
    if not found:
        raise InvalidInput(f"{file}: has no durations; it needs rows with {', '.join(NEEDED)}")
    return History(
        measured=tuple(
            Measured(dag_id=dag, task_id=task, values_s=tuple(sorted(of[True] or of[False])))
            for (dag, task), of in sorted(found.items())
        )
    )


def _one(row: Mapping[str, Any], where: str) -> tuple[tuple[str, str], float, bool] | None:
    name = (str(row.get("dag_id") or ""), str(row.get("task_id") or ""))
    if not all(name):
        missing = "dag_id" if not name[0] else "task_id"
        raise InvalidInput(f"{where}: {missing} is missing; a row needs {', '.join(NEEDED)}")
    given = next((row[key] for key in DURATIONS if row.get(key) not in (None, "")), None)
    if given is None:
        return None
    try:
        seconds = float(given)
    except (TypeError, ValueError):
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        shown = json.dumps(given)
        raise InvalidInput(f"{where}: duration {shown}: must be a number of seconds, 0 or more")
    return name, seconds, row.get("state") in (None, "", "success")


def _csv_rows(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(read_text(file, missing=MISSING).splitlines())
    columns = [*(reader.fieldnames or ())]
    wanted = ("dag_id", "task_id", next((name for name in DURATIONS if name in columns), "?"))
    if not set(wanted) <= set(columns):
        shown = ", ".join(columns) or "nothing"
        raise InvalidInput(f"{file}: its header must name {', '.join(NEEDED)}; it has: {shown}")
    for row in reader:
        yield f"{file}, line {reader.line_num}", row


def _json_rows(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        data = json.loads(read_text(file, missing=MISSING))
    except json.JSONDecodeError as error:
        raise InvalidInput(f"{file}: not valid JSON: {error}") from None
    rows = data.get("task_instances") if isinstance(data, dict) else data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidInput(f"{file}: must be a list of objects with {', '.join(NEEDED)}")
    for number, row in enumerate(rows):
        yield f"{file}, entry {number}", row


MISSING = "no such file; name a CSV or JSON file of durations"
Complain = Callable[[str, Any, str], None]
"""Told of a mistake: where it is, what stands there, what would be right."""


def with_histories(
    behavior: Any, folder: Path, complain: Complain, prefix: str = "behavior."
) -> Any:
    """The behavior table of a file, with histories in the place of the files that it names; they
    are relative to the folder. *prefix* is where the table stands in the file."""
    if not isinstance(behavior, Mapping):
        return behavior
    made = {**behavior}
    if "history" in made:
        made["history"] = _table(made["history"], folder, f"{prefix}history", complain)
    rules = made.get("rules")
    if isinstance(rules, list):
        made["rules"] = [
            _rule(rule, f"{prefix}rules[{n}]", folder, complain) for n, rule in enumerate(rules)
        ]
    return made


def _rule(rule: Any, where: str, folder: Path, complain: Complain) -> Any:
    duration = rule.get("duration") if isinstance(rule, Mapping) else None
    if not isinstance(duration, Mapping) or set(duration) != {"history"}:
        return rule
    where = f"{where}.duration.history"
    return {**rule, "duration": _table(duration["history"], folder, where, complain)}


def _table(given: Any, folder: Path, where: str, complain: Complain) -> Any:
    if not isinstance(given, str):
        complain(where, given, "must be the path of a CSV or JSON file of measured durations")
        return {"measured": []}
    try:
        history = read_history(folder / given)
    except InvalidInput as error:
        complain(where, given, str(error))
        return {"measured": []}
    return {
        "measured": [
            {"dag_id": one.dag_id, "task_id": one.task_id, "values": list(one.values_s)}
            for one in history.measured
        ]
    }
