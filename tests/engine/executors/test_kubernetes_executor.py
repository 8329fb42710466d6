"""KubernetesExecutor: pods are created, refused, wait for nodes, start, die."""

from __future__ import annotations

import pytest

from windtunnel.model import (
    Dag,
    ExecutorConfig,
    KubernetesSettings,
    Rule,
    SchedulerDown,
    SchedulerLoop,
    Task,
    WorkerLost,
    WorkersDrained,
)


def kubernetes(**settings):
    fast = {"worker_pods_creation_batch_size": 100, "pod_start_s": 10}
    return {
        "executor": "KubernetesExecutor",
        "kubernetes_executor": KubernetesSettings(**{**fast, **settings}),
    }


def waited(flight, name, limit):
    return sum(to - begin for what, begin, to in flight.waits(name) if what == limit)


def refusals(flight):
    return sum(what == "refused: the quota is full" for _, _, what in flight.trace.executor_events)


# -- creation -------------------------------------------------------------------------------------


def test_a_pod_needs_its_time_to_start_and_its_task_is_queued_meanwhile(fly, crowd, starts):
    flight = fly(crowd(3), seconds={"*": 60}, **kubernetes(pod_start_s=25))
    assert starts(flight, "queued") == [0, 0, 0]
    assert starts(flight) == [25, 25, 25]


@pytest.mark.parametrize(("batch", "begun"), [(1, [10, 11, 12, 13, 14]), (2, [10, 10, 11, 11, 12])])
def test_each_loop_creates_a_batch(fly, crowd, starts, batch, begun):
    settings = kubernetes(worker_pods_creation_batch_size=batch)
    assert starts(fly(crowd(5), seconds={"*": 60}, **settings)) == begun


def test_slower_loops_create_pods_more_slowly(fly, crowd, starts):
    settings = kubernetes(worker_pods_creation_batch_size=1)
    loop = SchedulerLoop(duration_s=2, idle_sleep_s=1, hand_over_s=0, per_run_s=0, per_task_s=0)
    begun = starts(fly(crowd(4), seconds={"*": 60}, loop=loop, **settings))
    assert [later - begun[0] for later in begun] == [0, 3, 6, 9]


def test_waiting_for_its_pod_to_be_created_is_told_as_such(fly, crowd):
    flight = fly(crowd(5), seconds={"*": 60}, **kubernetes(worker_pods_creation_batch_size=1))
    assert waited(flight, "d.t[4]", "pod creation") == 4


def test_no_pods_are_created_while_no_scheduler_runs(fly, crowd, starts):
    down = SchedulerDown(at_s=0.5, for_s=100)
    settings = kubernetes(worker_pods_creation_batch_size=1)
    flight = fly(crowd(3), seconds={"*": 5}, faults=[down], **settings)
    assert starts(flight)[0] == 10
    assert starts(flight)[1] >= 110


def test_pods_that_wait_hold_parallelism(fly, crowd, starts):
    settings = kubernetes(nodes=1, node_cpus=1, pod=ExecutorConfig(request_cpus=1))
    flight = fly(crowd(6), seconds={"*": 60}, parallelism=4, **settings)
    assert starts(flight, "queued") == [0] * 4 + [70, 140]


# -- quota ----------------------------------------------------------------------------------------

HALF = ExecutorConfig(request_cpus=0.55, request_memory_mb=512)


def test_a_pod_beyond_the_quota_fails_its_try_at_once(fly, crowd, starts):
    """550m each, 3.5 in all: the seventh does not fit."""
    flight = fly(crowd(8), seconds={"*": 60}, **kubernetes(quota_cpus=3.5, pod=HALF))
    assert starts(flight) == [10] * 6
    assert starts(flight, "failed") == [0, 0]
    assert "pod not created: it would exceed the namespace's quota" in flight.trace.reasons.values()


@pytest.mark.parametrize("quota", [{"quota_memory_mb": 6 * 512}, {"quota_pods": 6}])
def test_memory_and_the_number_of_pods_are_quotas_too(fly, crowd, starts, quota):
    assert len(starts(fly(crowd(8), seconds={"*": 60}, **kubernetes(pod=HALF, **quota)))) == 6


def test_a_refused_pod_uses_up_a_retry(fly, crowd, starts):
    settings = kubernetes(quota_pods=1)
    flight = fly(crowd(2, retries=1, retry_delay_s=100), seconds={"*": 60}, **settings)
    assert starts(flight, "up_for_retry") == [0]
    assert flight.run_states("d") == ["success"]


def test_asked_for_again_without_end_it_waits_until_there_is_room(fly, crowd, starts):
    flight = fly(
        crowd(2), seconds={"*": 60}, **kubernetes(quota_pods=1, task_publish_max_retries=-1)
    )
    assert starts(flight) == [10, 80]
    assert refusals(flight) == 70, "once a second"


def test_asked_for_again_a_few_times_it_fails_then(fly, crowd, starts):
    flight = fly(
        crowd(2), seconds={"*": 60}, **kubernetes(quota_pods=1, task_publish_max_retries=3)
    )
    assert starts(flight, "failed") == [3]
    assert refusals(flight) == 4


def test_the_tasks_own_request_counts_before_the_templates(fly):
    own = ExecutorConfig(request_cpus=3)
    tasks = (Task(task_id="big", executor_config=own), Task(task_id="small"))
    flight = fly(Dag(dag_id="d", tasks=tasks), seconds={"*": 60},
                 **kubernetes(quota_cpus=3.5, pod=HALF))  # fmt: skip
    assert (flight.state("d.big"), flight.state("d.small")) == ("success", "failed")


