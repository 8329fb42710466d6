"""Where a cluster lives: airflow.cfg, AIRFLOW__*, exported pools, Helm values, vendors' sizes."""

from windtunnel.loaders.cluster_sources.assemble import ReadCluster, assume_pools
from windtunnel.loaders.cluster_sources.layer import OF_TASKS, environment_name
from windtunnel.loaders.cluster_sources.presets import SLOTS as PRESETS
from windtunnel.loaders.cluster_sources.presets import is_preset
from windtunnel.loaders.cluster_sources.read import read_beside, read_cluster_sources

__all__ = [
    "OF_TASKS",
    "PRESETS",
    "ReadCluster",
    "assume_pools",
    "environment_name",
    "is_preset",
    "read_beside",
    "read_cluster_sources",
]
