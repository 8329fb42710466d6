"""Scenario files: ``scenario.toml`` and ``cluster.toml`` as people write them, and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from windtunnel.errors import InvalidInput
from windtunnel.loaders.accepting import merged_accepts, read_project_accepts
from windtunnel.loaders.asked import Asked
from windtunnel.loaders.backfill_text import parse_backfill
from windtunnel.loaders.behavior_file import behavior_for, read_behavior
from windtunnel.loaders.cluster_sources import ReadCluster, is_preset, read_cluster_sources
from windtunnel.loaders.fault_text import fault_tables, numbered_faults
from windtunnel.loaders.folder import Loaded
from windtunnel.loaders.forms import (
    Mistakes,
    build,
    human_name,
    human_schema,
    machine_mistakes,
    one_of,
    to_machine,
)
from windtunnel.loaders.history import with_histories
from windtunnel.loaders.native import is_fleet_file
from windtunnel.loaders.new_versions import with_new_versions
from windtunnel.loaders.question_text import question_toml_schema, read_question
from windtunnel.loaders.source import AirflowChoice
from windtunnel.loaders.standin.session import DEFAULT_NOW
from windtunnel.loaders.text_file import read_text, read_toml
from windtunnel.model import Behavior, Cluster, Fleet, Problem, Question, Scenario
from windtunnel.model.scenario import FORMAT
from windtunnel.model.schedule import assets_in

DEFAULT_START: datetime = DEFAULT_NOW
"""Where a scenario starts that doesn't say: always the same, so that a run can be repeated."""

FILE_NAME = "scenario.toml"
HISTORY = {"type": "string", "description": "CSV or JSON file of measured durations."}
"""Schema of what names a history in the human form."""


@dataclass(frozen=True)
class ReadScenario:
    """A scenario as it was read, and what its DAG files came to."""

    scenario: Scenario
    loaded: Loaded
    file: Path | None = None
    """The scenario file; ``None`` if there was none and defaults hold."""
    question: Question | None = None
    """What ``windtunnel plan`` is asked, if the file says it. Nothing of it is simulated."""