def test_the_tasks_own_resources_take_the_place_of_all_of_the_templates(fly):
    """It says nothing of memory: then nothing of it is requested."""
    own = ExecutorConfig(request_cpus=0.5)
    tasks = (Task(task_id="own", executor_config=own), Task(task_id="template"))
    flight = fly(Dag(dag_id="d", tasks=tasks), seconds={"*": 60},
                 **kubernetes(quota_memory_mb=100, pod=HALF))  # fmt: skip
    assert (flight.state("d.own"), flight.state("d.template")) == ("success", "failed")


def test_a_limit_without_a_request_is_what_is_requested(fly, crowd, starts):
    settings = kubernetes(quota_cpus=3, pod=ExecutorConfig(limit_cpus=1))
    assert len(starts(fly(crowd(5), seconds={"*": 60}, **settings))) == 3


# -- nodes ----------------------------------------------------------------------------------------


def test_pods_wait_for_a_node_with_room_for_what_they_request(fly, crowd, starts):
    settings = kubernetes(nodes=2, node_cpus=2, pod=ExecutorConfig(request_cpus=1))
    flight = fly(crowd(5), seconds={"*": 60}, **settings)
    assert starts(flight) == [10] * 4 + [80]
    assert waited(flight, "d.t[4]", "nodes") == 70


def test_what_is_free_in_pieces_has_no_room_for_a_large_pod_and_small_ones_go_first(fly):
    sizes = {"a": 0.6, "b": 0.6, "large": 0.8, "small": 0.4}
    tasks = tuple(
        Task(task_id=name, executor_config=ExecutorConfig(request_cpus=cpus))
        for name, cpus in sizes.items()
    )
    flight = fly(
        Dag(dag_id="d", tasks=tasks), seconds={"*": 60}, **kubernetes(nodes=2, node_cpus=1)
    )
    assert [flight.span(f"d.{name}")[0] for name in sizes] == [10, 10, 80, 10]


def test_a_pod_larger_than_a_node_is_pending_until_it_fails(fly, crowd, starts):
    settings = kubernetes(nodes=2, node_cpus=1, pod=ExecutorConfig(request_cpus=1.5))
    flight = fly(crowd(1), **settings)
    assert starts(flight, "queued") == [0, 720, 1440]
    assert starts(flight, "failed") == [2160]


def test_a_cordoned_node_takes_no_more_pods(fly, crowd, starts):
    settings = kubernetes(nodes=2, node_cpus=1, pod=ExecutorConfig(request_cpus=1))
    flight = fly(crowd(4), seconds={"*": 60}, faults=[WorkersDrained(at_s=20)], **settings)
    assert starts(flight) == [10, 10, 80, 150]


# -- memory ---------------------------------------------------------------------------------------


def test_a_try_that_needs_more_than_its_limit_is_killed_and_no_other(fly, crowd, starts):
    settings = kubernetes(pod=ExecutorConfig(limit_memory_mb=1000))
    rules = [Rule(tasks="d.t", memory_mb=1200, duration_s=60, when={"map_index": 1})]
    flight = fly(crowd(3), rules=rules, seconds={"*": 60}, **settings)
    assert starts(flight, "failed") == [10]
    assert flight.state("d.t[1]") == "failed"


def test_pods_that_take_more_than_they_request_can_fill_a_node(fly, crowd, starts):
    settings = kubernetes(nodes=1, node_memory_mb=1000, pod=ExecutorConfig(request_memory_mb=100))
    rules = [Rule(tasks="*", memory_mb=600, duration_s=60)]
    flight = fly(crowd(2), rules=rules, **settings)
    assert starts(flight, "failed") == [10]


# -- losses ---------------------------------------------------------------------------------------


def test_a_pod_that_dies_before_its_task_began_is_replaced_and_no_try_used_up(fly, crowd, starts):
    flight = fly(crowd(1), seconds={"*": 60}, faults=[WorkerLost(at_s=5)], **kubernetes())
    assert starts(flight) == [15]
    assert flight.task("d.t[0]").try_number == 1


def test_only_so_often(fly, crowd, starts):
    lost = [WorkerLost(at_s=5), WorkerLost(at_s=9)]
    flight = fly(crowd(1), seconds={"*": 60}, faults=lost, **kubernetes())
    assert starts(flight, "failed") == [9]
    assert "the pod died before the task began" in flight.trace.reasons.values()


@pytest.mark.parametrize(("profile", "noticed"), [("airflow-3.3", 30), ("airflow-2.11", 340)])
def test_3_x_hears_of_a_pod_that_is_gone_2_x_waits_for_its_heartbeats(
    fly, crowd, starts, profile, noticed
):
    flight = fly(crowd(1), seconds={"*": 900}, profile=profile, faults=[WorkerLost(at_s=30)],
                 **kubernetes())  # fmt: skip
    assert starts(flight, "failed") == [noticed]


def test_a_node_takes_its_pods_along_and_a_new_one_may_come(fly, crowd, starts):
    settings = kubernetes(nodes=2, node_cpus=2, pod=ExecutorConfig(request_cpus=1))
    lost = WorkerLost(at_s=20, for_s=100)
    flight = fly(
        crowd(5, retries=1, retry_delay_s=0), seconds={"*": 300}, faults=[lost], **settings
    )
    assert starts(flight, "up_for_retry") == [20, 20]
    assert starts(flight)[4:] == [130, 130, 320]
