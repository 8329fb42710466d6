"""A cluster read from where it lives, each value with its place, each assumption said once."""

import builtins
import json

import pytest

import windtunnel as wt
from windtunnel.errors import InvalidInput
from windtunnel.loaders import read_cluster, read_cluster_sources, read_scenario
from windtunnel.model import (
    CelerySettings,
    Cluster,
    Elastic,
    ExecutorConfig,
    KubernetesSettings,
    Pool,
    WorkerGroup,
)

CFG = """
[core]
# the executor that this deployment uses
executor = CeleryExecutor
parallelism = 36
dag_concurrency = 15
max_active_runs_per_dag = 3
default_pool_task_slot_count = 64
fernet_key = 100%secret
default_task_retries = 2

[scheduler]
catchup_by_default = False
task_queued_timeout = 300.0
max_tis_per_query = 0

[celery]
worker_concurrency = 6
"""
DAG = """
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("d", schedule="@daily", start_date=datetime(2025, 12, 1)):
    BashOperator(task_id="one", bash_command="true", pool="etl")
    BashOperator(task_id="two", bash_command="true", pool="etl")
    BashOperator(task_id="three", bash_command="true")
"""


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch):
    for known in ("PARALLELISM", "EXECUTOR", "MAX_ACTIVE_RUNS_PER_DAG"):
        monkeypatch.delenv(f"AIRFLOW__CORE__{known}", raising=False)


@pytest.fixture
def written(tmp_path):
    def write(name, text):
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text if isinstance(text, str) else json.dumps(text))
        return place

    return write


def test_airflow_cfg_says_limits_executor_and_timeouts(written):
    found = read_cluster_sources(written("airflow.cfg", CFG))
    assert found.cluster == Cluster(
        parallelism=36,
        max_active_tasks_per_dag=15,
        max_active_runs_per_dag=3,
        default_pool_slots=64,
        catchup_by_default=False,
        task_queued_timeout_s=300.0,
        max_tis_per_query=0,
        executor="CeleryExecutor",
        celery=CelerySettings(worker_concurrency=6),
        workers=(WorkerGroup(count=6, slots=6),),
    )
    assert found.origins["parallelism"] == "airflow.cfg [core] parallelism"
    assert found.origins["max_active_tasks_per_dag"] == "airflow.cfg [core] dag_concurrency"
    assert found.task_settings == {("core", "default_task_retries"): "2"}


def test_a_number_of_workers_that_nobody_says_is_assumed_to_be_enough(written):
    (assumed,) = read_cluster_sources(written("airflow.cfg", CFG)).assumptions
    assert assumed.subject == "Celery workers (number unknown)"
    assert assumed.assumed == "6 with 6 slots each, enough for parallelism 36"


@pytest.mark.parametrize(
    ("executor", "workers"),
    [
        ("SequentialExecutor", None),
        ("LocalExecutor", None),
        ("KubernetesExecutor", None),
        ("airflow.providers.celery.executors.celery_executor.CeleryExecutor", (2, 16)),
        ("LocalExecutor,CeleryExecutor", (2, 16)),
    ],
)
def test_an_executor_decides_what_workers_there_are(written, executor, workers):
    found = read_cluster(written("airflow.cfg", f"[core]\nexecutor = {executor}\n"))
    if isinstance(workers, tuple):
        workers = (WorkerGroup(count=workers[0], slots=workers[1]),)
    assert (found.executor, found.workers) == (executor, workers)


def test_an_autoscaling_worker_has_as_many_slots_as_it_may_grow_to(written):
    cfg = "[core]\nexecutor = CeleryExecutor\n[celery]\nworker_autoscale = 8,2\n"
    assert read_cluster(written("airflow.cfg", cfg)).workers[0].slots == 8


def test_a_parallelism_of_zero_is_no_limit(written):
    assert read_cluster(written("airflow.cfg", "[core]\nparallelism = 0\n")).parallelism >= 10**6


