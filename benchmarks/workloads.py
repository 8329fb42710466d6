"""Workloads as scenarios and, where there is a reference for them, as plain lists."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime

from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    Sensor,
    Task,
    TriggerRule,
    WeightRule,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
WORKERS = 500


@dataclass(frozen=True)
class Layered:
    """A layered DAG: every task has two or three parents in the layer above."""

    upstream: list[tuple[int, ...]]
    downstream: list[tuple[int, ...]]
    durations: list[int]
    """Microseconds."""
    weights: list[int]

    @property
    def size(self) -> int:
        """Number of tasks."""
        return len(self.upstream)

    def scenario(self) -> Scenario:
        """One manual run of it on 500 slots."""
        tasks = tuple(
            Task.model_construct(
                task_id=f"t{i}",
                upstream=tuple(f"t{u}" for u in self.upstream[i]),
                priority_weight=self.weights[i],
                weight_rule=WeightRule.ABSOLUTE,
            )
            for i in range(self.size)
        )
        dag = Dag.model_construct(dag_id="layered", tasks=tasks, max_active_tasks=WORKERS)
        fleet = Fleet.model_construct(dags=(dag,), problems=(), assumptions=())
        cluster = Cluster(parallelism=WORKERS, max_tis_per_query=0, default_pool_slots=-1)
        return Scenario.model_construct(
            name="layered",
            fleet=fleet,
            cluster=cluster,
            behavior=Behavior(),
            start=START,
            duration_s=1e9,
            manual_runs=(ManualRun(dag_id="layered"),),
            seed=0,
            choices=None,
        )


def layered(width: int, depth: int, seed: int = 1) -> Layered:
    """A layered DAG with lognormal durations around a minute and priorities from 1 to 10."""
    luck = random.Random(seed)
    upstream: list[tuple[int, ...]] = [() for _ in range(width)]
    for layer in range(1, depth):
        above = (layer - 1) * width
        for _ in range(width):
            parents = {above + luck.randrange(width) for _ in range(luck.choice((2, 3)))}
            upstream.append(tuple(sorted(parents)))
    downstream: list[list[int]] = [[] for _ in upstream]
    for task, parents in enumerate(upstream):
        for parent in parents:
            downstream[parent].append(task)
    size = len(upstream)
    durations = [max(1, int(luck.lognormvariate(4, 0.5) * 1e6)) for _ in range(size)]
    weights = [luck.randint(1, 10) for _ in range(size)]
    return Layered(upstream, [tuple(d) for d in downstream], durations, weights)


def behind_a_full_pool(size: int) -> Scenario:
    """``size`` scheduled task instances behind a pool of one slot."""
    dag = Dag(
        dag_id="d", max_active_tasks=size, tasks=(Task(task_id="m", expand=(size,), pool="p"),)
    )
    cluster = Cluster(pools={"p": Pool(slots=1)}, parallelism=size)
    return _corner(dag, cluster, Behavior(default_duration_s=1.0), 3600)


def queued_runs(size: int) -> Scenario:
    """``size`` runs of which one may run at a time."""
    dag = Dag(dag_id="d", max_active_runs=1, tasks=(Task(task_id="a"),))
    scenario = _corner(dag, Cluster(), Behavior(default_duration_s=1.0), 3600)
    runs = tuple(ManualRun(dag_id="d", run_id=f"r{i}") for i in range(size))
    return scenario.model_copy(update={"manual_runs": runs})


def rescheduling_sensors(size: int) -> Scenario:
    """``size`` sensors that look once a minute, in reschedule mode, for five minutes."""
    sensor = Task(task_id="s", expand=(size,), kind=Sensor(mode="reschedule"))
    dag = Dag(dag_id="d", max_active_tasks=size, tasks=(sensor,))
    cluster = Cluster(parallelism=size, default_pool_slots=-1, max_tis_per_query=0)
    return _corner(dag, cluster, Behavior(rules=(Rule(true_at_s=None, duration_s=1.0),)), 300)


def fan_in(size: int) -> Scenario:
    """``size`` instances of a mapped task above one task."""
    join = Task(task_id="j", upstream=("s",), trigger_rule=TriggerRule.ALL_DONE)
    dag = Dag(dag_id="d", max_active_tasks=size, tasks=(Task(task_id="s", expand=(size,)), join))
    cluster = Cluster(parallelism=1000, default_pool_slots=-1)
    return _corner(dag, cluster, Behavior(default_duration_s=1.0), 86400)


def _corner(dag: Dag, cluster: Cluster, behavior: Behavior, duration_s: float) -> Scenario:
    return Scenario(
        fleet=Fleet(dags=(dag,)),
        cluster=cluster,
        behavior=behavior,
        start=START,
        duration_s=duration_s,
        manual_runs=(ManualRun(dag_id=dag.dag_id),),
    )
