"""Run ids: how Airflow names runs, and what tells those apart that it would name alike."""

from __future__ import annotations

from datetime import UTC, datetime

from windtunnel.engine.program import DagProgram
from windtunnel.engine.world import World


def iso(instant: datetime) -> str:
    """An instant as run ids have it."""
    return instant.astimezone(UTC).isoformat()


def free_run_id(world: World, dag: DagProgram, name: str) -> str:
    """This id, or, if the DAG has a run of it, one with a number: Airflow's clock, or its random
    letters, would tell runs of one simulated instant apart."""
    taken = world.run_ids[dag.number]
    if name not in taken:
        return name
    number = world.same_names.get((dag.number, name), 1) + 1
    while f"{name}_{number}" in taken:
        number += 1
    world.same_names[dag.number, name] = number
    return f"{name}_{number}"
