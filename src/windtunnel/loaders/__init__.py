"""Anything that describes a workload becomes a Fleet, a Cluster or a Scenario."""

from windtunnel.loaders.body import (
    Body,
    GroupItem,
    JoinedItems,
    MappedItems,
    ResultOf,
    ZippedItems,
)
from windtunnel.loaders.folder import Loaded, load

__all__ = [
    "Body",
    "GroupItem",
    "JoinedItems",
    "Loaded",
    "MappedItems",
    "ResultOf",
    "ZippedItems",
    "load",
]