def test_the_environment_wins_over_airflow_cfg_and_cluster_toml_over_both(written):
    cfg = written("airflow.cfg", "[core]\nparallelism = 1\nmax_active_runs_per_dag = 1\n")
    toml = written("cluster.toml", "parallelism = 3\n")
    variables = {"AIRFLOW__CORE__PARALLELISM": "2", "AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG": "2"}
    found = read_cluster_sources(toml, cfg, variables=variables)
    assert (found.cluster.parallelism, found.cluster.max_active_runs_per_dag) == (3, 2)
    assert found.origins == {
        "parallelism": "cluster.toml",
        "max_active_runs_per_dag": "environment AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG",
    }


def test_every_value_that_can_not_be_used_is_named_with_its_place(written):
    cfg = written(
        "airflow.cfg",
        "[core]\nparallelism = many\n[scheduler]\ncatchup_by_default = perhaps\n"
        "task_queued_timeout = soon\n",
    )
    with pytest.raises(InvalidInput) as caught:
        read_cluster(cfg)
    assert str(caught.value) == (
        f"{cfg}: 3 mistakes\n"
        '  [core] parallelism = "many": must be a whole number\n'
        '  [scheduler] catchup_by_default = "perhaps": must be True or False\n'
        '  [scheduler] task_queued_timeout = "soon": must be a number of seconds'
    )


def test_a_file_that_is_no_airflow_cfg_is_refused(written):
    with pytest.raises(InvalidInput, match=r"not an airflow\.cfg: .*no section headers"):
        read_cluster(written("airflow.cfg", "parallelism = 3\n"))


def test_pools_come_as_airflow_exports_them_or_as_it_lists_them(written):
    exported = {"etl": {"slots": 4, "description": ""}, "all": {"slots": -1}}
    listed = [{"pool": "etl", "slots": "4", "description": "", "include_deferred": "True"}]
    assert read_cluster(written("pools.json", exported)).pools == {
        "etl": Pool(slots=4),
        "all": Pool(slots=-1),
    }
    assert read_cluster(written("pools.json", listed)).pools == {
        "etl": Pool(slots=4, include_deferred=True)
    }


def test_a_pool_without_a_size_is_named(written):
    place = written("pools.json", {"etl": {"slots": "four"}, "db": {}})
    with pytest.raises(InvalidInput, match=r"2 mistakes\n.*etl\.slots = \"four\""):
        read_cluster(place)
    with pytest.raises(InvalidInput, match="airflow pools export"):
        read_cluster(written("pools.json", ["etl"]))


VALUES = """
airflowVersion: "2.10.5"
executor: CeleryExecutor
config:
  core:
    parallelism: 48
    load_examples: 'False'
  celery:
    worker_concurrency: 4
env:
  - name: AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG
    value: "9"
  - name: FROM_A_SECRET
    valueFrom: {}
scheduler:
  replicas: 2
workers:
  replicas: 3
"""


def test_helm_values_say_release_limits_and_workers(written):
    found = read_cluster_sources(written("values.yaml", VALUES))
    assert found.cluster == Cluster(
        profile="airflow-2.11",
        parallelism=48,
        schedulers=2,
        max_active_tasks_per_dag=9,
        executor="CeleryExecutor",
        celery=CelerySettings(worker_concurrency=4),
        workers=(WorkerGroup(count=3, slots=4),),
    )
    assert found.origins["parallelism"] == "values.yaml config: [core] parallelism"
    assert found.origins["schedulers"] == "values.yaml scheduler.replicas"
    assert "values.yaml workers.replicas" in found.origins["workers"]
    assert found.assumptions == ()


