"""Processes that go on after their try was given up: what they hold is theirs, not the retry's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel.engine import Simulation
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    DiskFull,
    Fleet,
    HeartbeatLost,
    KubernetesSettings,
    ManualRun,
    Rule,
    Scenario,
    Task,
    WorkerGroup,
    WorkerLost,
)

SILENT = HeartbeatLost(tasks="d.t", tries=(1,))
"""The first try begins at 0, and is given up at 310 while its process goes on."""


@pytest.fixture
def fly():
    """``fly(*faults, memory_mb=…, **cluster)``: the simulation at its end."""

    def fly(*faults, seconds=2000, memory_mb=0, others=(), others_mb=0, until=7200, **cluster):
        tasks = (Task(task_id="t", retries=1, retry_delay_s=0), *others)
        rules = (
            Rule(tasks="d.t", duration_s=seconds, memory_mb=memory_mb),
            Rule(tasks="d.other", memory_mb=others_mb),
        )
        scenario = Scenario(
            fleet=Fleet(dags=(Dag(dag_id="d", tasks=tasks),)),
            cluster=Cluster(**cluster),
            behavior=Behavior(rules=rules, default_duration_s=100),
            start=datetime(2026, 3, 1, tzinfo=UTC),
            duration_s=until,
            manual_runs=(ManualRun(dag_id="d", run_id="m"),),
            faults=(SILENT, *faults),
        )
        simulation = Simulation(scenario)
        simulation.run()
        return simulation

    return fly


def of(simulation, task_id="t"):
    (found,) = (ti for ti in simulation.world.trace.task_instances() if ti.task_id == task_id)
    return found


def free_of(simulation):
    return [(w.free, sorted(w.running)) for w in simulation._parts.workers._workers if w.alive]


def test_the_death_of_a_strays_worker_leaves_the_retry_on_another_one_alone(fly):
    two = (WorkerGroup(count=2, slots=1),)
    flight = fly(WorkerLost(at_s=600), workers=two)
    retry = of(flight)
    assert (retry.state, retry.started_us, retry.ended_us) == ("success", 310e6 + 1, 2310e6 + 1)
    assert free_of(flight) == [(1, [])]


def test_a_stray_ends_with_its_machine(fly):
    two = (WorkerGroup(count=2, slots=1),)
    (stray,) = fly(WorkerLost(at_s=600), workers=two).world.trace.strays
    assert stray.until_us == 600e6


def test_stray_and_retry_on_one_worker_are_two_and_both_die_with_it(fly):
    one = (WorkerGroup(count=1, slots=2),)
    flight = fly(WorkerLost(at_s=700), workers=one)
    assert of(flight).state == "failed"
    healthy = fly(workers=one)
    assert of(healthy).state == "success"
    assert free_of(healthy) == [(2, [])]


def test_a_result_that_was_written_is_that_of_what_runs_there(fly):
    two = (WorkerGroup(count=2, slots=1),)
    flight = fly(WorkerLost(at_s=600, results_written=True), workers=two)
    assert of(flight).ended_us == 2310e6 + 1


def test_a_full_disk_ends_the_stray_and_not_the_retry_elsewhere(fly):
    two = (WorkerGroup(count=2, slots=1),)
    flight = fly(DiskFull(at_s=600, for_s=60), workers=two)
    assert of(flight).state == "success"
    assert flight.world.trace.strays[0].until_us == 600e6


def test_pods_give_back_their_processors_each_its_own(fly):
    settings = KubernetesSettings(nodes=1, node_cpus=4, pod={"request_cpus": 1}, pod_start_s=0)
    flight = fly(executor="KubernetesExecutor", kubernetes_executor=settings)
    assert of(flight).state == "success"
    (node,) = flight._parts.workers._nodes._nodes.values()
    assert (node.cpus, dict(node.pods)) == (4, {})


def test_the_retrys_pod_survives_the_node_of_the_stray(fly):
    settings = KubernetesSettings(nodes=2, node_cpus=1, pod={"request_cpus": 1}, pod_start_s=0)
    lost = WorkerLost(at_s=600)
    flight = fly(lost, executor="KubernetesExecutor", kubernetes_executor=settings)
    assert of(flight).state == "success"
    assert [node.cpus for node in flight._parts.workers._nodes._nodes.values()] == [1]


@pytest.mark.parametrize(("memory", "state"), [(1500, "success"), (1000, "failed")])
def test_a_stray_takes_memory_beside_its_retry_and_of_equals_the_newest_is_killed(
    fly, memory, state
):
    group = (WorkerGroup(count=1, slots=4, memory_mb=memory),)
    flight = fly(memory_mb=700, workers=group)
    assert of(flight).state == state
    assert flight.world.trace.strays[0].until_us == 2000e6
    assert free_of(flight) == [(4, [])]


def test_the_kernel_may_kill_the_stray(fly):
    """It is the largest when another task comes; that one's success and its reason stay its own."""
    other = Task(task_id="other", upstream=("t",), trigger_rule="all_done")
    group = (WorkerGroup(count=1, slots=4, memory_mb=1000),)
    flight = fly(memory_mb=950, workers=group, others=(other,), others_mb=100)
    assert of(flight, "other").state == "success"
    assert flight.world.trace.strays[0].until_us < 2000e6
    assert free_of(flight) == [(4, [])]
