"""Where a cluster lives: airflow.cfg, AIRFLOW__*, exported pools, Helm values, vendors' sizes."""

from windtunnel.loaders.cluster_sources.assemble import (
    ReadCluster,
    assume_pools,
    without_use,
)
from windtunnel.loaders.cluster_sources.presets import SLOTS as PRESETS
from windtunnel.loaders.cluster_sources.presets import is_preset
from windtunnel.loaders.cluster_sources.read import beside, read_cluster_sources

__all__ = [
    "PRESETS",
    "ReadCluster",
    "assume_pools",
    "beside",
    "is_preset",
    "read_cluster_sources",
    "without_use",
]
