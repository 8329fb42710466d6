"""A fleet whose deadlock depends on luck."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel.model import (
    Cluster,
    Dag,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Scenario,
    Task,
    TriggerDagRun,
)

START = datetime(2026, 3, 1, tzinfo=UTC)


def scenario_of(*dags: Dag, runs: tuple[ManualRun, ...] | None = None, **options) -> Scenario:
    if runs is None:
        runs = tuple(ManualRun(dag_id=dag.dag_id) for dag in dags)
    return Scenario(fleet=Fleet(dags=dags), start=START, manual_runs=runs, **options)


@pytest.fixture
def by_tie() -> Scenario:
    """A sensor and its producer compete for one slot; usually the producer (``etl``) comes first.

    Only when a seed lets ``mart`` go first is there a deadlock.
    """
    wait = ExternalTaskSensor(external_dag_id="etl")
    return scenario_of(
        Dag(dag_id="etl", tasks=(Task(task_id="load"),)),
        Dag(dag_id="mart", tasks=(Task(task_id="wait", kind=wait),)),
        cluster=Cluster(default_pool_slots=1),
    )


@pytest.fixture
def parents() -> Scenario:
    """Three runs of a parent on two slots call one child each: always a deadlock."""
    call = TriggerDagRun(trigger_dag_id="child", wait_for_completion=True)
    return scenario_of(
        Dag(dag_id="parent", tasks=(Task(task_id="call", kind=call),)),
        Dag(dag_id="child", tasks=(Task(task_id="run"),)),
        runs=tuple(ManualRun(dag_id="parent", run_id=f"run{i}") for i in range(3)),
        cluster=Cluster(default_pool_slots=2),
    )


@pytest.fixture
def two_pools() -> Scenario:
    """Two deadlocks that have nothing to do with each other, each over a pool of one slot whose
    name begins alike."""
    dags = []
    for one, pool in (("a", "team one"), ("b", "team two")):
        call = TriggerDagRun(trigger_dag_id=f"{one}c", wait_for_completion=True)
        dags.append(Dag(dag_id=one, tasks=(Task(task_id="call", kind=call, pool=pool),)))
        dags.append(Dag(dag_id=f"{one}c", tasks=(Task(task_id="run", pool=pool),)))
    pools = {"team one": Pool(slots=1), "team two": Pool(slots=1)}
    runs = (ManualRun(dag_id="a"), ManualRun(dag_id="b"))
    return scenario_of(*dags, runs=runs, cluster=Cluster(pools=pools))
