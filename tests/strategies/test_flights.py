"""Flights: one scenario, with Hypothesis answering what can go either way."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import find, given, settings

import windtunnel
from effort import examples
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    Task,
    Uniform,
)
from windtunnel.result import Result
from windtunnel.strategies import flights

START = datetime(2026, 3, 1, tzinfo=UTC)


def night(slots: int) -> Scenario:
    """Two sensors that may be ready before what they wait for is."""
    sensor = ExternalTaskSensor(external_dag_id="etl", external_task_ids=("load",))
    dags = [Dag(dag_id="etl", tasks=(Task(task_id="get"), Task(task_id="load", upstream=("get",))))]
    for name in ("mart", "report"):
        waits = Task(task_id="wait", kind=sensor, upstream=("prepare",))
        dags.append(Dag(dag_id=name, tasks=(Task(task_id="prepare"), waits)))
    return Scenario(
        fleet=Fleet(dags=tuple(dags)),
        cluster=Cluster(pools={"default_pool": Pool(slots=slots)}),
        behavior=Behavior(rules=(Rule(tasks="*.[gp]*", duration_s=Uniform(low=60, high=3600)),)),
        start=START,
        duration_s=6 * 3600,
        manual_runs=tuple(ManualRun(dag_id=d.dag_id, logical_date=START) for d in dags),
    )


def deadlocks(result: Result) -> bool:
    return any(finding.code == "WT101" for finding in result.findings)


def test_what_is_found_shrinks_to_few_answers_and_can_be_simulated_again() -> None:
    found = find(
        flights(night(2)), deadlocks, settings=settings(max_examples=500, derandomize=True)
    )
    choices = found.scenario.choices
    assert choices is not None
    assert len(choices) <= 2
    assert deadlocks(windtunnel.simulate(found.scenario))


@given(flights(night(3), faults_up_to=1))
@examples(40)
def test_a_pool_with_a_slot_more_than_sensors_does_not(result: Result) -> None:
    assert not deadlocks(result)
