"""Workloads as scenarios and, where there is a reference for them, as plain lists."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime

from windtunnel.model import (
    Behavior,
    Cluster,
    Cron,
    Dag,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    Sensor,
    Task,
    TriggerRule,
    Uniform,
    WeightRule,
)
from windtunnel.trace import Trace

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


@dataclass(frozen=True)
class Flat:
    """A workload as the leanest loop takes it: one graph over all task instances."""

    upstream: list[tuple[int, ...]]
    downstream: list[tuple[int, ...]]
    durations: list[int]
    """Microseconds."""


def fleet_under_limits(dags: int, tasks: int, runs: int, pools: int = 20) -> Scenario:
    """Hourly DAGs whose tasks compete for pools, max_active_tasks and parallelism."""
    luck = random.Random(1)
    made = [_hourly(luck, f"d{number:04}", tasks, pools) for number in range(dags)]
    slots = max(2, dags * tasks // 400)
    cluster = Cluster(
        parallelism=slots * pools // 2, pools={f"p{i}": Pool(slots=slots) for i in range(pools)}
    )
    return Scenario(
        fleet=Fleet(dags=tuple(made)),
        cluster=cluster,
        behavior=Behavior(default_duration_s=60.0),
        start=START,
        duration_s=3600.0 * runs,
    )


def hourly_week(dags: int) -> Scenario:
    """A week of small hourly DAGs on a cluster that has room for them."""
    luck = random.Random(2)
    made = [_hourly(luck, f"d{number:04}", 10, 1) for number in range(dags)]
    return Scenario(
        fleet=Fleet(dags=tuple(made)),
        cluster=Cluster(parallelism=dags * 4, pools={"p0": Pool(slots=-1)}),
        behavior=Behavior(rules=(Rule(duration_s=Uniform(low=20, high=200)),)),
        start=START,
        duration_s=7 * 86400.0,
    )


def _hourly(luck: random.Random, dag_id: str, size: int, pools: int) -> Dag:
    tasks = []
    for index in range(size):
        ups = {luck.randrange(max(0, index - 8), index) for _ in range(2)} if index else set()
        tasks.append(
            Task(
                task_id=f"t{index}",
                upstream=tuple(f"t{up}" for up in sorted(ups)),
                pool=f"p{luck.randrange(pools)}",
                priority_weight=luck.randint(1, 5),
            )
        )
    schedule = Cron(expression=f"{luck.randrange(60)} * * * *")
    return Dag(dag_id=dag_id, tasks=tuple(tasks), schedule=schedule, start_date=START, catchup=True)


def mapped(size: int) -> Scenario:
    """One task mapped to ``size`` instances, and one below it."""
    tasks = (Task(task_id="m", expand=(size,)), Task(task_id="j", upstream=("m",)))
    dag = Dag(dag_id="d", max_active_tasks=size, tasks=tasks)
    cluster = Cluster(parallelism=WORKERS, default_pool_slots=-1, max_tis_per_query=0)
    behavior = Behavior(rules=(Rule(duration_s=Uniform(low=20, high=200)),))
    return _corner(dag, cluster, behavior, 1e9)


def flat(scenario: Scenario, trace: Trace) -> Flat:
    """The graph over all task instances that a simulation had, for the leanest loop."""
    instances: dict[tuple[int, int], list[int]] = {}
    for ti, (run, task) in enumerate(zip(trace.ti_run, trace.ti_task, strict=True)):
        instances.setdefault((run, task), []).append(ti)
    index = {
        dag.dag_id: {t.task_id: i for i, t in enumerate(dag.tasks)} for dag in scenario.fleet.dags
    }
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    upstream: list[tuple[int, ...]] = []
    downstream: list[list[int]] = [[] for _ in trace.ti_run]
    for ti, (run, task) in enumerate(zip(trace.ti_run, trace.ti_task, strict=True)):
        dag_id = trace.dag_ids[trace.runs[run].dag]
        names = dags[dag_id].tasks[task].upstream
        parents = [up for name in names for up in instances[run, index[dag_id][name]]]
        upstream.append(tuple(parents))
        for parent in parents:
            downstream[parent].append(ti)
    luck = random.Random(3)
    durations = [luck.randrange(20 * 10**6, 200 * 10**6) for _ in upstream]
    return Flat(upstream, [tuple(down) for down in downstream], durations)


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
