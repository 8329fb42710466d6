"""Read: any source of a cluster is told by its name, and sources beside DAG files are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from windtunnel.errors import InvalidInput
from windtunnel.loaders.cluster_sources.assemble import ReadCluster, assemble
from windtunnel.loaders.cluster_sources.cluster_file import from_cluster_toml
from windtunnel.loaders.cluster_sources.helm import from_helm_values
from windtunnel.loaders.cluster_sources.layer import Layer
from windtunnel.loaders.cluster_sources.pools import from_pools_export
from windtunnel.loaders.cluster_sources.presets import from_preset, is_preset
from windtunnel.loaders.cluster_sources.settings import from_airflow_cfg, from_environment
from windtunnel.model import Assumption

READERS = {
    ".toml": from_cluster_toml,
    ".cfg": from_airflow_cfg,
    ".ini": from_airflow_cfg,
    ".json": from_pools_export,
    ".yaml": from_helm_values,
    ".yml": from_helm_values,
}
BESIDE = ("airflow.cfg", "config/airflow.cfg", "pools.json")
"""Files that are looked for in the folder of DAG files and in the one above it."""


def read_cluster_sources(
    *sources: str | Path, variables: Mapping[str, str] | None = None
) -> ReadCluster:
    """Read a cluster from where it lives; what a later source says wins.

    A source is a ``cluster.toml``, an ``airflow.cfg``, the JSON of ``airflow pools export``, the
    ``values.yaml`` of the official Helm chart, or a preset such as ``mwaa:mw1.small*4``.

    Args:
        sources: paths and presets.
        variables: environment variables; those like ``AIRFLOW__CORE__PARALLELISM`` win over all
            sources but a ``cluster.toml``, as they do in Airflow.

    Raises:
        InvalidInput: a source can't be read or has mistakes; all that are in one file are named.
    """
    layers = [_layer(source) for source in sources]
    if variables:
        layers.append(from_environment(variables))
    own = [layer for layer in layers if layer.source.endswith(".toml")]
    return assemble([*(layer for layer in layers if layer not in own), *own])


def _layer(source: str | Path) -> Layer:
    if is_preset(str(source)):
        return from_preset(str(source))
    path = Path(source)
    if not path.is_file():
        raise InvalidInput(f"{path}: no such file")
    if path.suffix not in READERS:
        raise InvalidInput(
            f"{path}: no source of a cluster; it is one of cluster.toml, airflow.cfg, the JSON of "
            "'airflow pools export', or the values.yaml of the Helm chart"
        )
    return READERS[path.suffix](path)


def read_beside(place: Path, variables: Mapping[str, str]) -> ReadCluster:
    """Read the cluster that stands beside a folder of DAG files, or beside one of them.

    A file of such a name that can't be used is somebody's for something else, perhaps: that it
    isn't used is said among the assumptions.

    Raises:
        InvalidInput: an environment variable can't be used.
    """
    layers, unused = [], []
    for file in beside(place):
        try:
            layers.append(_layer(file))
        except InvalidInput as error:
            said = str(error).splitlines()[0]
            unused.append(
                Assumption(subject=f"{file.name} beside the DAG files", assumed=f"not used: {said}")
            )
    found = assemble([*layers, from_environment(variables)])
    return replace(found, assumptions=(*unused, *found.assumptions))


def beside(place: Path) -> list[Path]:
    """Sources of a cluster beside a folder of DAG files, or beside one of them."""
    folder = (place if place.is_dir() else place.parent).resolve()
    found: dict[str, Path] = {}
    for near in (folder, folder.parent):
        for name in BESIDE:
            file = near / name
            if file.is_file():
                found.setdefault(file.name, file)
    return list(found.values())
