"""Several executors at once: who runs what, and the parallelism that they share."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from windtunnel.model import (
    CelerySettings,
    Cluster,
    Dag,
    KubernetesSettings,
    Task,
    WorkerGroup,
    configured,
)

BOTH = {
    "executor": "CeleryExecutor,KubernetesExecutor",
    "celery": CelerySettings(worker_concurrency=1),
    "kubernetes_executor": KubernetesSettings(pod_start_s=7),
}


def dag(*tasks):
    return Dag(dag_id="d", tasks=tasks, max_active_tasks=100)


def test_a_task_goes_to_the_executor_that_it_names_and_else_to_the_first(fly):
    one = dag(
        Task(task_id="first"),
        Task(task_id="second"),
        Task(task_id="pod", executor="KubernetesExecutor"),
    )
    flight = fly(one, seconds={"*": 60}, **BOTH)
    assert [flight.span(f"d.{t.task_id}")[0] for t in one.tasks] == [0, 60, 7]


@pytest.mark.parametrize(
    "name",
    [
        "KubernetesExecutor",
        "pods",
        "airflow.providers.cncf.kubernetes.executors.kubernetes_executor.KubernetesExecutor",
    ],
)
def test_an_executor_is_called_by_its_class_its_path_or_its_alias(fly, name):
    path = "airflow.providers.cncf.kubernetes.executors.kubernetes_executor.KubernetesExecutor"
    flight = fly(dag(Task(task_id="t", executor=name)), seconds={"*": 60},
                 **{**BOTH, "executor": f"CeleryExecutor,pods:{path}"})  # fmt: skip
    assert flight.span("d.t")[0] == 7


def test_a_task_that_names_an_executor_which_is_not_there_is_never_queued(fly):
    one = dag(Task(task_id="lost", executor="EdgeExecutor"), Task(task_id="t"))
    flight = fly(one, seconds={"*": 60}, **BOTH)
    assert flight.history("d.lost") == [(0, "scheduled")]
    assert flight.span("d.t") == (0, 60)


@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
def test_all_executors_together_hold_parallelism(fly, profile):
    pods = Task(task_id="pods", executor="KubernetesExecutor", expand=(6,))
    workers = Task(task_id="workers", expand=(6,))
    flight = fly(dag(workers, pods), seconds={"*": 60}, parallelism=5, profile=profile, **BOTH)
    queued = [e.at_us for e in flight.trace.events() if e.task_id and e.state == "queued"]
    assert queued.count(0) == 5


def test_what_a_local_executor_forgets_counts_for_no_one(fly):
    """3.x: the pods have all of ``parallelism`` to themselves; when they hold it, nothing more is
    queued for either."""
    pods = Task(task_id="pods", executor="KubernetesExecutor", expand=(6,))
    local = Task(task_id="local", expand=(6,))
    flight = fly(dag(local, pods), seconds={"*": 60}, parallelism=3,
                 **{**BOTH, "executor": "LocalExecutor,KubernetesExecutor"})  # fmt: skip
    at_start = [e.task_id for e in flight.trace.events() if e.state == "queued" and not e.at_us]
    assert (at_start.count("local"), at_start.count("pods")) == (3, 3)


@pytest.mark.parametrize("name", ["CeleryKubernetesExecutor", "LocalKubernetesExecutor"])
def test_two_in_one_go_by_the_queue(fly, name):
    one = dag(Task(task_id="here"), Task(task_id="pod", queue="kubernetes"))
    flight = fly(one, seconds={"*": 60}, profile="airflow-2.11", **{**BOTH, "executor": name})
    assert (flight.span("d.here")[0], flight.span("d.pod")[0]) == (0, 7)


def test_the_queue_of_the_pods_may_have_another_name(fly):
    settings = {
        "executor": "CeleryKubernetesExecutor",
        "kubernetes_executor": KubernetesSettings(pod_start_s=7, kubernetes_queue="k8s"),
        "workers": (WorkerGroup(queues=("default", "kubernetes")),),
    }
    one = dag(Task(task_id="worker", queue="kubernetes"), Task(task_id="pod", queue="k8s"))
    flight = fly(one, seconds={"*": 60}, profile="airflow-2.11", **settings)
    assert (flight.span("d.worker")[0], flight.span("d.pod")[0]) == (0, 7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CelryExecutor", "'CelryExecutor' is no executor that windtunnel simulates; did you mean"),
        ("LocalExecutor,LocalExecutor", "LocalExecutor is there twice"),
        (",", "names no executor"),
        ("CeleryKubernetesExecutor,LocalExecutor", "can't be one of several executors"),
    ],
)
def test_what_no_executor_is_called_is_refused_in_words(text, said):
    with pytest.raises(ValueError, match=said):
        configured(text)


def test_workers_belong_to_celery():
    with pytest.raises(ValidationError, match="workers are those of CeleryExecutor"):
        Cluster(executor="KubernetesExecutor", workers=(WorkerGroup(),))
