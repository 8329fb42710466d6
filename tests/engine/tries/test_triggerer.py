"""The triggerer: who runs which trigger, and what becomes of task instances it has called back."""

from __future__ import annotations

import pytest

from windtunnel.engine import Simulation
from windtunnel.model import (
    Cleared,
    Dag,
    Deferrable,
    PoolResized,
    Rule,
    RunMarked,
    Step,
    Task,
    TaskMarked,
)

NO_ROOM = PoolResized(at_s=50, for_s=400, pool="default_pool", slots=0)


@pytest.mark.parametrize("timeout_s", [None, 5000])
def test_a_second_triggerer_takes_what_the_first_has_no_room_for(fly, timeout_s):
    tasks = tuple(Task(task_id=f"t{i}", kind=Deferrable(timeout_s=timeout_s)) for i in range(2))
    flight = fly(
        Dag(dag_id="d", tasks=tasks),
        rules=[Rule(tasks="d.t0", fire_after_s=1000), Rule(tasks="d.t1", fire_after_s=10)],
        triggerers=2,
        triggerer_capacity=1,
    )
    assert flight.span("d.t1")[1] == 11
    assert flight.span("d.t0")[1] == 1001


@pytest.mark.parametrize(
    "fault",
    [
        Cleared(at_s=200, tasks="d.a", states=("scheduled",)),
        TaskMarked(at_s=200, tasks="d.a", state="success"),
    ],
)
def test_what_was_called_back_begins_anew_once_somebody_gave_it_another_state(fly, fault):
    flight = fly(
        Dag(dag_id="d", tasks=(Task(task_id="a"),)),
        rules=[Rule(tasks="d.a", steps=(Step(work_s=5), Step(defer_s=100), Step(work_s=10)))],
        faults=(NO_ROOM, fault, Cleared(at_s=300, tasks="d.a", states=("success",))),
    )
    assert flight.times("d.a", "deferred") == [5, 455]


def test_what_was_called_back_gives_back_what_it_holds_when_its_run_ends(scenario):
    simulation = Simulation(
        scenario(
            [Dag(dag_id="d", tasks=(Task(task_id="a"),))],
            rules=[
                Rule(
                    tasks="d.a",
                    steps=(Step(acquire="lock:x"), Step(defer_s=100), Step(work_s=10)),
                )
            ],
            faults=(NO_ROOM, RunMarked(at_s=200, dags="d", state="failed")),
        )
    )
    simulation.run()
    assert simulation._parts.courses.supplies.all["lock:x"].used == 0