def test_a_cluster_file_has_as_many_schedulers_as_it_says(written):
    found = read_cluster(written("cluster.toml", "schedulers = 3\nparallelism = 8\n"))
    assert (found.schedulers, found.parallelism) == (3, 8)
    assert found.executor_slots == 24


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ("{}", 1),
        ("workers: {celery: {replicas: 5}}", 5),
        ("workers: {hpa: {enabled: true}, replicas: 2}", 5),
        ("workers: {keda: {enabled: false, maxReplicaCount: 7}}", 1),
    ],
)
def test_helm_workers_are_replicas_or_the_most_that_a_scaler_by_load_starts(written, values, count):
    assert read_cluster(written("values.yaml", values)).workers[0].count == count


@pytest.mark.parametrize(
    ("values", "least", "elastic"),
    [
        ("workers: {keda: {enabled: true, maxReplicaCount: 7}}", 0, Elastic(most=7)),
        (
            "workers: {celery: {keda: {enabled: true, minReplicaCount: 2, pollingInterval: 9, "
            "cooldownPeriod: 60}}}",
            2,
            Elastic(poll_s=9, idle_s=60),
        ),
    ],
)
def test_helm_s_keda_lets_workers_come_and_go(written, values, least, elastic):
    found = read_cluster_sources(written("values.yaml", values))
    (group,) = found.cluster.workers
    assert (group.count, group.elastic) == (least, elastic)
    assert "start of a worker that KEDA adds" in {one.subject for one in found.assumptions}


def test_helm_s_resources_are_those_of_workers_and_of_pods(written):
    resources = "workers: {resources: {limits: {memory: 2Gi, cpu: 2}, requests: {cpu: 500m}}}\n"
    (group,) = read_cluster(written("values.yaml", resources)).workers
    assert (group.memory_mb, group.cpus) == (2048, 2)
    quotas = "quotas: {requests.cpu: 3500m, memory: 8Gi, pods: 20}\n"
    place = written("values.yaml", f"executor: KubernetesExecutor\n{resources}{quotas}")
    found = read_cluster(place).kubernetes_executor
    assert found.pod == ExecutorConfig(request_cpus=0.5, limit_cpus=2, limit_memory_mb=2048)
    assert (found.quota_cpus, found.quota_memory_mb, found.quota_pods) == (3.5, 8192, 20)


def test_mistakes_in_helm_s_keda_are_named(written):
    place = written("values.yaml", "workers: {keda: {enabled: true, maxReplicaCount: many}}\n")
    with pytest.raises(InvalidInput, match=r"workers\.keda\.maxReplicaCount = \"many\": must be"):
        read_cluster(place)


def test_airflow_cfg_says_how_its_executors_work(written):
    cfg = """
[core]
executor = CeleryExecutor,pods:airflow.providers.cncf.kubernetes.executors.KubernetesExecutor
[celery]
worker_prefetch_multiplier = 4
task_acks_late = False
task_publish_max_retries = 5
[celery_broker_transport_options]
visibility_timeout = 21600
[kubernetes_executor]
worker_pods_creation_batch_size = 8
task_publish_max_retries = -1
pod_launch_failure_retries = 3
"""
    found = read_cluster_sources(written("airflow.cfg", cfg))
    assert found.cluster.celery == CelerySettings(
        worker_prefetch_multiplier=4,
        task_acks_late=False,
        task_publish_max_retries=5,
        visibility_timeout_s=21600,
    )
    assert found.cluster.kubernetes_executor == KubernetesSettings(
        worker_pods_creation_batch_size=8,
        task_publish_max_retries=-1,
        pod_launch_failure_retries=3,
    )
    assert found.cluster.executor_for("pods", "default") == "KubernetesExecutor"
    assert "start of a pod" in {one.subject for one in found.assumptions}
    assert "[celery] task_acks_late" in found.origins["celery"]


@pytest.mark.parametrize(
    ("url", "timeout"), [("redis://redis:6379/0", 86400), ("amqp://rabbit//", None)]
)
def test_only_some_brokers_have_a_visibility_timeout(written, url, timeout):
    cfg = f"[core]\nexecutor = CeleryExecutor\n[celery]\nbroker_url = {url}\n"
    assert read_cluster(written("airflow.cfg", cfg)).celery.visibility_timeout_s == timeout


