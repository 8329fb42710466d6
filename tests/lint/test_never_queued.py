"""Tasks that no scheduler can ever queue are told without any simulation."""

from __future__ import annotations

import pytest

import windtunnel as wt
from windtunnel.engine import simulate
from windtunnel.lint import find_never_queued, find_unknown_pools
from windtunnel.model import (
    Cluster,
    Dag,
    Empty,
    ExecutorConfig,
    Fleet,
    KubernetesSettings,
    ManualRun,
    Pool,
    Scenario,
    Task,
    WorkerGroup,
)


@pytest.fixture
def never():
    """``never(*tasks, **cluster)``: findings of code WT110 on a DAG ``etl`` of these tasks."""

    def never(*tasks, **cluster):
        dag = Dag(dag_id="etl", file="dags/etl.py", tasks=tasks)
        start = "2026-03-01T00:00:00Z"
        scenario = Scenario(fleet=Fleet(dags=(dag,)), cluster=Cluster(**cluster), start=start)
        return find_never_queued(scenario)

    return never


@pytest.fixture
def fly_until_end():
    """``fly_until_end(task)``: its states in a day with workers of queue ``default`` only, and
    when it ended, in seconds."""

    def fly_until_end(task):
        dag = Dag(dag_id="etl", tasks=(task,))
        scenario = Scenario(
            fleet=Fleet(dags=(dag,)),
            cluster=Cluster(workers=(WorkerGroup(),)),
            start="2026-03-01T00:00:00Z",
            manual_runs=(ManualRun(dag_id="etl"),),
        )
        trace = simulate(scenario)
        (instance,) = trace.task_instances()
        states = [e.state for e in trace.events() if e.task_id is not None]
        return states, instance.ended_us / 1e6

    return fly_until_end


def test_a_pool_that_does_not_exist_is_told_with_those_that_do(never):
    (finding,) = never(Task(task_id="load", pool="dbb", line=7), pools={"db": Pool(slots=3)})
    assert finding.code == "WT110"
    assert (finding.dag_id, finding.file, finding.line) == ("etl", "dags/etl.py", 7)
    assert "load: pool 'dbb' does not exist on this cluster" in finding.summary
    assert "(there are: db, default_pool)" in finding.summary


def test_a_task_that_needs_more_slots_than_its_pool_has(never):
    (finding,) = never(Task(task_id="load", pool="db", pool_slots=4), pools={"db": Pool(slots=3)})
    assert "needs 4 slots of pool 'db', which has 3" in finding.summary


def test_a_pool_without_slots(never):
    (finding,) = never(Task(task_id="load", pool="db"), pools={"db": Pool(slots=0)})
    assert "needs 1 slot of pool 'db', which has 0" in finding.summary


def test_a_queue_that_no_worker_serves(never):
    groups = (WorkerGroup(), WorkerGroup(name="big", queues=("heavy",)))
    (finding,) = never(Task(task_id="train", queue="gpu"), workers=groups)
    assert "no worker group serves queue 'gpu'" in finding.summary
    assert finding.title == "Task can never run"
    assert "stays scheduled" not in finding.summary
    assert "task_queued_timeout (600 s) has passed 3 times" in finding.summary


def test_what_is_said_of_a_queue_without_a_worker_is_what_happens(fly_until_end):
    """Queued, then failed after three times ten minutes, checked every two."""
    states, ended_s = fly_until_end(Task(task_id="train", queue="gpu", retries=5))
    assert states[:2] == ["scheduled", "queued"]
    assert (states[-1], ended_s) == ("failed", 2160)


@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
def test_only_where_the_release_does_so_it_may_hide_other_tasks(never, profile):
    (finding,) = never(Task(task_id="load", pool="nowhere"), profile=profile)
    assert "stays scheduled for ever" in finding.summary
    assert ("keep the other tasks" in finding.summary) == (profile == "airflow-3.3")


@pytest.mark.parametrize(
    ("task", "cluster"),
    [
        (Task(task_id="t"), {}),
        (Task(task_id="t", pool="db", pool_slots=3), {"pools": {"db": Pool(slots=3)}}),
        (Task(task_id="t", pool="db", pool_slots=300), {"pools": {"db": Pool(slots=-1)}}),
        (Task(task_id="t", queue="gpu"), {}),
        (Task(task_id="t", pool="nowhere", kind=Empty()), {}),
        (Task(task_id="t", queue="heavy"), {"workers": (WorkerGroup(queues=("a", "heavy")),)}),
    ],
    ids=["plain", "just fits", "unlimited", "any queue", "empty needs none", "second queue"],
)
def test_what_can_be_queued_is_no_finding(never, task, cluster):
    assert never(task, **cluster) == []


def test_tasks_of_one_dag_and_one_reason_are_one_finding(never):
    tasks = [Task(task_id=f"t{i}", pool="nowhere") for i in range(7)]
    (finding,) = never(*tasks)
    assert "t0, t1, t2, t3, t4 and 2 more: pool 'nowhere'" in finding.summary


