"""Anything that describes a workload becomes a Fleet, a Cluster or a Scenario."""

from windtunnel.loaders.durations import parse_duration
from windtunnel.loaders.folder import AirflowChoice, Loaded, LoadedFile, load
from windtunnel.loaders.scenario_file import (
    DEFAULT_START,
    ReadScenario,
    cluster_toml_schema,
    read_cluster,
    read_json,
    read_scenario,
    scenario_schema,
    scenario_toml_schema,
    write_json,
)
from windtunnel.loaders.settings import Supplied
from windtunnel.loaders.supplied import read_supplied
from windtunnel.model.body import (
    Body,
    GroupItem,
    JoinedItems,
    MappedItems,
    ResultOf,
    ZippedItems,
)

__all__ = [
    "DEFAULT_START",
    "AirflowChoice",
    "Body",
    "GroupItem",
    "JoinedItems",
    "Loaded",
    "LoadedFile",
    "MappedItems",
    "ReadScenario",
    "ResultOf",
    "Supplied",
    "ZippedItems",
    "cluster_toml_schema",
    "load",
    "parse_duration",
    "read_cluster",
    "read_json",
    "read_scenario",
    "read_supplied",
    "scenario_schema",
    "scenario_toml_schema",
    "write_json",
]