def test_an_executor_that_is_not_simulated_is_left_out_and_that_is_said(written):
    cfg = "[core]\nexecutor = LocalExecutor,my.plugins.BatchExecutor\n"
    found = read_cluster_sources(written("airflow.cfg", cfg))
    assert found.cluster.executor == "LocalExecutor"
    (said,) = found.assumptions
    assert said.subject == "executor my.plugins.BatchExecutor (not simulated)"
    alone = written("airflow.cfg", "[core]\nexecutor = my.plugins.BatchExecutor\n")
    assert read_cluster(alone).executor is None


def test_an_executor_of_airflow_2_tells_the_release(written):
    cfg = "[core]\nexecutor = CeleryKubernetesExecutor\n"
    sections = "[celery_kubernetes_executor]\nkubernetes_queue = k8s\n"
    found = read_cluster(written("airflow.cfg", cfg + sections))
    assert found.profile == "airflow-2.11"
    assert found.executor_for(None, "k8s") == "KubernetesExecutor"


def test_cluster_toml_has_executors_and_their_settings_by_airflow_s_names(written):
    toml = """
executor = "CeleryExecutor"
[celery]
worker_concurrency = 4
visibility_timeout = "6h"
[[workers]]
count = 3
"""
    found = read_cluster(written("cluster.toml", toml))
    assert found.celery == CelerySettings(worker_concurrency=4, visibility_timeout_s=21600)
    assert found.workers == (WorkerGroup(count=3, slots=4),)
    rabbit = 'executor = "CeleryExecutor"\ncelery = {visibility_timeout = "never"}\n'
    assert read_cluster(written("cluster.toml", rabbit)).celery.visibility_timeout_s is None


def test_single_keys_of_cluster_toml_win_over_airflow_cfg(written):
    cfg = "[core]\nexecutor = CeleryExecutor\n[celery]\nworker_concurrency = 8\n"
    both = [
        written("airflow.cfg", cfg + "worker_prefetch_multiplier = 2\n"),
        written("cluster.toml", "[celery]\nworker_concurrency = 4\n"),
    ]
    found = read_cluster(*both)
    assert (found.celery.worker_concurrency, found.celery.worker_prefetch_multiplier) == (4, 2)


def test_workers_that_somebody_says_are_kept_where_the_executor_has_none(written):
    both = [
        written("airflow.cfg", "[core]\nexecutor = KubernetesExecutor\n"),
        written("cluster.toml", "[[workers]]\ncount = 3\n"),
    ]
    found = read_cluster_sources(*both)
    assert (found.cluster.executor, found.cluster.workers[0].count) == (None, 3)
    assert "left out: workers are said, and it has none" in {a.assumed for a in found.assumptions}


@pytest.mark.parametrize("text", ["8", "many", "8,2,1"])
def test_an_autoscale_that_can_not_be_read_is_named_with_what_it_should_be(written, text):
    cfg = f"[core]\nexecutor = CeleryExecutor\n[celery]\nworker_autoscale = {text}\n"
    with pytest.raises(InvalidInput, match=r"worker_autoscale.*such as '16,4'"):
        read_cluster(written("airflow.cfg", cfg))
    with pytest.raises(InvalidInput, match=r"celery\.worker_autoscale = .*such as '16,4'"):
        read_cluster(written("cluster.toml", f'celery = {{worker_autoscale = "{text}"}}\n'))


def test_a_wrong_executor_in_cluster_toml_is_named(written):
    with pytest.raises(InvalidInput, match="did you mean 'CeleryExecutor'"):
        read_cluster(written("cluster.toml", 'executor = "CelleryExecutor"\n'))


def test_helm_with_another_executor_has_no_celery_workers(written):
    place = written("values.yaml", "executor: KubernetesExecutor\nworkers: {replicas: 4}\n")
    assert read_cluster(place).workers is None


