"""No quadratic corners: what the engine does for one state change must not grow with what waits.

Steps are counted, not timed: every call of a function, Python's or C's.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from windtunnel.engine import Simulation
from windtunnel.model import (
    Behavior,
    Cluster,
    Cron,
    Dag,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    SchedulerLoop,
    Sensor,
    Task,
    TriggerDagRun,
    TriggerRule,
    WorkerGroup,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def scenario(*dags, cluster, behavior=None, duration_s=86_400.0, runs=()):
    return Scenario(
        fleet=Fleet(dags=dags),
        cluster=cluster,
        behavior=behavior or Behavior(default_duration_s=1.0),
        start=START,
        duration_s=duration_s,
        manual_runs=runs or (ManualRun(dag_id=dags[0].dag_id),),
    )


def behind_a_full_pool(size):
    tasks = (Task(task_id="m", expand=(size,), pool="p"),)
    dag = Dag(dag_id="d", max_active_tasks=size, tasks=tasks)
    return scenario(dag, cluster=Cluster(pools={"p": Pool(slots=1)}, parallelism=size))


def at_max_active_tasks(size):
    dag = Dag(dag_id="d", max_active_tasks=2, tasks=(Task(task_id="m", expand=(size,)),))
    return scenario(dag, cluster=Cluster(parallelism=size))


def behind_a_full_worker(size):
    dag = Dag(dag_id="d", max_active_tasks=size, tasks=(Task(task_id="m", expand=(size,)),))
    workers = (WorkerGroup(slots=1),)
    cluster = Cluster(workers=workers, parallelism=size, task_queued_timeout_s=1e9)
    return scenario(dag, cluster=cluster)


def many_pools(size):
    tasks = tuple(Task(task_id=f"t{i}", pool=f"p{i}") for i in range(size))
    dag = Dag(dag_id="d", max_active_tasks=size, tasks=tasks)
    pools = {f"p{i}": Pool(slots=1) for i in range(size)}
    behavior = Behavior(
        rules=tuple(Rule(tasks=f"d.t{i}", duration_s=1 + i / 7) for i in range(size))
    )
    return scenario(dag, cluster=Cluster(pools=pools, parallelism=2), behavior=behavior)


def queued_runs(size):
    dag = Dag(dag_id="d", max_active_runs=1, tasks=(Task(task_id="a"),))
    runs = tuple(ManualRun(dag_id="d", run_id=f"r{i}", logical_date=None) for i in range(size))
    return scenario(dag, cluster=Cluster(), runs=runs)


def running_runs(size):
    dag = Dag(dag_id="d", max_active_runs=size, tasks=(Task(task_id="a", pool="p"),))
    runs = tuple(ManualRun(dag_id="d", run_id=f"r{i}", logical_date=None) for i in range(size))
    return scenario(dag, cluster=Cluster(pools={"p": Pool(slots=1)}), runs=runs)


def running_runs_under_loops(size):
    made = running_runs(size)
    cluster = made.cluster.model_copy(update={"loop": SchedulerLoop(idle_sleep_s=0.5)})
    return made.model_copy(update={"cluster": cluster})


def rescheduling_sensors(size):
    sensor = Task(task_id="s", expand=(size,), kind=Sensor(mode="reschedule"))
    dag = Dag(dag_id="d", max_active_tasks=size, tasks=(sensor,))
    cluster = Cluster(parallelism=size, default_pool_slots=-1, max_tis_per_query=0)
    never = Behavior(rules=(Rule(true_at_s=None, duration_s=1.0),))
    return scenario(dag, cluster=cluster, behavior=never, duration_s=300)


def fan_in(size):
    join = Task(task_id="j", upstream=("s",), trigger_rule=TriggerRule.ALL_DONE)
    tasks = (Task(task_id="s", expand=(size,)), join)
    dag = Dag(dag_id="d", max_active_tasks=size, tasks=tasks)
    return scenario(dag, cluster=Cluster(parallelism=50, default_pool_slots=-1))


def fan_out(size):
    tasks = (Task(task_id="a"), *(Task(task_id=f"t{i}", upstream=("a",)) for i in range(size)))
    dag = Dag(dag_id="d", max_active_tasks=10, tasks=tasks)
    return scenario(dag, cluster=Cluster(parallelism=50))


def depends_on_past(size):
    tasks = (Task(task_id="a", depends_on_past=True),)
    dag = Dag(
        dag_id="d",
        tasks=tasks,
        max_active_runs=size,
        schedule=Cron(expression="* * * * *"),
        start_date=START,
        catchup=True,
    )
    never = Behavior(rules=(Rule(tasks="d.a", duration_s=90),))
    return scenario(dag, cluster=Cluster(), behavior=never, duration_s=60.0 * size)


def sensors_of_another_dag(size):
    wait = ExternalTaskSensor(external_dag_id="other")
    waiting = Dag(
        dag_id="d", max_active_tasks=size, tasks=(Task(task_id="s", expand=(size,), kind=wait),)
    )
    other = Dag(dag_id="other", tasks=(Task(task_id="a"),))
    runs = (ManualRun(dag_id="d"), ManualRun(dag_id="other", at_s=500, logical_date=START))
    cluster = Cluster(parallelism=size, default_pool_slots=-1)
    return scenario(waiting, other, cluster=cluster, runs=runs)


def triggered_runs(size):
    trigger = TriggerDagRun(trigger_dag_id="child", wait_for_completion=True)
    parent = Dag(
        dag_id="d", max_active_tasks=size, tasks=(Task(task_id="t", expand=(size,), kind=trigger),)
    )
    child = Dag(dag_id="child", max_active_runs=3, tasks=(Task(task_id="a"),))
    return scenario(parent, child, cluster=Cluster(parallelism=2 * size, default_pool_slots=-1))


def many_dags(size):
    dags = tuple(
        Dag(
            dag_id=f"d{i:05}",
            tasks=(Task(task_id="a"), Task(task_id="b", upstream=("a",))),
            schedule=Cron(expression=f"{i % 60} * * * *"),
            start_date=START,
        )
        for i in range(size)
    )
    return scenario(*dags, cluster=Cluster(), duration_s=3 * 3600)


CORNERS = (
    behind_a_full_pool,
    at_max_active_tasks,
    behind_a_full_worker,
    many_pools,
    queued_runs,
    running_runs,
    running_runs_under_loops,
    rescheduling_sensors,
    fan_in,
    fan_out,
    depends_on_past,
    sensors_of_another_dag,
    triggered_runs,
    many_dags,
)


def steps(made: Scenario) -> float:
    """Calls of functions for each state change."""
    simulation = Simulation(made)
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        trace = simulation.run()
    finally:
        sys.setprofile(None)
    return calls / len(trace.history)


@pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.__name__)
def test_what_one_change_costs_does_not_grow_with_what_waits(corner):
    small, large = steps(corner(60)), steps(corner(480))
    assert large < 1.5 * small, f"{small:.0f} calls for each change, then {large:.0f}"
