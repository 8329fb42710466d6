"""Fleet files: a fleet as a person writes it, in TOML, without any DAG file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from windtunnel.loaders.folder import Loaded
from windtunnel.loaders.forms import Mistakes, build, human_schema, to_machine, unknown_key
from windtunnel.loaders.text_file import read_toml
from windtunnel.model import Dag, Fleet

FORMAT: Literal["windtunnel.fleet/1"] = "windtunnel.fleet/1"
SAID_ELSEWHERE = ("problems", "assumptions")
"""Fields of a fleet that only a loader fills."""


def is_fleet_file(path: Path) -> bool:
    """Whether a TOML file says of itself that it holds a fleet, of whichever version."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8")).get("format")
    except (OSError, ValueError):
        return False
    return isinstance(given, str) and given.startswith("windtunnel.fleet/")


def load_fleet_file(path: str | Path) -> Loaded:
    """Load a fleet from a TOML file.

    Args:
        path: the file; its first line is ``format = "windtunnel.fleet/1"``.

    Raises:
        InvalidInput: it is missing, no TOML, or has mistakes; each is named with its place.
    """
    file = Path(path)
    data = read_toml(file)
    mistakes = Mistakes(str(file))
    if data.get("format") != FORMAT:
        mistakes.add("format", data.get("format"), f"this version reads {FORMAT!r} only")
        mistakes.report()
    for key in data:
        if key not in ("format", "dags"):
            mistakes.add(key, data[key], unknown_key(key, ("format", "dags")))
    tables = data.get("dags", [])
    if not isinstance(tables, list):
        mistakes.add("dags", tables, "must be a list of tables: write [[dags]] above each DAG")
        tables = []
    dags = [_dag(table, f"dags[{i}]", mistakes) for i, table in enumerate(tables)]
    made = [dag for dag in dags if dag is not None]
    _refuse_twins(made, mistakes)
    mistakes.report()
    return Loaded(Fleet(dags=tuple(made)))


def _dag(table: Any, where: str, mistakes: Mistakes) -> Dag | None:
    if isinstance(table, Mapping) and isinstance(table.get("schedule"), str):
        table = {**table, "schedule": _schedule(table["schedule"])}
    return build(Dag, to_machine(Dag, table, where, mistakes), mistakes, where)


def _schedule(text: str) -> dict[str, str]:
    """A schedule written as in a DAG file: a cron expression or a preset."""
    return {"type": "once"} if text == "@once" else {"type": "cron", "expression": text}


def _refuse_twins(dags: list[Dag], mistakes: Mistakes) -> None:
    seen: set[str] = set()
    for dag in dags:
        if dag.dag_id in seen:
            mistakes.add("dags", dag.dag_id, "this dag_id is used twice; give one another")
        seen.add(dag.dag_id)


def fleet_toml_schema() -> dict[str, Any]:
    """JSON Schema of a fleet file, for editors."""
    schema = human_schema(Fleet)
    for name in SAID_ELSEWHERE:
        del schema["properties"][name]
    schema["properties"]["format"] = {"const": FORMAT}
    schedule = schema["$defs"]["Dag"]["properties"]["schedule"]
    schedule["anyOf"] = [*schedule["anyOf"], {"type": "string"}]
    schema["required"] = ["format"]
    return schema
