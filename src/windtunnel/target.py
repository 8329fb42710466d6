"""TARGET and its options become one scenario: a DAG file, a folder, a scenario file, or a name."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from windtunnel import api
from windtunnel.errors import InvalidInput
from windtunnel.loaders import (
    ReadCluster,
    ReadScenario,
    behavior_for,
    check_targets,
    numbered_faults,
    parse_duration,
    parse_profiles,
    read_behavior,
    read_cluster_sources,
    read_scenario,
    said_by_project,
)
from windtunnel.loaders.metadata import shown as without_password
from windtunnel.loaders.origin import LoadedFrom
from windtunnel.model import Behavior, Cluster, Fleet, Scenario
from windtunnel.model.pattern import nearest
from windtunnel.window import chosen, triggered
from windtunnel_scenarios import folder, names

LONGEST_SHOWN = 60
NAMED = {"trigger": "runs"}
"""What settings of a repository are called, where the command line has another name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says about the scenario; None where it says nothing."""

    cluster: str | None = None
    window: str | None = None
    start: str | None = None
    seed: int | None = None
    profile: str | None = None
    trigger: tuple[str, ...] = ()
    airflow: Literal["auto", "stand-in", "real"] = "auto"
    how: Mapping[str, Any] = field(default_factory=dict)
    """More arguments of `windtunnel.loaders.load`."""
    faults: tuple[str, ...] = ()
    backfills: tuple[str, ...] = ()
    behavior: str | None = None
    """A behavior file, in the place of what a scenario file says."""
    jitter: str | None = None
    faults_up_to: int | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    """For messages: where something was said, if not on the command line."""


def asked_of(said: Mapping[str, Any], release: str | None, airflow: Any = None) -> Asked:
    """What settings by name say about the scenario: ``cluster``, ``window``, ``start``, ``seed``,
    ``runs`` and ``faults``, as text or as values."""
    window, start, faults = said.get("window"), said.get("start"), said.get("faults")
    cluster = said.get("cluster")
    return Asked(
        cluster=None if cluster is None else str(cluster),
        window=f"{window:g}s" if isinstance(window, int | float) else window,
        start=start.isoformat() if isinstance(start, date) else start,
        seed=said.get("seed"),
        profile=release,
        trigger=tuple(names_in(said.get("runs"))),
        airflow=airflow or said.get("airflow") or "auto",
        faults=(faults,) if isinstance(faults, str) else tuple(faults or ()),
    )


def names_in(given: Any) -> list[str]:
    """Names, given as a list or as one text."""
    return given.replace(",", " ").split() if isinstance(given, str) else list(given or ())


def with_project(target: str, asked: Asked) -> Asked:
    """What was asked for, and where nothing was, what the repository of the DAG files says:
    ``windtunnel.toml``, or ``[tool.windtunnel]`` of its pyproject.toml. A scenario file says all of
    it itself.

    Raises:
        InvalidInput: the file can't be read, or says something that can't be used.
    """
    place = Path(target)
    try:
        is_scenario = place.suffix == ".toml" or (place / "scenario.toml").is_file()
        if not target or is_scenario or not place.exists():
            return asked
    except OSError:
        return asked  # whoever looks at it says so
    said, file = said_by_project(place)
    if not said:
        return asked
    release, _ = parse_profiles(names_in(said.get("profile")), place, said=f"{file}: profile")
    own = asked_of(said, release)
    if own.window is not None:
        api.length(own.window, f"{file}: window = {own.window!r}")
    if own.start is not None:
        api.instant(own.start, f"{file}: start = {own.start!r}")
    names = ("cluster", "window", "start", "seed", "profile", "trigger", "faults")
    missing = {name: getattr(own, name) for name in names if getattr(asked, name) in (None, ())}
    where = {name: f"{file}: {NAMED.get(name, name)}" for name in missing}
    if asked.airflow == "auto":
        missing["airflow"] = own.airflow
    return replace(asked, **missing, said={**where, **asked.said})


def usual_target() -> str | None:
    """What is meant where nobody names a target: ``dags`` of what the repository of the current
    folder says, else its folder ``dags``; None: there is neither.

    Raises:
        InvalidInput: the repository says something that can't be used.
    """
    _refuse_lost_folder()
    here = Path.cwd()
    said, _ = said_by_project(here)
    if "dags" not in said:
        return "dags" if (here / "dags").is_dir() else None
    place = said["dags"]
    is_below = isinstance(place, Path) and place.is_relative_to(here)
    return str(place.relative_to(here) if is_below else place)


def read(target: str, asked: Asked, tell: api.Progress | None = None) -> ReadScenario:
    """What *target* names, with what was asked for on top.

    A folder or file of DAGs alone says nothing of time: what was not asked for is chosen.

    Raises:
        InvalidInput: no such target, no DAG in it, or a value that can't be used.
    """
    asked = with_project(target, asked)
    return read_found(look(target, asked, tell), asked)


def read_found(found: ReadScenario, asked: Asked) -> ReadScenario:
    """As `read`, of what was looked at already."""
    fleet = found.scenario.fleet
    if not fleet.dags:
        raise InvalidInput("\n".join(str(problem) for problem in fleet.problems))
    return with_asked(found, asked)


def look(target: str, asked: Asked, tell: api.Progress | None = None) -> ReadScenario:
    """What *target* names, as it is; perhaps without any DAG, and then with problems.

    Raises:
        InvalidInput: no such target, or its scenario or cluster can't be used.
    """
    if tell is not None:
        loading = {"progress": lambda done, total: tell("Loading", done, total)}
        asked = replace(asked, how={**asked.how, **loading})
    return _read(_path(target), asked)


def with_asked(found: ReadScenario, asked: Asked) -> ReadScenario:
    """What was found, with what was asked for on top; see `read`.

    Raises:
        InvalidInput: a value can't be used.
    """
    known = sorted(dag.dag_id for dag in found.scenario.fleet.dags)
    for dag_id in asked.trigger:
        if dag_id not in known:
            said = asked.said.get("trigger", "--trigger")
            raise InvalidInput(f"{said} {dag_id}: no such DAG; there are: {', '.join(known)}")
    if found.file is not None:
        _check_faults(found.scenario, found.file)
    seconds = None if asked.window is None else api.length(asked.window, f"--for {asked.window}")
    scenario = api.scenario_of(
        found.scenario,
        window=seconds,
        seed=asked.seed,
        runs=asked.trigger,
        backfills=asked.backfills,
        behavior=_behavior(asked, found.scenario.fleet),
        jitter=_length(asked.jitter, "--jitter"),
        faults_up_to=asked.faults_up_to,
    )
    if asked.faults:
        scenario = _struck(scenario, asked)
    if found.file is None:
        source = found.loaded
        has_length = isinstance(source, LoadedFrom) and source.duration_s is not None
        no_length = asked.window is None and not has_length
        scenario = chosen(scenario, start=asked.start is None, length=no_length)
    return replace(found, scenario=with_lone_runs(scenario))


def _behavior(asked: Asked, fleet: Fleet) -> Behavior | None:
    return None if asked.behavior is None else behavior_for(read_behavior(asked.behavior), fleet)


def _struck(scenario: Scenario, asked: Asked) -> Scenario:
    """The scenario with the faults that were asked for; a mistake is told with the file that has
    it, if that is not the command line."""
    try:
        return api.scenario_of(scenario, faults=asked.faults)
    except InvalidInput as error:
        where = asked.said.get("faults")
        raise InvalidInput(f"{where}: {error}" if where else str(error)) from None


def with_lone_runs(scenario: Scenario) -> Scenario:
    """A scenario that was read, with one run of each DAG that nothing else in it would run."""
    return triggered(scenario)


def sources_of(target: str, found: ReadScenario) -> Path | None:
    """The folder to which the paths of the DAG files are relative; None if they are not here, or
    are not the user's own."""
    files = {dag.file for dag in found.scenario.fleet.dags if dag.file is not None}
    place = Path(target)
    if not files or not place.exists():
        return None
    folders = (place if place.is_dir() else place.parent, *found.loaded.roots)
    return next((one for one in folders if all((one / file).is_file() for file in files)), None)