def read_scenario(
    path: str | Path,
    *,
    cluster: Cluster | ReadCluster | None = None,
    start: datetime | None = None,
    airflow: AirflowChoice = "auto",
    **how: Any,
) -> ReadScenario:
    """Read a scenario: a ``scenario.toml``, a folder that holds one, or anything `load` takes.

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
    asked = Asked(cluster, start, {"airflow": airflow, **how})
    place = Path(path)
    file = place if place.suffix == ".toml" else place / FILE_NAME
    if _is_there(file) and not is_fleet_file(file):
        return _from_file(file, asked)
    if place.suffix == ".toml" and not file.is_file():
        raise InvalidInput(f"{place}: no such file")
    begin = start or DEFAULT_START
    loaded, told = asked.load_alone(path, begin)
    name = place.resolve().stem
    accept = read_project_accepts(place)
    scenario = Scenario(name=name, fleet=loaded.fleet, start=begin, accept=accept, **told)
    return ReadScenario(scenario, loaded)


def _is_there(file: Path) -> bool:
    """Whether there is a scenario file. One that was named, and a folder in its place, are told.

    Raises:
        InvalidInput: the file can't be looked at, or it is none.
    """
    try:
        if file.is_dir():
            raise InvalidInput(f"{file}: is a folder; a scenario file is expected here")
        return file.is_file()
    except OSError as error:
        raise InvalidInput(f"{file}: can't be looked at: {error.strerror}") from None


def _from_file(file: Path, asked: Asked) -> ReadScenario:
    data = read_toml(file)
    mistakes = Mistakes(str(file))
    _check_format(data, mistakes)
    said = data.get("behavior", {})
    in_file = _behavior_file(said, file, mistakes) if isinstance(said, str) else None
    machine = to_machine(
        Scenario,
        {
            key: value
            for key, value in data.items()
            if key not in ("about", "cluster", "fleet", "plan")
        }
        | {
            "faults": fault_tables(data.get("faults", []), mistakes.add),
            "backfills": _backfills(data.get("backfills", []), mistakes),
            "behavior": {}
            if isinstance(said, str)
            else with_histories(said, file.parent, mistakes.add),
        },
        "",
        mistakes,
        extra=("about", "dags", "cluster", "plan"),
    )
    if "fleet" in data:
        mistakes.add("fleet", "...", "unknown key; name the folder of DAG files with 'dags'")
    if not isinstance(data.get("about", {}), Mapping):
        mistakes.add("about", data["about"], "must be a table; what it holds is for people")
    question = read_question(data["plan"], mistakes) if "plan" in data else None
    own = _cluster(data.get("cluster", {}), file, mistakes)
    machine = {"name": file.resolve().parent.name, "start": DEFAULT_START.isoformat()} | machine
    scenario = build(Scenario, machine | {"fleet": {}}, mistakes)
    dags = _dags_folder(data.get("dags", "."), file, mistakes)
    mistakes.report()
    if scenario is None or own is None:
        raise InvalidInput(f"{file}: can't be used")
    # A file that says nothing of a cluster says nothing of pools and queues, either.
    if "cluster" not in data and isinstance(own, Cluster):
        own = ReadCluster(own)
    begin, used = asked.start or scenario.start, asked.cluster or own
    release = (used.cluster if isinstance(used, ReadCluster) else used).profile
    loaded, known = asked.placed(asked.load(dags, release, begin), used)
    told = {name: value for name, value in known.items() if name not in data}
    names = numbered_faults(scenario.faults, file)
    told["faults"] = with_new_versions(scenario.faults, file.parent, known["cluster"], names)
    told["accept"] = merged_accepts(read_project_accepts(dags), scenario.accept)
    if in_file is not None:
        told["behavior"] = behavior_for(in_file, loaded.fleet)
    update = {"fleet": loaded.fleet, "start": begin, **told, "cluster": known["cluster"]}
    scenario = _without_strangers(scenario.model_copy(update=update), file)
    return ReadScenario(scenario, loaded, file, question)


def _behavior_file(given: str, file: Path, mistakes: Mistakes) -> Behavior | None:
    try:
        return read_behavior(file.parent / given)
    except InvalidInput as error:
        mistakes.add("behavior", given, str(error))
        return None


def _backfills(given: Any, mistakes: Mistakes) -> Any:
    """Backfills as tables, those in words too."""
    if not isinstance(given, list):
        return given
    return [
        _backfill_in_words(one, f"backfills[{number}]", mistakes) if isinstance(one, str) else one
        for number, one in enumerate(given)
    ]


def _backfill_in_words(text: str, where: str, mistakes: Mistakes) -> dict[str, Any]:
    try:
        backfill = parse_backfill(text)
    except InvalidInput as error:
        mistakes.add(where, text, str(error).removeprefix(f"backfill {text!r}: "))
        day = datetime(2026, 1, 1, tzinfo=UTC)
        return {"dag_id": "", "from_date": day, "to_date": day}  # so that others are found too
    return {human_name(name): value for name, value in backfill.model_dump().items()}


def _without_strangers(scenario: Scenario, file: Path) -> Scenario:
    """The scenario without runs of DAGs, and updates of assets, that don't exist.

    These, and rules that no task matches, are problems: the DAG may be in a file that failed, and
    the rest can be simulated."""
    fleet = scenario.fleet
    known = sorted(dag.dag_id for dag in fleet.dags)
    told = [
        f"manual_runs[{number}].dag_id = {json.dumps(run.dag_id)}: no such DAG; "
        + one_of(run.dag_id, known)
        for number, run in enumerate(scenario.manual_runs)
        if run.dag_id not in known
    ]
    told += [
        f"arrivals[{number}].dag_id = {json.dumps(one.dag_id)}: no such DAG; "
        + one_of(one.dag_id, known)
        for number, one in enumerate(scenario.arrivals)
        if one.dag_id not in known
    ]
    told += [
        f"backfills[{number}].dag_id = {json.dumps(one.dag_id)}: no such DAG; "
        + one_of(one.dag_id, known)
        for number, one in enumerate(scenario.backfills)
        if one.dag_id not in known
    ]
    assets = _assets(fleet)
    told += [
        f"asset_updates[{number}].asset = {json.dumps(one.asset)}: no DAG knows this asset; "
        + one_of(one.asset, assets)
        for number, one in enumerate(scenario.asset_updates)
        if known and one.asset not in assets
    ]
    told += [
        f"every_run_matters[{number}] = {json.dumps(glob)}: matches no DAG; " + one_of(glob, known)
        for number, glob in enumerate(scenario.every_run_matters)
        if known and not any(fnmatchcase(dag_id, glob) for dag_id in known)
    ]
    for where, given, said in scenario.behavior.idle(fleet) if known else ():
        told.append(f"behavior.{where} = {json.dumps(given)}: {said}")
    if not told:
        return scenario
    problems = [Problem(cause="value", message=text, file=file.name) for text in told]
    return scenario.model_copy(
        update={
            "fleet": fleet.model_copy(update={"problems": (*fleet.problems, *problems)}),
            "manual_runs": tuple(run for run in scenario.manual_runs if run.dag_id in known),
            "arrivals": tuple(one for one in scenario.arrivals if one.dag_id in known),
            "backfills": tuple(one for one in scenario.backfills if one.dag_id in known),
            "asset_updates": tuple(
                one for one in scenario.asset_updates if not known or one.asset in assets
            ),
        }
    )


def _assets(fleet: Fleet) -> list[str]:
    """The assets that the DAGs of a fleet wait for, read or update."""
    asked = {name for dag in fleet.dags for name in assets_in(dag.asset_condition)}
    tasks = (task for dag in fleet.dags for task in dag.tasks)
    return sorted(asked.union(*((*task.inlets, *task.outlets) for task in tasks)))


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
    try:
        there = folder.exists()
    except OSError as error:
        mistakes.add("dags", given, f"can't be looked at: {error.strerror}")
        return folder
    if not there:
        mistakes.add("dags", given, f"there is no {folder}; the path is relative to this file")
    return folder


def _cluster(given: Any, file: Path, mistakes: Mistakes) -> Cluster | ReadCluster | None:
    """The cluster of a scenario file: a table in it, or its sources, such as other files."""
    if isinstance(given, Mapping):
        return build(Cluster, to_machine(Cluster, given, "cluster", mistakes), mistakes, "cluster")
    sources = [given] if isinstance(given, str) else given
    if not isinstance(sources, list) or not all(isinstance(one, str) for one in sources):
        mistakes.add("cluster", given, "must be a table, the path of a file, or a list of paths")
        return None
    for one in sources:
        if not is_preset(one) and not (file.parent / one).is_file():
            there = f"there is no {file.parent / one}; the path is relative to this file"
            mistakes.add("cluster", one, there)
            return None
    found = read_cluster_sources(*(one if is_preset(one) else file.parent / one for one in sources))
    return found.cluster if sources[-1].endswith(".toml") and len(sources) == 1 else found


def read_cluster(*sources: str | Path) -> Cluster:
    """Read a cluster from a cluster file, or from wherever else it lives; see
    `read_cluster_sources`, which also tells where each value comes from.

    Raises:
        InvalidInput: a source is missing, or has mistakes.
    """
    return read_cluster_sources(*sources).cluster


def write_json(scenario: Scenario, path: str | Path) -> None:
    """Write a scenario with everything in it, its fleet too, as one JSON file."""
    Path(path).write_text(scenario.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_json(path: str | Path) -> Scenario:
    """Read a scenario that `write_json` wrote.

    Raises:
        InvalidInput: it is missing, no JSON, or has mistakes.
    """
    file = Path(path)
    text = read_text(file)
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
    sources = {"type": "array", "items": {"type": "string"}}
    properties["cluster"] = {"anyOf": [{"type": "string"}, sources, cluster]}
    behavior = {k: v for k, v in properties["behavior"].items() if k != "default"}
    properties["behavior"] = {"anyOf": [{"type": "string"}, behavior]}
    definitions = schema["$defs"]
    definitions["Behavior"]["properties"]["history"] = HISTORY
    definitions["History"] = {"type": "object", "properties": {"history": HISTORY}}
    properties["dags"] = {
        "type": "string",
        "default": ".",
        "description": "Folder or file of DAGs, relative to this file.",
    }
    properties["about"] = {
        "type": "object",
        "description": "For people, such as a title; nothing of it is simulated.",
    }
    properties["plan"], questions = question_toml_schema()
    definitions.update(questions)
    schema["required"] = [
        name for name in schema.get("required", ()) if name not in ("fleet", "start")
    ]
    return schema


def cluster_toml_schema() -> dict[str, Any]:
    """JSON Schema of ``cluster.toml``, for editors."""
    return human_schema(Cluster)
