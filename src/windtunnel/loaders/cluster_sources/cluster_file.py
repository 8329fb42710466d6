"""Cluster file: ``cluster.toml``, a cluster in windtunnel's own form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.cluster_sources.layer import SETTINGS, Layer
from windtunnel.loaders.forms import Mistakes, build, human_name, to_machine
from windtunnel.loaders.text_file import read_toml
from windtunnel.model import Cluster


def from_cluster_toml(path: Path) -> Layer:
    """What a ``cluster.toml`` says.

    Raises:
        InvalidInput: it is missing, no TOML, or has mistakes; all of them are named.
    """
    data = read_toml(path)
    mistakes = Mistakes(str(path))
    cluster = build(Cluster, to_machine(Cluster, data, "", mistakes), mistakes)
    mistakes.report()
    if cluster is None:
        raise InvalidInput(f"{path}: can't be used")
    return table_layer(path.name, data, cluster)


def table_layer(source: str, table: Mapping[str, Any], cluster: Cluster) -> Layer:
    """The layer of a table that was read as a cluster: the fields that stand in it."""
    layer = Layer(source)
    for name in Cluster.model_fields:
        value = getattr(cluster, name)
        if human_name(name) not in table:
            continue
        if name in SETTINGS:
            for key in sorted(value.model_fields_set):
                layer.say(f"{name}.{key}", getattr(value, key), source)
        else:
            layer.say(name, value, source)
    return layer
