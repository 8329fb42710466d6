"""``executor=`` and ``executor_config=``: which executor a task names, what its pod asks for."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from windtunnel.loaders import load
from windtunnel.loaders.pods import executor_config
from windtunnel.loaders.real.dump import pod_resources
from windtunnel.model import ExecutorConfig

DAG = """
from airflow import DAG
from airflow.operators.bash import BashOperator
from kubernetes.client import models as k8s

pod = k8s.V1Pod(spec=k8s.V1PodSpec(containers=[
    k8s.V1Container(name="sidecar", resources=k8s.V1ResourceRequirements(requests={"cpu": "4"})),
    k8s.V1Container(name="base", resources=k8s.V1ResourceRequirements(
        requests={"cpu": "500m", "memory": "1Gi"}, limits={"memory": "1.5Gi"})),
]))
with DAG("d", schedule=None) as dag:
    BashOperator(task_id="pod", bash_command="x", executor="KubernetesExecutor",
                 executor_config={"pod_override": pod})
    BashOperator(task_id="old", bash_command="x",
                 executor_config={"KubernetesExecutor": {"request_cpu": 2, "limit_memory": "512M"}})
    BashOperator(task_id="other", bash_command="x",
                 executor_config={"LocalExecutor": {"anything": 1}})
    BashOperator(task_id="plain", bash_command="x")
"""


def part(requests=None, limits=None, name="base"):
    return {"name": name, "resources": {"requests": requests, "limits": limits}}


def pod(*containers):
    return {"pod_override": {"spec": {"containers": list(containers)}}}


def as_object(value):
    """The same as objects with attributes, as the Kubernetes client has them."""
    if isinstance(value, list):
        return [as_object(one) for one in value]
    if isinstance(value, dict):
        return SimpleNamespace(**{
            key: one if key in ("requests", "limits") else as_object(one)
            for key, one in value.items()
        })  # fmt: skip
    return value


@pytest.fixture
def tasks(tmp_path):
    (tmp_path / "d.py").write_text(DAG)
    fleet = load(tmp_path, cache=None).fleet
    assert not fleet.problems
    return {task.task_id: task for task in fleet.dags[0].tasks}


def test_a_dag_file_says_which_executor_and_what_the_pod_needs(tasks):
    assert tasks["pod"].executor == "KubernetesExecutor"
    assert tasks["pod"].executor_config == ExecutorConfig(
        request_cpus=0.5, request_memory_mb=1024, limit_memory_mb=1536
    )


def test_the_old_form_is_read_too(tasks):
    old = tasks["old"].executor_config
    assert old.request_cpus == 2
    assert old.limit_memory_mb == pytest.approx(512e6 / 2**20)


def test_what_is_not_about_pods_says_nothing(tasks):
    for name in ("other", "plain"):
        assert (tasks[name].executor, tasks[name].executor_config) == (None, None)


@pytest.mark.parametrize(
    ("text", "cpus"), [("250m", 0.25), ("1.5", 1.5), (2, 2), ("1e1", 10), ("2k", 2000)]
)
def test_quantities_of_kubernetes(text, cpus):
    assert executor_config(pod(part({"cpu": text}))).request_cpus == cpus


@pytest.mark.parametrize("text", ["", "lots", "5 apples", None, True, object(), "-1", "0"])
def test_what_is_no_quantity_is_left_out(text):
    assert executor_config(pod(part({"cpu": text, "memory": "64Mi"}))) == ExecutorConfig(
        request_memory_mb=64
    )


@pytest.mark.parametrize(
    "given",
    [None, [], "x", {}, {"pod_override": None}, {"pod_override": {"spec": None}}, pod(),
     pod(part({"cpu": "1"}, name="sidecar")), {"KubernetesExecutor": "x"}],
)  # fmt: skip
def test_a_config_without_resources_of_the_tasks_container_says_nothing(given):
    assert executor_config(given) is None


def test_the_real_airflow_s_objects_are_written_down_as_tables_that_are_read_the_same():
    config = pod(part({"cpu": "2", "memory": "1Gi"}), part({"cpu": "9"}, name="sidecar"))
    objects = {"pod_override": as_object(config["pod_override"])}
    written = json.loads(json.dumps(pod_resources(objects)))
    assert executor_config(written) == ExecutorConfig(request_cpus=2, request_memory_mb=1024)
    assert pod_resources(None) is None
