"""Windows of several faults that overlap on one thing."""

from __future__ import annotations

import pytest

from windtunnel.engine import Simulation
from windtunnel.model import (
    Dag,
    DagPaused,
    DagUnpaused,
    DatabaseSlow,
    LimitNotKept,
    PoolDeleted,
    PoolResized,
    Resource,
    ResourceResized,
    Rule,
    SchedulerLoop,
    Task,
)

BEFORE, LATER = (5, 50), (10, 100)


def windows(first, second):
    """Begin and length of two windows."""
    return pytest.mark.parametrize(("one", "two"), [(first, second), (second, first)])


@pytest.fixture
def look(scenario):
    """What a question to the simulation answers at each of these seconds."""

    def look(faults, question, at, **options):
        dag = Dag(dag_id="d", tasks=(Task(task_id="t"),))
        rules = [Rule(tasks="d.t", duration_s=1, needs={"lock:x": 1})]
        answers = []
        for second in at:
            one = scenario([dag], rules=rules, faults=faults, until=second, **options)
            simulation = Simulation(one)
            simulation.run()
            answers.append(question(simulation))
        return answers

    return look


def pool(simulation):
    return simulation.world.pool_slots[simulation.world.program.pool_number["default_pool"]]


@windows(BEFORE, LATER)
def test_of_two_sizes_of_a_pool_the_later_one_holds_and_after_both_its_own(look, one, two):
    faults = [
        PoolResized(at_s=at, for_s=length, pool="default_pool", slots=length)
        for at, length in (one, two)
    ]
    assert look(faults, pool, (7, 20, 70, 200)) == [50, 100, 100, 128]


def test_a_pool_that_is_deleted_while_it_is_smaller_is_smaller_when_it_is_back(look):
    faults = (
        PoolResized(at_s=5, for_s=100, pool="default_pool", slots=3),
        PoolDeleted(at_s=50, for_s=10, pool="default_pool"),
    )
    assert look(faults, pool, (20, 55, 70, 200)) == [3, None, 3, 128]


def test_a_size_that_holds_for_good_is_what_a_window_ends_with(look):
    faults = (
        PoolResized(at_s=5, for_s=50, pool="default_pool", slots=0),
        PoolResized(at_s=10, pool="default_pool", slots=7),
    )
    assert look(faults, pool, (7, 20, 200)) == [0, 7, 7]


def test_of_two_sizes_of_a_resource_the_later_one_holds_and_after_both_its_own(look):
    faults = (
        ResourceResized(at_s=5, for_s=50, resource="lock:x", slots=0),
        ResourceResized(at_s=10, for_s=100, resource="lock:x", slots=2),
    )
    sizes = look(
        faults,
        lambda simulation: simulation._parts.courses.supplies.all["lock:x"].slots,
        (7, 20, 70, 200),
        resources={"lock:x": Resource(slots=4)},
    )
    assert sizes == [0, 2, 2, 4]


def test_a_dag_stays_paused_while_any_pause_holds(look):
    faults = (
        DagPaused(at_s=5, for_s=50, dags="d"),
        DagPaused(at_s=10, for_s=100, dags="d"),
        DagUnpaused(at_s=80, for_s=10, dags="d"),
    )
    paused = look(faults, lambda simulation: simulation.world.paused, (7, 70, 85, 95, 200))
    assert paused == [[True], [True], [False], [True], [False]]


def test_a_limit_is_not_kept_while_any_such_fault_holds(look):
    faults = (
        LimitNotKept(at_s=5, for_s=50, dags="d"),
        LimitNotKept(at_s=10, for_s=100, dags="d"),
    )
    loose = look(faults, lambda simulation: sorted(simulation.world.limitless), (70, 200))
    assert loose == [[0], []]


def test_loops_are_exactly_as_long_as_before_once_no_database_is_slow(look):
    faults = (
        DatabaseSlow(at_s=5, for_s=50, factor=49),
        DatabaseSlow(at_s=10, for_s=100, factor=3),
    )
    slowness = look(
        faults,
        lambda simulation: simulation._loops.slowness,
        (7, 20, 70, 200),
        loop=SchedulerLoop(),
    )
    assert slowness == [49, 147, 3, 1]
