"""Small fleets that block each other, or don't, and what is found in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from windtunnel.detect import Finding, detect
from windtunnel.engine import Simulation
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Rule,
    Scenario,
    Task,
    TriggerDagRun,
)

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def find() -> Callable[..., tuple[Finding, ...]]:
    """``find(*dags, runs=…, seconds=…, until=…, **cluster)``: the findings of the calm simulation.

    Every DAG gets one run at the start unless ``runs`` says otherwise.
    """

    def find(*dags: Dag, **options: Any) -> tuple[Finding, ...]:
        scenario = scenario_of(*dags, **options)
        return detect(scenario, Simulation(scenario).run())

    return find


@pytest.fixture
def when_ended() -> Callable[..., datetime | None]:
    """``when_ended("etl.load", *dags, …)``: when a task instance really ended; as for ``find``."""

    def when_ended(name: str, *dags: Dag, **options: Any) -> datetime | None:
        trace = Simulation(scenario_of(*dags, **options)).run()
        (ended,) = {one.ended_us for one in trace.task_instances() if one.name == name}
        return None if ended is None else trace.at(ended)

    return when_ended


def scenario_of(*dags: Dag, **options: Any) -> Scenario:
    runs = options.pop("runs", [dag.dag_id for dag in dags])
    seconds = options.pop("seconds", {})
    rules = tuple(options.pop("rules", ()))
    return Scenario(
        fleet=Fleet(dags=dags),
        start=START,
        duration_s=options.pop("until", 86400),
        backlog=options.pop("backlog", "done"),
        behavior=Behavior(
            rules=(*rules, *(Rule(tasks=t, duration_s=s) for t, s in seconds.items()))
        ),
        manual_runs=tuple(ManualRun(dag_id=r) if isinstance(r, str) else r for r in runs),
        cluster=Cluster(**options),
    )


@pytest.fixture
def work() -> Callable[..., Dag]:
    """``work("etl", "extract", "load")``: tasks one after the other."""

    def work(dag_id: str, *task_ids: str, **options: Any) -> Dag:
        of_dag = {k: options.pop(k) for k in list(options) if k in Dag.model_fields}
        tasks = [
            Task(task_id=name, upstream=task_ids[max(0, i - 1) : i], **options)
            for i, name in enumerate(task_ids)
        ]
        return Dag(dag_id=dag_id, tasks=tuple(tasks), **of_dag)

    return work


@pytest.fixture
def waits() -> Callable[..., Dag]:
    """``waits("mart", "etl.load")``: a sensor ``wait`` for a task (or a whole DAG), then others."""

    def waits(dag_id: str, target: str, *then: str, **options: Any) -> Dag:
        of_task = {k: options.pop(k) for k in list(options) if k in Task.model_fields}
        external, _, task_id = target.partition(".")
        kind = ExternalTaskSensor(
            external_dag_id=external, external_task_ids=(task_id,) if task_id else (), **options
        )
        wait = Task(task_id="wait", kind=kind, operator="ExternalTaskSensor", **of_task)
        after = [Task(task_id=name, upstream=("wait",), **of_task) for name in then]
        return Dag(dag_id=dag_id, tasks=(wait, *after))

    return waits


@pytest.fixture
def calls() -> Callable[..., Dag]:
    """``calls("parent", "child")``: a task ``call`` that triggers a DAG and waits for its end."""

    def calls(dag_id: str, target: str, **options: Any) -> Dag:
        of_dag = {k: options.pop(k) for k in list(options) if k in Dag.model_fields}
        of_task = {k: options.pop(k) for k in list(options) if k in Task.model_fields}
        kind = TriggerDagRun(trigger_dag_id=target, **{"wait_for_completion": True, **options})
        task = Task(task_id="call", kind=kind, operator="TriggerDagRunOperator", **of_task)
        return Dag(dag_id=dag_id, tasks=(task,), **of_dag)

    return calls
