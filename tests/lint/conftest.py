"""Small fleets whose schedules and names are looked at, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from windtunnel.detect import Finding
from windtunnel.lint import lint
from windtunnel.model import Cluster, Cron, Dag, ExternalTaskSensor, Fleet, Scenario, Task

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def scheduled() -> Callable[..., Dag]:
    """``scheduled("etl", "0 1 * * *", *tasks, timezone=…)``: a DAG since January."""

    def scheduled(dag_id: str, cron: str | None, *tasks: Task, **options: Any) -> Dag:
        schedule = None if cron is None else Cron(expression=cron)
        given = {"start_date": datetime(2026, 1, 1, tzinfo=UTC), "schedule": schedule, **options}
        return Dag(dag_id=dag_id, file=f"{dag_id}.py", tasks=tasks or (Task(task_id="t"),), **given)

    return scheduled


@pytest.fixture
def sensor() -> Callable[..., Task]:
    """``sensor(external_task_ids=("load",))``: a task ``wait`` that looks at ``etl``."""

    def sensor(**options: Any) -> Task:
        return Task(
            task_id="wait", line=7, kind=ExternalTaskSensor(external_dag_id="etl", **options)
        )

    return sensor


@pytest.fixture
def found() -> Callable[..., tuple[Finding, ...]]:
    """``found(*dags, runs=…, **cluster)``."""

    def found(*dags: Dag, runs: Any = (), faults: Any = (), **cluster: Any) -> tuple[Finding, ...]:
        return lint(
            Scenario(
                fleet=Fleet(dags=dags),
                cluster=Cluster(**cluster),
                start=START,
                manual_runs=runs,
                faults=faults,
            )
        )

    return found
