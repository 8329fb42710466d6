"""Scenario files: ``scenario.toml`` and ``cluster.toml`` as people write them, and JSON."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from windtunnel.errors import InvalidInput
from windtunnel.loaders.folder import AirflowChoice, Loaded, load
from windtunnel.loaders.forms import (
    Mistakes,
    build,
    human_schema,
    machine_mistakes,
    to_machine,
)
from windtunnel.loaders.standin.session import DEFAULT_NOW
from windtunnel.model import Cluster, Scenario
from windtunnel.model.scenario import FORMAT

DEFAULT_START: datetime = DEFAULT_NOW
"""Where a scenario starts that doesn't say: always the same, so that a run can be repeated."""

FILE_NAME = "scenario.toml"


@dataclass(frozen=True)
class ReadScenario:
    """A scenario as it was read, and what its DAG files came to."""

    scenario: Scenario
    loaded: Loaded
    file: Path | None = None
    """The scenario file; ``None`` if there was none and defaults hold."""


def read_scenario(
    path: str | Path,
    *,
    cluster: Cluster | None = None,
    start: datetime | None = None,
    airflow: AirflowChoice = "auto",
    **how: Any,
) -> ReadScenario:
    """Read a scenario: a ``scenario.toml``, a folder that holds one, or a folder or file of DAGs.

    Args:
        path: what to read.
        cluster: used in place of the scenario's own.
        start: used in place of the scenario's own, an aware datetime; without either it is
            `DEFAULT_START`.
        airflow: as for `load`.
        how: more arguments of `load`.

    Raises:
        InvalidInput: there is nothing at the path, or the scenario or cluster file has mistakes.
            DAG files that can't be used are problems of the fleet instead.
    """
    path = Path(path)
    file = path if path.suffix == ".toml" else path / FILE_NAME
    if file.is_file():
        return _from_file(file, cluster, start, {"airflow": airflow, **how})
    if path.suffix == ".toml":
        raise InvalidInput(f"{path}: no such file")
    begin = start or DEFAULT_START
    used = cluster or Cluster()
    loaded = load(path, profile=used.profile, airflow=airflow, now=begin, **how)
    name = path.resolve().stem
    scenario = Scenario(name=name, fleet=loaded.fleet, cluster=used, start=begin)
    return ReadScenario(scenario, loaded)


def _from_file(
    file: Path, cluster: Cluster | None, start: datetime | None, how: Mapping[str, Any]
) -> ReadScenario:
    data = _toml(file)
    mistakes = Mistakes(str(file))
    _check_format(data, mistakes)
    machine = to_machine(
        Scenario,
        {key: value for key, value in data.items() if key not in ("cluster", "fleet")},
        "",
        mistakes,
        extra=("dags", "cluster"),
    )
    if "fleet" in data:
        mistakes.add("fleet", "...", "unknown key; name the folder of DAG files with 'dags'")
    own = _cluster(data.get("cluster", {}), file, mistakes)
    machine = {"name": file.resolve().parent.name, "start": DEFAULT_START.isoformat()} | machine
    scenario = build(Scenario, machine | {"fleet": {}}, mistakes)
    dags = _dags_folder(data.get("dags", "."), file, mistakes)
    mistakes.report()
    if scenario is None or own is None:
        raise InvalidInput(f"{file}: can't be used")
    begin, used = start or scenario.start, cluster or own
    loaded = load(dags, profile=used.profile, now=begin, **how)
    update = {"fleet": loaded.fleet, "cluster": used, "start": begin}
    return ReadScenario(scenario.model_copy(update=update), loaded, file)


def _check_format(data: Mapping[str, Any], mistakes: Mistakes) -> None:
    given = data.get("format", FORMAT)
    if given != FORMAT:
        mistakes.add("format", given, f"this version reads {FORMAT!r} only")
        mistakes.report()


def _dags_folder(given: Any, file: Path, mistakes: Mistakes) -> Path:
    if not isinstance(given, str):
        mistakes.add("dags", given, "must be the path of a folder of DAG files, as a text")
        return file.parent
    folder = file.parent / given
    if not folder.exists():
        mistakes.add("dags", given, f"there is no {folder}; the path is relative to this file")
    return folder


def _cluster(given: Any, file: Path, mistakes: Mistakes) -> Cluster | None:
    """The cluster of a scenario file: a table in it, or the path of a file."""
    if not isinstance(given, str):
        return build(Cluster, to_machine(Cluster, given, "cluster", mistakes), mistakes, "cluster")
    other = file.parent / given
    if not other.is_file():
        mistakes.add("cluster", given, f"there is no {other}; the path is relative to this file")
        return None
    return read_cluster(other)


def read_cluster(path: str | Path) -> Cluster:
    """Read a cluster file.

    Raises:
        InvalidInput: it is missing, no TOML, or has mistakes.
    """
    file = Path(path)
    mistakes = Mistakes(str(file))
    cluster = build(Cluster, to_machine(Cluster, _toml(file), "", mistakes), mistakes)
    mistakes.report()
    if cluster is None:
        raise InvalidInput(f"{file}: can't be used")
    return cluster


def _toml(file: Path) -> dict[str, Any]:
    text = _text(file)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{file}: not valid TOML: {error}") from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidInput(f"{file}: no such file") from None
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file}: not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise InvalidInput(f"{file}: can't be read: {error.strerror}") from None


def write_json(scenario: Scenario, path: str | Path) -> None:
    """Write a scenario with everything in it, its fleet too, as one JSON file."""
    Path(path).write_text(scenario.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_json(path: str | Path) -> Scenario:
    """Read a scenario that `write_json` wrote.

    Raises:
        InvalidInput: it is missing, no JSON, or has mistakes.
    """
    file = Path(path)
    text = _text(file)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(f"{file}: not valid JSON: {error}") from None
    try:
        return Scenario.model_validate_json(text, strict=True)
    except ValidationError as error:
        machine_mistakes(error, data, str(file)).report()
        raise InvalidInput(f"{file}: can't be used: {error}") from None


def scenario_schema() -> dict[str, Any]:
    """JSON Schema of the JSON form, which `write_json` writes."""
    return Scenario.model_json_schema()


def scenario_toml_schema() -> dict[str, Any]:
    """JSON Schema of ``scenario.toml``, for editors."""
    schema = human_schema(Scenario)
    properties = schema["properties"]
    del properties["fleet"]
    cluster = {k: v for k, v in properties["cluster"].items() if k != "default"}
    properties["cluster"] = {"anyOf": [{"type": "string"}, cluster]}
    properties["dags"] = {
        "type": "string",
        "default": ".",
        "description": "Folder or file of DAGs, relative to this file.",
    }
    schema["required"] = [
        name for name in schema.get("required", ()) if name not in ("fleet", "start")
    ]
    return schema


def cluster_toml_schema() -> dict[str, Any]:
    """JSON Schema of ``cluster.toml``, for editors."""
    return human_schema(Cluster)