def test_mistakes_in_helm_values_are_named(written):
    with pytest.raises(InvalidInput, match=r"values\.yaml: scheduler\.replicas = \"two\": must be"):
        read_cluster(written("values.yaml", "scheduler: {replicas: two}\n"))
    with pytest.raises(InvalidInput, match=r"values\.yaml: not valid YAML"):
        read_cluster(written("values.yaml", "a: [\n"))


def test_without_pyyaml_it_is_said_what_to_install(written, monkeypatch):
    whole = builtins.__import__

    def partly(name, *args, **kwargs):
        if name == "yaml":
            raise ModuleNotFoundError(name="yaml")
        return whole(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", partly)
    with pytest.raises(InvalidInput, match=r"pip install 'windtunnel\[helm\]'"):
        read_cluster(written("values.yaml", "{}"))


def test_a_vendors_size_says_how_many_tasks_one_worker_runs():
    assert read_cluster("mwaa:mw1.medium*4").workers == (WorkerGroup(count=4, slots=10),)
    assert read_cluster("mwaa:mw1.micro").workers == (WorkerGroup(count=1, slots=3),)
    assert read_cluster("astro:A20*2").workers == (WorkerGroup(count=2, slots=20),)
    (assumed,) = read_cluster_sources("mwaa:mw1.small").assumptions
    assert assumed.assumed == "7 with 5 slots each, enough for parallelism 32"


def test_an_unknown_size_is_refused_with_those_that_there_are():
    with pytest.raises(InvalidInput, match=r"mwaa:mw1\.huge: no such preset; there are: mwaa:mw1"):
        read_cluster("mwaa:mw1.huge")
    with pytest.raises(InvalidInput, match="'many' is no number of workers"):
        read_cluster("mwaa:mw1.small*many")


def test_a_source_of_no_known_kind_is_refused_with_those_that_there_are(written):
    with pytest.raises(InvalidInput, match=r"no source of a cluster; it is one of cluster\.toml"):
        read_cluster(written("cluster.txt", ""))


def test_a_cluster_beside_the_dags_is_used_and_said(written, tmp_path):
    written("dags/d.py", DAG)
    written("airflow.cfg", CFG)
    scenario = read_scenario(tmp_path / "dags", airflow="stand-in").scenario
    assert scenario.cluster.parallelism == 36
    said = {a.subject: a.assumed for a in scenario.fleet.assumptions}
    assert said["cluster, from airflow.cfg"] == (
        "parallelism 36, max_active_tasks_per_dag 15, max_active_runs_per_dag 3, "
        "default_pool_slots 64, executor CeleryExecutor, catchup_by_default False, "
        "max_tis_per_query 0, task_queued_timeout 300, worker_concurrency 6, "
        "6 workers with 6 slots"
    )
    assert said["pool etl (named by 2 tasks, size unknown)"] == "64 slots"
    assert said["setting [core] default_task_retries"] == "not applied to tasks by the stand-in"


def test_a_config_folder_and_exported_pools_are_found_too(written, tmp_path):
    written("dags/d.py", DAG)
    written("config/airflow.cfg", "[core]\nparallelism = 5\n")
    written("pools.json", {"etl": {"slots": 2}})
    scenario = read_scenario(tmp_path / "dags", airflow="stand-in").scenario
    assert scenario.cluster.parallelism == 5
    assert scenario.cluster.pools == {"etl": Pool(slots=2)}
    assert not [a for a in scenario.fleet.assumptions if "unknown" in a.subject]


def test_a_pool_that_an_export_does_not_list_does_not_exist(written, tmp_path):
    written("dags/d.py", DAG)
    written("pools.json", {"other": {"slots": 2}})
    scenario = read_scenario(tmp_path / "dags", airflow="stand-in").scenario
    assert scenario.cluster.pool("etl") is None


def test_a_cluster_that_is_asked_for_wins_over_the_one_beside_the_dags(written, tmp_path):
    written("dags/d.py", DAG)
    written("airflow.cfg", CFG)
    asked = wt.Cluster(parallelism=7)
    assert read_scenario(tmp_path / "dags", cluster=asked, airflow="stand-in").scenario.cluster == (
        asked
    )


@pytest.mark.parametrize("read", ["beside", "asked", "scenario"])
def test_queues_and_pools_that_such_a_source_can_not_know_are_assumed(written, tmp_path, read):
    written("dags/d.py", DAG.replace('pool="etl"', 'pool="etl", queue="heavy"'))
    cfg = written("airflow.cfg", "[core]\nexecutor = CeleryExecutor\n")
    if read == "asked":
        found = read_scenario(
            tmp_path / "dags", cluster=read_cluster_sources(cfg), airflow="stand-in"
        )
    elif read == "scenario":
        form = 'format = "windtunnel.scenario/1"\nstart = 2026-03-01T00:00:00Z\n'
        written("scenario.toml", form + 'dags = "dags"\ncluster = "airflow.cfg"\n')
        found = read_scenario(tmp_path, airflow="stand-in")
    else:
        found = read_scenario(tmp_path / "dags", airflow="stand-in")
    said = {a.subject: a.assumed for a in found.scenario.fleet.assumptions}
    assert said["queue heavy (named by 2 tasks)"] == "served by all workers"
    assert said["pool etl (named by 2 tasks, size unknown)"] == "128 slots"
    possible = wt.simulate(found.scenario, window="2d").possible
    assert [one.code for one in possible] == ["WT111"], "whether the pool exists is still open"


def test_a_cluster_file_is_taken_by_its_word(written, tmp_path):
    written("dags/d.py", DAG)
    asked = read_cluster_sources(written("cluster.toml", "[pools.other]\nslots = 1\n"))
    scenario = read_scenario(tmp_path / "dags", cluster=asked, airflow="stand-in").scenario
    assert scenario.cluster.pool("etl") is None


def test_the_environment_is_used_and_said(written, tmp_path, monkeypatch):
    written("dags/d.py", DAG)
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "4")
    scenario = read_scenario(tmp_path / "dags", airflow="stand-in").scenario
    assert scenario.cluster.parallelism == 4
    said = {a.subject: a.assumed for a in scenario.fleet.assumptions}
    assert said["cluster, from environment"] == "parallelism 4"