def test_different_reasons_are_different_findings(never):
    found = never(Task(task_id="a", pool="x"), Task(task_id="b", pool="y"))
    assert ["'x'" in found[0].summary, "'y'" in found[1].summary] == [True, True]


def test_it_is_among_the_findings_of_a_simulation_and_no_false_deadlock_beside_it():
    tasks = (
        Task(task_id="load", pool="nowhere"),
        Task(task_id="report", pool="nowhere", upstream=("load",)),
    )
    scenario = Scenario(
        fleet=Fleet(dags=(Dag(dag_id="etl", tasks=tasks),)),
        start="2026-03-01T00:00:00Z",
        duration_s=5000,
        manual_runs=(ManualRun(dag_id="etl"),),
    )
    assert [finding.code for finding in wt.simulate(scenario).findings] == ["WT110"]


def test_a_pool_that_was_only_assumed_is_told_once_with_who_names_it():
    dags = tuple(Dag(dag_id=name, tasks=(Task(task_id="t", pool="db"),)) for name in ("a", "b"))

    def told(**pools):
        start = "2026-03-01T00:00:00Z"
        cluster = Cluster(pools=pools)
        return find_unknown_pools(Scenario(fleet=Fleet(dags=dags), cluster=cluster, start=start))

    (finding,) = told(db=Pool(slots=128, assumed=True), etl=Pool(slots=3))
    assert (finding.code, finding.certain) == ("WT111", False), "pools are in no DAG file"
    assert "db (a.t and 1 more)" in finding.summary
    assert told(db=Pool(slots=128)) == []


def test_an_executor_that_is_not_there_is_named_with_those_that_are(never):
    cluster = {"executor": "CeleryExecutor,KubernetesExecutor"}
    (finding,) = never(Task(task_id="t", executor="EdgeExecutor"), **cluster)
    assert finding.code == "WT110"
    assert "executor 'EdgeExecutor' is none of those that there are" in finding.summary
    assert "It stays scheduled for ever" in finding.summary
    assert not never(Task(task_id="t", executor="KubernetesExecutor"), **cluster)


def test_without_anything_said_of_executors_every_name_is_as_good(never):
    assert not never(Task(task_id="t", executor="EdgeExecutor"))


@pytest.mark.parametrize("executor", ["KubernetesExecutor", "LocalExecutor"])
def test_only_celery_asks_for_queues(never, executor):
    task = Task(task_id="t", queue="gpu")
    assert not never(task, executor=executor)
    (finding,) = never(task, executor="CeleryExecutor")
    assert "no worker group serves queue 'gpu'" in finding.summary


def test_pods_need_no_queue_where_there_are_workers_too(never):
    both = {"executor": "CeleryExecutor,KubernetesExecutor"}
    assert not never(Task(task_id="t", queue="gpu", executor="KubernetesExecutor"), **both)


def pods(**settings):
    return {
        "executor": "KubernetesExecutor",
        "kubernetes_executor": KubernetesSettings(**settings),
    }


LARGE = Task(task_id="t", executor_config=ExecutorConfig(request_cpus=8, limit_memory_mb=4096))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"nodes": 3, "node_cpus": 4}, "its pod requests 8 CPUs, a node has 4. It is queued"),
        ({"nodes": 3, "node_memory_mb": 2048}, "its pod requests 4096 MB, a node has 2048"),
        ({"quota_cpus": 4}, "the quota of the namespace is 4. It is refused, and the try fails at"),
        ({"quota_memory_mb": 1000, "task_publish_max_retries": 2}, "when it was asked for 3 times"),
        ({"quota_cpus": 4, "task_publish_max_retries": -1}, "It is asked for again at every loop"),
    ],
)
def test_a_pod_that_fits_nowhere_is_told_with_what_becomes_of_it(never, settings, said):
    (finding,) = never(LARGE, **pods(**settings))
    assert finding.title == "Task can never run"
    assert said in finding.summary


def test_a_pod_that_fits_is_no_finding(never):
    assert not never(LARGE, **pods(nodes=1, node_cpus=8, node_memory_mb=4096, quota_cpus=8))
    assert not never(LARGE, **pods(node_cpus=4)), "without a number of nodes there is room"
    assert not never(LARGE, executor="LocalExecutor")


def test_of_two_reasons_only_the_one_that_comes_first_is_told(never):
    settings = KubernetesSettings(quota_memory_mb=8192, nodes=1, node_cpus=2, node_memory_mb=4096)
    cluster = {"executor": "KubernetesExecutor", "kubernetes_executor": settings}
    large = ExecutorConfig(request_memory_mb=9216)
    (refused,) = never(Task(task_id="t", executor_config=large), **cluster)
    assert "the quota of the namespace is 8192" in refused.summary
    (pool,) = never(Task(task_id="t", executor_config=large, pool="nowhere"), **cluster)
    assert "pool 'nowhere' does not exist" in pool.summary
