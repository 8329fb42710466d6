"""Anything that describes a workload becomes a Fleet, a Cluster or a Scenario."""

from windtunnel.loaders.accepting import merged_accepts, parse_accepts
from windtunnel.loaders.backfill_text import check_backfills, parse_backfill
from windtunnel.loaders.behavior_file import behavior_for, read_behavior
from windtunnel.loaders.behavior_text import Told, parse_behavior
from windtunnel.loaders.cluster_sources import (
    PRESETS,
    ReadCluster,
    assume_pools,
    is_preset,
    read_cluster_sources,
)
from windtunnel.loaders.commit import checked_out, is_commit
from windtunnel.loaders.durations import parse_duration
from windtunnel.loaders.execution import Execution
from windtunnel.loaders.fault_text import (
    check_targets,
    fault_beginning,
    faults_help,
    first_mistake,
    numbered_faults,
    parse_fault,
    parse_share,
    said_fault,
    said_faults,
)
from windtunnel.loaders.folder import Loaded, LoadedFile
from windtunnel.loaders.history import read_history
from windtunnel.loaders.metadata import is_database
from windtunnel.loaders.native import fleet_toml_schema
from windtunnel.loaders.new_versions import with_new_versions
from windtunnel.loaders.origin import LoadedFrom
from windtunnel.loaders.profiles import (
    parse_profiles,
    search_profile,
    search_profiles,
    usual_profile,
)
from windtunnel.loaders.project import repository_of, said_by_project
from windtunnel.loaders.question_text import parse_deadline, parse_part, said_deadline
from windtunnel.loaders.real import LoadedByAirflow
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
from windtunnel.loaders.setting_text import parse_setting, with_setting
from windtunnel.loaders.settings import Supplied
from windtunnel.loaders.source import AirflowChoice, load
from windtunnel.loaders.supplied import read_supplied
from windtunnel.loaders.wfcommons import NoTrace, load_execution
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
    "PRESETS",
    "AirflowChoice",
    "Body",
    "Execution",
    "GroupItem",
    "JoinedItems",
    "Loaded",
    "LoadedByAirflow",
    "LoadedFile",
    "LoadedFrom",
    "MappedItems",
    "NoTrace",
    "ReadCluster",
    "ReadScenario",
    "ResultOf",
    "Supplied",
    "Told",
    "ZippedItems",
    "assume_pools",
    "behavior_for",
    "check_backfills",
    "check_targets",
    "checked_out",
    "cluster_toml_schema",
    "fault_beginning",
    "faults_help",
    "first_mistake",
    "fleet_toml_schema",
    "is_commit",
    "is_database",
    "is_preset",
    "load",
    "load_execution",
    "merged_accepts",
    "numbered_faults",
    "parse_accepts",
    "parse_backfill",
    "parse_behavior",
    "parse_deadline",
    "parse_duration",
    "parse_fault",
    "parse_part",
    "parse_profiles",
    "parse_setting",
    "parse_share",
    "read_behavior",
    "read_cluster",
    "read_cluster_sources",
    "read_history",
    "read_json",
    "read_scenario",
    "read_supplied",
    "repository_of",
    "said_by_project",
    "said_deadline",
    "said_fault",
    "said_faults",
    "scenario_schema",
    "scenario_toml_schema",
    "search_profile",
    "search_profiles",
    "usual_profile",
    "with_new_versions",
    "with_setting",
    "write_json",
]