def _length(said: str | None, option: str) -> float | None:
    if said is None:
        return None
    try:
        return parse_duration(said)
    except InvalidInput as error:
        raise InvalidInput(f"{option} {said}: {error}") from None


def _check_faults(scenario: Scenario, file: Path) -> None:
    """What the faults of a scenario file speak of: a mistake is told with the file.

    Raises:
        InvalidInput: it isn't there.
    """
    check_targets(
        scenario.faults,
        scenario.fleet,
        scenario.cluster,
        scenario.start,
        scenario.resources,
        names=numbered_faults(scenario.faults, file),
    )


def _path(target: str) -> Path:
    if not target:
        raise InvalidInput("TARGET is empty; name a DAG file, a folder, or a scenario")
    if "://" in target:
        raise InvalidInput(
            f"{without_password(target)}: a TARGET is a file, a folder or a name; a database is "
            "read by windtunnel load, by --from of calibrate and backtest, and in Python by "
            "windtunnel.load(URL)"
        )
    _refuse_lost_folder()
    try:
        if Path(target).exists():
            return Path(target)
    except OSError as error:
        too_long = error.errno == errno.ENAMETOOLONG
        shown = f"{target[:LONGEST_SHOWN]}..." if too_long else target
        raise InvalidInput(f"{shown}: can't be looked at: {error.strerror}") from None
    found = folder(target)
    if found is None:
        raise InvalidInput(
            f"{target}: no such file or folder, and no shipped scenario of that name; "
            f"{nearest(target, names())} `windtunnel scenarios` lists them"
        )
    return found


def _refuse_lost_folder() -> None:
    try:
        Path.cwd()
    except OSError:
        raise InvalidInput(
            "the current folder does not exist any more; change to one that does"
        ) from None


def _read(path: Path, asked: Asked) -> ReadScenario:
    if asked.cluster == "":
        said = asked.said.get("cluster", "--cluster")
        raise InvalidInput(f"{said} is empty; name a cluster file")
    cluster = _cluster(asked) if asked.cluster else None
    start = None if asked.start is None else api.instant(asked.start, f"--from {asked.start}")
    if cluster is None and asked.profile is not None:
        # What a scenario file says of its cluster holds, except for the release.
        cluster = read_scenario(path, airflow=asked.airflow, **asked.how).scenario.cluster
    if cluster is not None and asked.profile is not None:
        cluster = _of_release(cluster, asked.profile)
    return read_scenario(path, cluster=cluster, start=start, airflow=asked.airflow, **asked.how)


def _cluster(asked: Asked) -> Cluster | ReadCluster:
    """A cluster file as it stands; of another source, what it says and where."""
    source = asked.cluster or ""
    try:
        found = read_cluster_sources(source)
    except InvalidInput as error:
        said = asked.said.get("cluster")
        raise InvalidInput(f"{said}: {error}" if said else str(error)) from None
    return found.cluster if source.endswith(".toml") else found


def _of_release(cluster: Cluster | ReadCluster, profile: str) -> Cluster | ReadCluster:
    if isinstance(cluster, ReadCluster):
        return replace(cluster, cluster=cluster.cluster.model_copy(update={"profile": profile}))
    return cluster.model_copy(update={"profile": profile})
