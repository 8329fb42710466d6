"""What may be done to an executor from outside: slots that leak, messages that are lost or come
again, and another scheduler that takes over."""

from __future__ import annotations

from itertools import pairwise

import pytest

from windtunnel.engine import Simulation
from windtunnel.model import CelerySettings, KubernetesSettings, SchedulerLoop, WorkerGroup


@pytest.fixture
def paused(scenario, crowd):
    """``paused(10, at=30, executor=...)``: a simulation that stands still at this second."""

    def paused(count, *, at, seconds=60, **cluster):
        made = scenario([crowd(count)], seconds={"*": seconds}, **cluster)
        simulation = Simulation(made)
        simulation.clock.run(until=at * 1_000_000)
        return simulation

    return paused


def when(simulation, state):
    events = simulation.run().events()
    return [event.at_us / 1e6 for event in events if event.task_id and event.state == state]


@pytest.fixture
def of(paused):
    """Running and queued task instances of a simulation, by number."""

    def of(simulation, state):
        codes = {"queued": 2, "running": 3}
        return [ti for ti, now in enumerate(simulation.world.state) if now == codes[state]]

    return of


def test_slots_that_leak_are_counted_for_nothing(paused):
    simulation = paused(10, at=30, executor="CeleryExecutor", parallelism=4)
    simulation._parts.workers.leak(2)
    assert when(simulation, "queued") == [0] * 4 + [60] * 2 + [120] * 2 + [180] * 2


def test_when_all_have_leaked_nothing_is_queued_any_more(paused):
    simulation = paused(10, at=30, executor="CeleryExecutor", parallelism=4)
    simulation._parts.workers.leak(4)
    assert when(simulation, "queued") == [0] * 4


def test_slots_that_were_given_back_are_used_again_and_no_more_than_leaked(paused):
    simulation = paused(10, at=30, executor="CeleryExecutor", parallelism=4)
    simulation._parts.workers.leak(3)
    simulation._parts.workers.leak(-5)
    assert when(simulation, "queued") == [0] * 4 + [60] * 4 + [120] * 2


def test_they_leak_with_timed_loops_too(paused):
    simulation = paused(10, at=30, executor="CeleryExecutor", parallelism=4, loop=SchedulerLoop())
    assert simulation._loops is not None
    simulation._loops.leak(0, 3)
    queued = [at for at in when(simulation, "queued") if at > 30]
    assert len(queued) == 6
    assert min(after - before for before, after in pairwise(queued)) > 60, "one after the other"


def test_a_message_that_is_lost_leaves_its_task_queued_until_it_times_out(paused, of):
    simulation = paused(2, at=30, executor="CeleryExecutor", workers=(WorkerGroup(slots=1),))
    (queued,) = of(simulation, "queued")
    assert simulation._parts.workers.lose_message(queued)
    assert not simulation._parts.workers.lose_message(queued), "it is lost already"
    assert when(simulation, "queued") == [0, 0, 720]


def test_what_runs_has_no_message_to_lose(paused, of):
    simulation = paused(1, at=30, executor="CeleryExecutor")
    assert not simulation._parts.workers.lose_message(of(simulation, "running")[0])


def test_a_pod_that_is_forgotten_before_it_has_a_node_is_asked_for_again_much_later(paused, of):
    slow = KubernetesSettings(worker_pods_creation_batch_size=1, pod_start_s=0)
    simulation = paused(3, at=0.5, executor="KubernetesExecutor", kubernetes_executor=slow)
    assert simulation._parts.workers.lose_message(of(simulation, "queued")[0])
    assert when(simulation, "queued") == [0, 0, 0, 720]


@pytest.mark.parametrize(
    ("executor", "orphans"),
    [("LocalExecutor", 3), ("CeleryExecutor", 0), ("KubernetesExecutor", 1)],
)
def test_another_scheduler_adopts_what_is_not_only_in_memory(paused, executor, orphans):
    """LocalExecutor's processes are gone with it; a pod that was not created was never there."""
    slow = KubernetesSettings(worker_pods_creation_batch_size=1)
    simulation = paused(
        3, at=1.5, executor=executor, kubernetes_executor=slow,
        celery=CelerySettings(worker_concurrency=1),
    )  # fmt: skip
    assert len(simulation._parts.workers.adopt(range(3))) == orphans
