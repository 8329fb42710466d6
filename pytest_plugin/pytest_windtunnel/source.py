"""What a test wants to simulate: its files, what the settings say on top, then its own changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import windtunnel as wt
from pytest_windtunnel.settings import PATHS, Settings
from windtunnel.loaders import (
    Loaded,
    ReadScenario,
    is_preset,
    merged_accepts,
    parse_accepts,
    parse_behavior,
    parse_profiles,
    read_cluster,
    read_scenario,
)
from windtunnel.loaders.forms import machine_mistakes, unknown_key
from windtunnel.loaders.shapes import one_of
from windtunnel.model import SearchProfile
from windtunnel.target import with_lone_runs
from windtunnel_scenarios import folder

What = str | Path | wt.Fleet | wt.Scenario
"""What can be simulated: DAGs or a scenario, by path or name, or as values."""


@dataclass(frozen=True)
class Source:
    """What `windtunnel.simulate` and `windtunnel.check` are to be called with."""

    target: wt.Scenario | wt.Fleet
    changes: dict[str, Any]
    loaded: Loaded | None = None
    """What the DAG files came to; None if the target was given as a value."""
    profile: SearchProfile | None = None
    """How hard to search; None: nobody says it."""

    @property
    def fleet(self) -> wt.Fleet:
        """The DAGs of the target."""
        return self.target.fleet if isinstance(self.target, wt.Scenario) else self.target

    def bodies(self) -> Loaded:
        """The real Python callables.

        Raises:
            InvalidInput: the target was given as a value, which has none.
        """
        if self.loaded is None:
            raise wt.InvalidInput("execute=True runs what is in DAG files: name them by path")
        return self.loaded


def source_from(settings: Settings, what: What | None, changes: Mapping[str, Any]) -> Source:
    """What the test named, with the settings, with its changes; these win.

    A `Scenario` that is given is complete: the settings don't touch it.

    Raises:
        InvalidInput: nothing was named, or it can't be used.
    """
    own = _known(changes)
    if isinstance(own.get("cluster"), str | Path):
        own["cluster"] = read_cluster(_cluster_source(settings, own["cluster"]))
    search = _profiles(settings)[1]
    if isinstance(what, wt.Scenario):
        return _checked(Source(what, own, profile=search))
    said = ("runs", "faults", "behavior", "window", "start", "seed", "accept")
    asked = _known({name: getattr(settings, name) for name in said}) | own
    if asked.get("cluster") is None and settings.cluster:
        asked["cluster"] = cluster_from(settings)
    if isinstance(what, wt.Fleet):
        return _checked(Source(what, asked, profile=search))
    found = _read(settings, _path(settings, what), asked)
    if found.file is not None:
        scenario = found.scenario if asked.get("runs") else with_lone_runs(found.scenario)
        return _checked(Source(scenario, asked, found.loaded, search))
    # DAG files alone say nothing of time: the window is chosen, as on the command line.
    told = {"cluster": found.scenario.cluster} | asked
    told["accept"] = merged_accepts(
        found.scenario.accept, parse_accepts(asked.get("accept", {}), "accept")
    )
    return _checked(Source(found.loaded.fleet, told, found.loaded, search))


def _checked(source: Source) -> Source:
    """The source, if the behavior that the test gave speaks of tasks that there are.

    Raises:
        InvalidInput: a rule matches no task: the test would not try what it means to.
    """
    behavior = source.changes.get("behavior")
    if isinstance(behavior, wt.Behavior) and source.fleet.dags:
        for _, given, said in behavior.idle(source.fleet):
            raise wt.InvalidInput(f"behavior of {given!r}: {said}")
    return source


def _profiles(settings: Settings) -> tuple[str | None, SearchProfile | None]:
    """The Airflow release, and how hard to search, as far as the settings say it."""
    return parse_profiles(settings.profile or (), settings.root, said="profile")


def cluster_from(settings: Settings, file: str | Path | None = None, **values: Any) -> wt.Cluster:
    """The cluster of a file (else: of the settings) with some of its values changed.

    Raises:
        InvalidInput: the file can't be used, there is no such setting, or the value doesn't fit it.
    """
    known = tuple(wt.Cluster.model_fields)
    for name in values:
        if name not in known:
            raise wt.InvalidInput(f"windtunnel.cluster({name}=...): {unknown_key(name, known)}")
    if file is not None:
        one_of("cluster", file, (str, Path), PATHS["cluster"])
    named = file or settings.cluster
    cluster = read_cluster(_cluster_source(settings, named)) if named else wt.Cluster()
    release = _profiles(settings)[0]
    if release:
        values = {"profile": release, **values}
    if isinstance(values.get("pools"), Mapping):
        values["pools"] = {**cluster.pools, **_pools(values["pools"])}
    return _cluster(cluster, values)


def _pools(given: Mapping[str, Any]) -> dict[str, Any]:
    """Pools, of which some may be given as their number of slots."""
    return {n: {"slots": one} if isinstance(one, int) else one for n, one in given.items()}


def _cluster_source(settings: Settings, named: str | Path) -> str | Path:
    """A file below the rootdir, or a size such as ``mwaa:mw1.small*4``."""
    return named if is_preset(str(named)) else settings.root / named


def _cluster(cluster: wt.Cluster, values: dict[str, Any]) -> wt.Cluster:
    values = {**dict(cluster), **values}
    try:
        return wt.Cluster(**values)
    except ValidationError as error:
        machine_mistakes(error, values, "cluster").report()
        raise


def _read(settings: Settings, path: Path, asked: Mapping[str, Any]) -> ReadScenario:
    airflow, start = settings.airflow, asked.get("start")
    cluster: wt.Cluster | None = asked.get("cluster")
    release = _profiles(settings)[0]
    if cluster is None and release:
        # What a scenario file says of its cluster holds, except for the release.
        own = read_scenario(path, airflow=airflow).scenario.cluster
        cluster = _cluster(own, {"profile": release})
    return read_scenario(path, cluster=cluster, start=start, airflow=airflow)


def _path(settings: Settings, what: str | Path | None) -> Path:
    given = settings.dags if what is None else what
    if given is None:
        raise wt.InvalidInput(
            "nothing to simulate: name the DAGs with @pytest.mark.windtunnel(dags=...), "
            "--windtunnel-dags=..., dags in [tool.windtunnel] of pyproject.toml, or the ini option "
            "windtunnel_dags"
        )
    one_of("dags", given, (str, Path), PATHS["dags"])
    path = settings.root / given
    return path if path.exists() else folder(str(given)) or path


def _known(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that say something; a start as a datetime, a behavior as what it is."""
    said = {name: value for name, value in changes.items() if value is not None}
    if isinstance(said.get("behavior"), Mapping):
        said["behavior"] = parse_behavior(said["behavior"])
    if "start" in said:
        said["start"] = _instant(said["start"])
    return said


def _instant(start: str | date) -> datetime:
    """A date or time, in UTC if it has no time zone."""
    one_of("start", start, (str, date), "a date or time, such as 2026-03-01")
    try:
        at = datetime.fromisoformat(start) if isinstance(start, str) else start
    except ValueError:
        raise wt.InvalidInput(f"start={start!r}: not a date or time; write 2026-03-01") from None
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return at if at.tzinfo else at.replace(tzinfo=UTC)
