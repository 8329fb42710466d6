"""Source: what a path is, told from itself, and the loader that reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from windtunnel.errors import InvalidInput
from windtunnel.loaders import folder
from windtunnel.loaders.folder import Loaded
from windtunnel.loaders.metadata import is_database
from windtunnel.loaders.native import is_fleet_file, load_fleet_file
from windtunnel.loaders.origin import LoadedFrom, profile_of
from windtunnel.loaders.reading import FileResult
from windtunnel.loaders.real import AirflowUnusable, load_with_airflow
from windtunnel.loaders.release import release_of
from windtunnel.loaders.serialized import (
    is_serialized,
    load_database,
    load_serialized,
)
from windtunnel.loaders.settings import IMPORT_TIMEOUT_S, Supplied
from windtunnel.loaders.standin import real_airflow
from windtunnel.loaders.standin.session import DEFAULT_NOW
from windtunnel.loaders.wfcommons import is_wfformat, load_wfformat
from windtunnel.model import PROFILES, Assumption

AirflowChoice = Literal["auto", "stand-in", "real"]
CHOICES = ("auto", "stand-in", "real")
DEFAULT_PROFILE: str = "airflow-3.3"


def load(
    path: str | Path,
    *,
    profile: str | None = None,
    airflow: AirflowChoice = "auto",
    airflow_python: str | Path | None = None,
    now: datetime = DEFAULT_NOW,
    supplied: Supplied | None = None,
    import_paths: Sequence[str | Path] = (),
    import_timeout_s: float = IMPORT_TIMEOUT_S,
    **stand_in: Any,
) -> Loaded:
    """Load whatever describes a workload; what it is, is told from itself.

    - a folder of DAG files, or one ``.py`` file;
    - a ``.json`` file, or a folder of them: serialized DAGs, or an execution trace in WfFormat;
    - Airflow's metadata database: an SQLite file, or a URL;
    - a ``.toml`` file: a fleet in windtunnel's own form.

    What can't be used becomes a `Problem` of the fleet; the rest is loaded.

    Args:
        path: what to load.
        profile: the Airflow release whose defaults hold, one of `windtunnel.model.PROFILES`; by
            default that of the Airflow that read or wrote it, else the one that the repository's
            requirements or image say, else ``airflow-3.3``.
        airflow: who reads DAG files. ``"real"`` is an installed Airflow, in a process of its own;
            ``"stand-in"`` needs none; ``"auto"`` is the real one if it can be imported here or an
            interpreter is given, and the stand-in for files that it can't load, else the stand-in.
        airflow_python: the interpreter of the environment that has Airflow, if that is another one.
        now: what relative dates in DAG files count from.
        supplied: Variables, Connections and settings that DAG files read while they load.
        import_paths: more folders from which DAG files import modules.
        import_timeout_s: how long one DAG file may take.
        stand_in: what only the stand-in knows, see `windtunnel.loaders.folder.load`.

    Raises:
        InvalidInput: there is nothing at the path, an argument is unknown, or the Airflow asked for
            can't be used.
    """
    _check(profile, airflow, airflow_python)
    if is_database(path):
        return load_database(path, profile=profile)
    place = Path(path)
    if place.suffix == ".toml" and place.is_file():
        return _toml(place)
    if place.suffix == ".json" and place.is_file():
        return _json(place, profile)
    if place.is_dir() and _holds_only_json(place):
        return load_serialized(place, profile=profile)
    common: dict[str, Any] = {
        "supplied": supplied,
        "import_paths": import_paths,
        "import_timeout_s": import_timeout_s,
        "now": now,
    }
    if airflow == "real":
        return load_with_airflow(place, python=airflow_python, profile=profile, **common)
    unusable = None
    if airflow == "auto" and (airflow_python is not None or real_airflow()):
        instead = partial(_with_stand_in, place, common)
        try:
            return load_with_airflow(
                place, python=airflow_python, profile=profile, instead=instead, **common
            )
        except AirflowUnusable as error:
            if airflow_python is not None:
                raise
            unusable = str(error)
    loaded = _by_stand_in(place, profile, **common, **stand_in)
    if unusable is None:
        return loaded
    return _saying(loaded, "Airflow", f"{unusable}; the stand-in reads all DAG files")


def _by_stand_in(place: Path, profile: str | None, **how: Any) -> Loaded:
    """What the stand-in reads, as the release that is asked for, or that the repository is written
    for."""
    own = release_of(place) if profile is None else None
    if own is None:
        return folder.load(place, profile=profile or DEFAULT_PROFILE, airflow="stand-in", **how)
    version, file = own
    release = profile_of(version)
    loaded = folder.load(place, profile=release, airflow="stand-in", **how)
    said = f"decides as {release}: {file} says Airflow {version} (--profile chooses another)"
    told = {one.name: getattr(loaded, one.name) for one in fields(loaded)}
    return _saying(LoadedFrom(**told, profile=release), "release", said)


def _with_stand_in(
    place: Path, common: Mapping[str, Any], names: Sequence[str], profile: str
) -> dict[str, FileResult]:
    """What the stand-in makes of the files that the installed Airflow can't load."""
    supplied = common["supplied"] or Supplied()
    return folder.read_some(place, names, profile=profile, **{**common, "supplied": supplied})


def _saying(loaded: Loaded, subject: str, assumed: str) -> Loaded:
    assumptions = (Assumption(subject=subject, assumed=assumed), *loaded.fleet.assumptions)
    return replace(loaded, fleet=loaded.fleet.model_copy(update={"assumptions": assumptions}))


def is_dag_files(path: str | Path) -> bool:
    """Whether a path is a folder of DAG files, or one of them."""
    place = Path(path)
    return place.suffix == ".py" or (place.is_dir() and not _holds_only_json(place))


def _toml(file: Path) -> Loaded:
    if is_fleet_file(file):
        return load_fleet_file(file)
    raise InvalidInput(
        f'{file}: not a fleet: its first line must be format = "windtunnel.fleet/1" (a scenario '
        "is run, not loaded)"
    )


def _json(file: Path, profile: str | None) -> Loaded:
    try:
        data = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{file}: not valid JSON: {error}") from None
    if is_wfformat(data):
        return load_wfformat(file)
    if is_serialized(data):
        return load_serialized(file, profile=profile)
    raise InvalidInput(
        f"{file}: neither serialized DAGs (with '__version' and 'dag') nor an execution trace in "
        "WfFormat (with 'schemaVersion' and 'workflow')"
    )


def _holds_only_json(place: Path) -> bool:
    """Whether a folder has JSON files and no Python file."""
    return any(place.rglob("*.json")) and not any(place.rglob("*.py"))


def _check(profile: str | None, airflow: str, airflow_python: str | Path | None) -> None:
    if profile is not None and profile not in PROFILES:
        raise InvalidInput(
            f"unknown Airflow profile {profile!r}; it is one of {', '.join(sorted(PROFILES))}"
        )
    if airflow not in CHOICES:
        raise InvalidInput(
            f"airflow={airflow!r} is unknown; it is one of {', '.join(map(repr, CHOICES))}"
        )
    if airflow == "stand-in" and airflow_python is not None:
        raise InvalidInput(
            f"airflow_python={str(airflow_python)!r} has no use with airflow='stand-in', which "
            "reads DAG files without Airflow; give one of them"
        )
