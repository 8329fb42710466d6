"""Small fleets flown in one line; all times in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from flight import START, Flight
from windtunnel.choices import Choices
from windtunnel.engine import Simulation
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Fault,
    Fleet,
    ManualRun,
    Resource,
    Rule,
    Scenario,
    Task,
)


def scenario_of(
    dags: Iterable[Dag],
    *,
    seconds: Mapping[str, Any] | None = None,
    rules: Iterable[Rule] = (),
    runs: Iterable[str | ManualRun] | None = None,
    until: float = 86400,
    seed: int = 0,
    faults: Iterable[Fault] = (),
    backlog: str = "done",
    resources: Mapping[str, Resource] | None = None,
    **cluster: Any,
) -> Scenario:
    dags = tuple(dags)
    timed = [Rule(tasks=name, duration_s=length) for name, length in (seconds or {}).items()]
    wanted = [dag.dag_id for dag in dags] if runs is None else runs
    return Scenario(
        fleet=Fleet(dags=dags),
        cluster=Cluster(**cluster),
        behavior=Behavior(rules=(*rules, *timed)),
        start=START,
        duration_s=until,
        manual_runs=tuple(ManualRun(dag_id=r) if isinstance(r, str) else r for r in wanted),
        seed=seed,
        faults=tuple(faults),
        backlog=backlog,
        resources=dict(resources or {}),
    )


@pytest.fixture
def scenario() -> Callable[..., Scenario]:
    """``scenario(dags, seconds={"etl.load": 30}, rules=…, runs=…, until=…, **cluster)``.

    Every DAG gets one manual run at the start unless ``runs`` says otherwise.
    """
    return scenario_of


@pytest.fixture
def fly() -> Callable[..., Flight]:
    """Simulates; the arguments are those of ``scenario``."""

    def fly(*dags: Dag, choices: Choices | None = None, **options: Any) -> Flight:
        one = scenario_of(dags, **options)
        return Flight(one, Simulation(one, choices).run())

    return fly


@pytest.fixture
def one_task() -> Callable[..., Dag]:
    """A DAG of one task: ``one_task("etl", "load", kind=…, pool=…)``."""

    def one_task(dag_id: str, task_id: str = "t", **options: Any) -> Dag:
        return Dag(dag_id=dag_id, tasks=(Task(task_id=task_id, **options),))

    return one_task
