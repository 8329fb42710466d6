"""Kinds: what a task is, as its DAG says, or where that is not known, as its tries show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from windtunnel.calibration.past import PastTry
from windtunnel.model import (
    Deferrable,
    Empty,
    ExternalTaskSensor,
    Sensor,
    Task,
    TriggerDagRun,
)

Looks = Literal["works", "waits", "waits deferred", "defers", "waits for DAGs", "never runs"]


def looks_of(task: Task | None, tries: Sequence[PastTry]) -> Looks:
    """What the tries of a task do."""
    if task is None:
        return _guessed(tries)
    kind = task.kind
    if isinstance(kind, Sensor):
        return "waits deferred" if kind.deferrable else "waits"
    if isinstance(kind, ExternalTaskSensor):
        return "waits for DAGs"
    if isinstance(kind, TriggerDagRun):
        return "waits for DAGs" if kind.wait_for_completion else "works"
    if isinstance(kind, Deferrable):
        return "defers"
    return "never runs" if isinstance(kind, Empty) else "works"


def _guessed(tries: Sequence[PastTry]) -> Looks:
    operator = tries[-1].operator
    deferred = any(one.queued and one.start and one.queued > one.start for one in tries)
    if operator in ("EmptyOperator", "DummyOperator"):
        return "never runs"
    if operator.startswith("ExternalTask"):
        return "waits for DAGs"
    if operator.endswith(("Sensor", "SensorAsync", "@task.sensor")):
        return "waits deferred" if deferred else "waits"
    return "defers" if deferred else "works"
