"""Load: serialized DAGs, in files as Airflow writes them to its database, become a `Fleet`."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.origin import LoadedFrom
from windtunnel.loaders.real.records import Reader
from windtunnel.loaders.serialized.records import dags_in
from windtunnel.model import Assumption, Dag, Fleet, Problem, Sensor
from windtunnel.model.dag import ExternalTaskSensor, TriggerDagRun

FORMS = (
    "a serialized DAG as in the column `data` of Airflow's table serialized_dag, a list of them, "
    "or a table of them by dag_id"
)


def is_serialized(data: Any) -> bool:
    """Whether what stands in a JSON file are serialized DAGs."""
    return any(True for _ in _documents(data, ""))


def load_serialized(path: str | Path, *, profile: str | None = None) -> LoadedFrom:
    """Load a JSON file of serialized DAGs, or a folder of such files.

    Args:
        path: the file or folder.
        profile: the Airflow release that will be simulated; by default the one that wrote them.

    Raises:
        InvalidInput: there is nothing at the path, or no JSON of serialized DAGs. A DAG that can't
            be used is a problem of the fleet.
    """
    place = Path(path)
    files = sorted(place.rglob("*.json")) if place.is_dir() else [place]
    folder = place if place.is_dir() else place.parent
    found = []
    for file in files:
        name = file.relative_to(folder).as_posix()
        documents = list(_documents(_json(file), name))
        if not documents:
            raise InvalidInput(f"{file}: holds no serialized DAG; it must be {FORMS}")
        found += documents
    return fleet_of(found, profile=profile)


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except FileNotFoundError:
        raise InvalidInput(f"{file}: no such file") from None
    except OSError as error:
        raise InvalidInput(f"{file}: can't be read: {error.strerror}") from None
    except ValueError as error:
        raise InvalidInput(f"{file}: not valid JSON: {error}") from None


def _documents(data: Any, file: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(where it stands, serialized DAG) for each in a document, however they are put together."""
    if isinstance(data, list):
        for item in data:
            yield from _documents(item, file)
    if not isinstance(data, Mapping):
        return
    if "__version" in data and "dag" in data:
        yield file, data
    elif "data" in data or "data_compressed" in data:
        yield from _documents(unpacked(data.get("data"), data.get("data_compressed")), file)
    else:
        for item in data.values():
            yield from _documents(item, file)


def unpacked(data: Any, compressed: Any) -> Any:
    """The document of a row of ``serialized_dag``, which may be text, or compressed
    (``[core] compress_serialized_dags``)."""
    if data is None and isinstance(compressed, bytes):
        data = zlib.decompress(compressed)
    return json.loads(data) if isinstance(data, str | bytes) else data


def fleet_of(
    documents: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    profile: str | None = None,
    paused: Mapping[str, bool] | None = None,
) -> LoadedFrom:
    """The fleet of serialized DAGs, each with the name of where it stands."""
    documents = list(documents)
    old = any(data.get("__version") == 1 for _, data in documents)
    own: str = "airflow-2.11" if old else "airflow-3.3"
    reader = Reader(profile or own)
    dags: dict[str, Dag] = {}
    for place, data in documents:
        for dag in _read(reader, place, data):
            if dag.dag_id not in dags:
                known = (paused or {}).get(dag.dag_id)
                dags[dag.dag_id] = (
                    dag if known is None else dag.model_copy(update={"is_paused": known})
                )
    if not dags and not reader.problems:
        reader.problems.append(Problem(cause="empty", message="no serialized DAGs found"))
    _say_what_is_missing(reader, dags.values())
    fleet = Fleet(
        dags=tuple(dags.values()),
        problems=tuple(reader.problems),
        assumptions=tuple(Assumption(subject=s, assumed=a) for s, a in reader.assumed),
    )
    return LoadedFrom(fleet, profile=own)


def _read(reader: Reader, place: str, data: Mapping[str, Any]) -> Iterator[Dag]:
    try:
        records = list(dags_in(data))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        said = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        message = f"{said}; this serialized DAG is left out"
        reader.problems.append(Problem(cause="value", message=message, file=place or None))
        return
    for record in records:
        made = reader.dag(record, record["fileloc"])
        if made is not None:
            yield made


def _say_what_is_missing(reader: Reader, dags: Iterable[Dag]) -> None:
    """Serialized DAGs don't say how sensors and triggers wait."""
    kinds = [task.kind for dag in dags for task in dag.tasks]
    sensors = sum(isinstance(kind, Sensor | ExternalTaskSensor) for kind in kinds)
    awaited = sum(isinstance(kind, ExternalTaskSensor) for kind in kinds)
    triggers = sum(isinstance(kind, TriggerDagRun) and kind.wait_for_completion for kind in kinds)
    for number, what, assumed in (
        (sensors, "sensor", "poke_interval 60 s, timeout 7 days, no soft_fail, not deferrable"),
        (awaited, "ExternalTaskSensor", "no execution_delta, allowed_states success"),
        (triggers, "TriggerDagRunOperator", "poke_interval 60 s, not deferrable"),
    ):
        if number:
            reader.assume(
                f"{number} {what}{'' if number == 1 else 's'}",
                f"not in serialized DAGs, so Airflow's defaults: {assumed}",
            )
