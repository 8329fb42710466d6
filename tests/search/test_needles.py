"""Needles: deadlocks that need several things to go another way, and that a check finds."""

from __future__ import annotations

from datetime import UTC, datetime

from deciding import even
from windtunnel.detect import detect
from windtunnel.engine import compiled
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
from windtunnel.search import explore, shrink
from windtunnel.search.steered import steered

START = datetime(2026, 3, 1, tzinfo=UTC)


def chain(prefix: str) -> tuple[Task, ...]:
    """Five tasks, one after the other."""
    return tuple(
        Task(task_id=f"{prefix}{i}", upstream=(f"{prefix}{i - 1}",) if i else ()) for i in range(5)
    )


def slow_and_fast() -> Scenario:
    """mart's sensor takes the slot before etl.load only if all five steps of etl are about as slow
    as they can be, and all five of mart about as fast."""
    wait = ExternalTaskSensor(external_dag_id="etl", external_task_ids=("load",))
    etl = (*chain("s"), Task(task_id="load", pool="db", upstream=("s4",)))
    mart = (*chain("p"), Task(task_id="wait", kind=wait, pool="db", upstream=("p4",)))
    return Scenario(
        fleet=Fleet(dags=(Dag(dag_id="etl", tasks=etl), Dag(dag_id="mart", tasks=mart))),
        cluster=Cluster(pools={"db": Pool(slots=1)}),
        behavior=Behavior(
            rules=(
                Rule(tasks="etl.s*", duration_s=Uniform(low=60, high=120)),
                Rule(tasks="mart.p*", duration_s=Uniform(low=110, high=200)),
            )
        ),
        start=START,
        manual_runs=tuple(ManualRun(dag_id=name, logical_date=START) for name in ("etl", "mart")),
    )


def test_one_dag_slow_and_the_other_fast_is_found_where_even_draws_find_nothing():
    scenario = slow_and_fast()
    program = compiled(scenario)
    for seed in range(200):
        variant, trace = steered(scenario, even(seed), program)
        assert not any(f.code == "WT101" for f in detect(variant, trace))
    found = [(f, s) for f, s in explore(scenario).found if f.code == "WT101"]
    assert len(found) == 1
    needed = [m.what for m in shrink(found[0][1], found[0][0]).case.timeline if m.needed]
    assert all("etl.s" in what for what in needed), needed
