"""TARGET and its options become one scenario: a DAG file, a folder, a scenario file, or a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from windtunnel.cli import shipped
from windtunnel.errors import InvalidInput
from windtunnel.loaders import load, parse_duration, read_cluster, read_scenario
from windtunnel.model import Assumption, Fleet, ManualRun, Scenario

DEFAULT_START = datetime(2026, 3, 1, tzinfo=UTC)
"""A fixed day, so that a command gives the same answer tomorrow."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says about the scenario; None where it says nothing."""

    cluster: Path | None = None
    window: str | None = None
    start: str | None = None
    seed: int | None = None
    profile: str | None = None
    trigger: tuple[str, ...] = ()
    airflow: str = "auto"


def scenario_of(target: str, asked: Asked) -> Scenario:
    """The scenario that *target* names, with what was asked for on top.

    Raises:
        InvalidInput: no such target, nothing in it that could be simulated, or a value that can't
            be used.
    """
    path = _path(target)
    scenario = _with(_read(path, asked), asked)
    return scenario if scenario.manual_runs else _triggered_if_unscheduled(scenario)


def _path(target: str) -> Path:
    path = Path(target)
    if path.is_dir() and (path / shipped.FILE).is_file():
        return path / shipped.FILE
    if path.exists():
        return path
    found = shipped.find(target)
    if found is None:
        raise InvalidInput(
            f"{target}: no such file or folder, and no shipped scenario of that name "
            f"(there are: {', '.join(shipped.names())})"
        )
    return found


def _read(path: Path, asked: Asked) -> Scenario:
    profile = asked.profile or "airflow-3.3"
    if path.suffix == ".toml":
        return read_scenario(path)
    loaded = load(path, profile=profile, airflow=asked.airflow)
    return Scenario(name=path.name, fleet=loaded.fleet, start=DEFAULT_START)


def _with(scenario: Scenario, asked: Asked) -> Scenario:
    """The scenario with each option that was given in place of what it said itself."""
    cluster = read_cluster(asked.cluster) if asked.cluster else scenario.cluster
    if asked.profile:
        cluster = cluster.model_copy(update={"profile": asked.profile})
    changes: dict[str, Any] = {"cluster": cluster}
    if asked.window is not None:
        changes["duration_s"] = parse_duration(asked.window)
    if asked.start is not None:
        changes["start"] = _instant(asked.start)
    if asked.seed is not None:
        changes["seed"] = asked.seed
    if asked.trigger:
        changes["manual_runs"] = tuple(_manual(scenario.fleet, one) for one in asked.trigger)
    return scenario.model_copy(update=changes)


def _manual(fleet: Fleet, dag_id: str) -> ManualRun:
    known = sorted(dag.dag_id for dag in fleet.dags)
    if dag_id not in known:
        raise InvalidInput(f"--trigger {dag_id}: no such DAG; there are: {', '.join(known)}")
    return ManualRun(dag_id=dag_id)


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"--from {text}: not a date or time; write 2026-03-01 or 2026-03-01T02:00+01:00"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _triggered_if_unscheduled(scenario: Scenario) -> Scenario:
    """Each DAG triggered once if none has a schedule: else nothing would be simulated at all."""
    fleet = scenario.fleet
    if any(dag.schedule is not None for dag in fleet.dags):
        return scenario
    said = Assumption(
        subject="dag runs",
        assumed="no DAG has a schedule, so each is triggered once at the start (see --trigger)",
    )
    return scenario.model_copy(
        update={
            "manual_runs": tuple(ManualRun(dag_id=dag.dag_id) for dag in fleet.dags),
            "fleet": fleet.model_copy(update={"assumptions": (*fleet.assumptions, said)}),
        }
    )
