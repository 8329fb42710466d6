"""Asked: how DAG files are read for a scenario, and the cluster that stands beside them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from windtunnel.loaders.cluster_sources import (
    ReadCluster,
    assume_pools,
    read_beside,
)
from windtunnel.loaders.folder import Loaded
from windtunnel.loaders.origin import LoadedFrom
from windtunnel.loaders.real import LoadedByAirflow
from windtunnel.loaders.settings import Supplied
from windtunnel.loaders.source import is_dag_files, load
from windtunnel.model import Assumption, Cluster


@dataclass(frozen=True)
class Asked:
    """What the caller of `read_scenario` wants otherwise than it is written."""

    cluster: Cluster | None = None
    start: datetime | None = None
    how: Mapping[str, Any] = field(default_factory=dict)
    """More arguments of `load`."""

    def load(self, path: str | Path, profile: str | None, now: datetime) -> Loaded:
        """Load what a scenario file names."""
        return load(path, profile=profile, now=now, **self.how)

    def load_alone(self, path: str | Path, now: datetime) -> tuple[Loaded, dict[str, Any]]:
        """Load what has no scenario file, and the fields of a scenario that are known all the same.

        A cluster that stands beside DAG files, or in the environment, is used unless another one
        was asked for. Pools that nobody knows are assumed."""
        if self.cluster is not None:
            loaded = self.load(path, self.cluster.profile, now)
            return loaded, {**known_to(loaded), "cluster": self.cluster}
        around = ReadCluster(Cluster())
        if is_dag_files(path):
            around = read_beside(Path(path), os.environ)
        supplied = _supplied(around, self.how.get("supplied"))
        loaded = load(path, now=now, **{**self.how, "supplied": supplied})
        told = known_to(loaded)
        if around.origins:
            told["cluster"] = _placed(around, loaded)
        said = around.said
        if not isinstance(loaded, LoadedByAirflow):
            said += _not_applied(around)
        if "pools" not in around.origins and not told["cluster"].pools:
            told["cluster"], assumed = assume_pools(told["cluster"], loaded.fleet)
            said += assumed
        return _saying(loaded, said), told


def _supplied(around: ReadCluster, given: Supplied | None) -> Supplied:
    """What was supplied, over the defaults of tasks that stand beside the DAG files."""
    supplied = given or Supplied()
    config: dict[str, dict[str, str]] = {}
    for (section, key), text in around.task_settings.items():
        config.setdefault(section, {})[key] = text
    for section, keys in supplied.config.items():
        config.setdefault(section, {}).update(keys)
    return supplied.model_copy(update={"config": config})


def _not_applied(around: ReadCluster) -> tuple[Assumption, ...]:
    return tuple(
        Assumption(subject=f"setting [{s}] {k}", assumed="not applied to tasks by the stand-in")
        for s, k in around.task_settings
    )


def _placed(around: ReadCluster, loaded: Loaded) -> Cluster:
    """The cluster found, of the release that read the DAG files unless it says one itself."""
    release = loaded.profile if isinstance(loaded, LoadedFrom) else None
    if release is None or "profile" in around.origins:
        return around.cluster
    return Cluster.model_validate({**around.cluster.model_dump(), "profile": release})


def _saying(loaded: Loaded, said: tuple[Assumption, ...]) -> Loaded:
    fleet = loaded.fleet
    more = (*said, *fleet.assumptions)
    return replace(loaded, fleet=fleet.model_copy(update={"assumptions": more})) if said else loaded


def known_to(loaded: Loaded) -> dict[str, Any]:
    """Fields of a scenario that the source of a fleet knows, too; always a cluster."""
    if not isinstance(loaded, LoadedFrom):
        return {"cluster": Cluster()}
    release = {} if loaded.profile is None else {"profile": loaded.profile}
    told = {
        "cluster": loaded.cluster or Cluster.model_validate(release),
        "behavior": loaded.behavior,
        "manual_runs": loaded.manual_runs,
        "duration_s": loaded.duration_s,
    }
    return {name: value for name, value in told.items() if value is not None}