def test_a_file_beside_the_dags_that_is_something_else_costs_nothing_and_is_named(
    written, tmp_path
):
    written("dags/d.py", DAG)
    written("pools.json", ["swimming"])
    written("airflow.cfg", "[core]\nparallelism = {{ parallelism }}\n")
    scenario = read_scenario(tmp_path / "dags", airflow="stand-in").scenario
    said = {a.subject: a.assumed for a in scenario.fleet.assumptions}
    assert "no pools; it must be" in said["pools.json beside the DAG files"]
    assert "must be a whole number" in said["airflow.cfg beside the DAG files"]
    assert scenario.cluster.pool("etl") == Pool(slots=128, assumed=True)


def test_a_scenario_file_names_several_sources(written, tmp_path):
    written("dags/d.py", DAG)
    written("airflow.cfg", CFG)
    written("pools.json", {"etl": {"slots": 2}})
    written(
        "scenario.toml",
        'format = "windtunnel.scenario/1"\ndags = "dags"\n'
        'cluster = ["airflow.cfg", "pools.json", "mwaa:mw1.small*2"]\n'
        "start = 2026-03-01T00:00:00Z\n",
    )
    cluster = read_scenario(tmp_path, airflow="stand-in").scenario.cluster
    assert (cluster.parallelism, cluster.pools["etl"].slots) == (36, 2)
    assert cluster.workers == (WorkerGroup(count=2, slots=5),)
