"""Origin: what some sources know beside the fleet: the release, the cluster, how tasks behaved."""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.loaders.folder import Loaded
from windtunnel.model import Behavior, Cluster, ManualRun


@dataclass(frozen=True)
class LoadedFrom(Loaded):
    """A fleet, and whatever else its source knew; ``None`` where it said nothing."""

    profile: str | None = None
    """The version profile of the Airflow that the source comes from."""
    cluster: Cluster | None = None
    behavior: Behavior | None = None
    manual_runs: tuple[ManualRun, ...] = ()
    duration_s: float | None = None
    """How much time must be simulated to see all of it."""


def profile_of(version: str) -> str:
    """The version profile of a release of Airflow."""
    return "airflow-2.11" if version.startswith("2.") else "airflow-3.3"
