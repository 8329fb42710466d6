"""Schedulers that lose count, and what they queued."""

from __future__ import annotations

import pytest

from windtunnel.engine import Simulation
from windtunnel.model import (
    Dag,
    ExecutorSlotsLeaked,
    Rule,
    SchedulerLoop,
    SchedulerPaused,
    Task,
    WorkerGroup,
)


@pytest.mark.parametrize(("leaked", "at_once"), [(0, 4), (1, 3), (2, 2)])
def test_slots_that_one_scheduler_leaks_are_missing_from_it_alone(fly, leaked, at_once):
    faults = (ExecutorSlotsLeaked(at_s=0, slots=leaked, scheduler=1),) if leaked else ()
    flight = fly(
        Dag(dag_id="d", tasks=tuple(Task(task_id=f"t{i}") for i in range(20))),
        rules=[Rule(tasks="*", duration_s=100)],
        faults=faults,
        parallelism=2,
        schedulers=2,
        loop=SchedulerLoop(),
        workers=(WorkerGroup(count=1, slots=10),),
        until=500,
    )
    changes = sorted(
        (at, 1 if state == "running" else -1)
        for i in range(20)
        for at, state in flight.history(f"d.t{i}")
        if state in ("running", "success")
    )
    running = [sum(change for _, change in changes[: n + 1]) for n in range(len(changes))]
    assert max(running) == at_once


def test_who_queued_what_is_forgotten_when_it_has_ended(scenario):
    tasks = tuple(Task(task_id=f"t{i}") for i in range(200))
    simulation = Simulation(
        scenario(
            [Dag(dag_id="d", tasks=tasks)],
            rules=[Rule(tasks="*", duration_s=1)],
            faults=(SchedulerPaused(at_s=80000, for_s=1),),
            parallelism=4,
        )
    )
    simulation.run()
    assert len(simulation._faults._schedulers._queued_by) <= 8
