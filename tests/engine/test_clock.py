"""SimPy: models and monitors of users run beside the scheduler, in exact order."""

from __future__ import annotations

import pytest

from windtunnel.engine import Simulation
from windtunnel.model import Dag, Task
from windtunnel.trace import store

S = 1_000_000


@pytest.fixture
def simulation(scenario, one_task):
    """One task from 0 to 100 s, and one after it to 150 s."""
    tasks = (Task(task_id="a"), Task(task_id="b", upstream=("a",)))
    dag = Dag(dag_id="etl", tasks=tasks)
    return Simulation(scenario([dag], seconds={"etl.a": 100, "etl.b": 50}, until=1000))


def states(simulation):
    return [event.state for event in simulation.world.trace.events() if event.task_id]


def test_a_process_sees_the_fleet_as_it_is_at_its_own_time(simulation):
    seen = []

    def monitor(clock):
        for _ in range(4):
            yield clock.timeout(50 * S)
            seen.append((clock.now // S, states(simulation)[-1]))

    simulation.clock.process(monitor(simulation.clock))
    simulation.run()
    assert seen == [(50, "running"), (100, "running"), (150, "success"), (200, "success")]


def test_at_one_instant_the_scheduler_settles_before_a_monitor_looks(simulation):
    seen = []

    def monitor(clock):
        yield clock.timeout(100 * S)
        seen.extend(states(simulation))

    simulation.clock.process(monitor(simulation.clock))
    simulation.run()
    assert seen == ["scheduled", "queued", "running", "success", "scheduled", "queued", "running"]


def test_processes_may_wait_for_each_other_between_the_schedulers_instants(simulation):
    order = []

    def server(clock, door):
        for _ in range(2):
            yield clock.timeout(33 * S)
            order.append(("open", clock.now // S))
            door.succeed()
            door = clock.event()
            doors.append(door)

    def guest(clock, door):
        yield door
        order.append(("in", clock.now // S))
        yield doors[-1]
        order.append(("out", clock.now // S))

    doors = [simulation.clock.event()]
    simulation.clock.process(server(simulation.clock, doors[0]))
    simulation.clock.process(guest(simulation.clock, doors[0]))
    simulation.run()
    assert order == [("open", 33), ("in", 33), ("open", 66), ("out", 66)]


def test_a_monitor_changes_nothing(simulation, scenario):
    def monitor(clock):
        while True:
            yield clock.timeout(7 * S)

    simulation.clock.process(monitor(simulation.clock))
    watched = list(store.dump(simulation.run()))
    assert watched == list(store.dump(Simulation(simulation.scenario).run()))


def test_simpys_own_run_drives_the_scheduler_too(simulation):
    clock = simulation.clock
    clock.run(until=120 * S)
    assert clock.now == 120 * S
    assert states(simulation)[-1] == "running"
    clock.run(until=160 * S)
    assert states(simulation)[-1] == "success"


def test_the_next_event_is_the_schedulers_or_that_of_a_process(simulation):
    clock = simulation.clock
    assert clock.peek() == 0
    clock.timeout(130 * S)
    for expected in (100, 130, 150):
        clock.step()
        assert clock.peek() == expected * S


def test_a_process_at_the_end_of_the_window_does_not_run(simulation):
    seen = []

    def late(clock):
        yield clock.timeout(1000 * S - 1)
        seen.append("before the end")
        yield clock.timeout(1)
        seen.append("at the end")

    simulation.clock.process(late(simulation.clock))
    simulation.run()
    assert seen == ["before the end"]
