"""TARGET and its options become one scenario: a DAG file, a folder, a scenario file, or a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from windtunnel.errors import InvalidInput
from windtunnel.loaders import ReadScenario, parse_duration, read_cluster, read_scenario
from windtunnel.model import Assumption, Fleet, ManualRun, Scenario
from windtunnel_scenarios import folder, names


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says about the scenario; None where it says nothing."""

    cluster: Path | None = None
    window: str | None = None
    start: str | None = None
    seed: int | None = None
    profile: str | None = None
    trigger: tuple[str, ...] = ()
    airflow: Literal["auto", "stand-in"] = "auto"
    how: Mapping[str, Any] = field(default_factory=dict)
    """More arguments of `windtunnel.loaders.load`."""


def read(target: str, asked: Asked) -> ReadScenario:
    """What *target* names, with what was asked for on top.

    Raises:
        InvalidInput: no such target, no DAG in it, or a value that can't be used.
    """
    found = _read(_path(target), asked)
    fleet = found.scenario.fleet
    if not fleet.dags:
        raise InvalidInput("\n".join(str(problem) for problem in fleet.problems))
    scenario = found.scenario.model_copy(update=_changes(fleet, asked))
    if not scenario.manual_runs:
        scenario = _triggered_if_unscheduled(scenario)
    return replace(found, scenario=scenario)


def _path(target: str) -> Path:
    if Path(target).exists():
        return Path(target)
    found = folder(target)
    if found is None:
        raise InvalidInput(
            f"{target}: no such file or folder, and no shipped scenario of that name "
            f"(there are: {', '.join(names())})"
        )
    return found


def _read(path: Path, asked: Asked) -> ReadScenario:
    cluster = read_cluster(asked.cluster) if asked.cluster else None
    start = None if asked.start is None else _instant(asked.start)
    if cluster is None and asked.profile is not None:
        # What a scenario file says of its cluster holds, except for the release.
        cluster = read_scenario(path, airflow=asked.airflow, **asked.how).scenario.cluster
    if cluster is not None and asked.profile is not None:
        cluster = cluster.model_copy(update={"profile": asked.profile})
    return read_scenario(path, cluster=cluster, start=start, airflow=asked.airflow, **asked.how)


def _changes(fleet: Fleet, asked: Asked) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if asked.window is not None:
        changes["duration_s"] = _window(asked.window)
    if asked.seed is not None:
        changes["seed"] = asked.seed
    if asked.trigger:
        changes["manual_runs"] = tuple(_manual(fleet, dag_id) for dag_id in asked.trigger)
    return changes


def _window(text: str) -> float:
    seconds = parse_duration(text)
    if seconds <= 0:
        raise InvalidInput(f"--for {text}: must be longer than nothing")
    return seconds


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
