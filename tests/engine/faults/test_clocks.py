"""Clocks of schedulers that jump."""

from __future__ import annotations

import pytest

from windtunnel.model import ClockJump, Dag, Rule, Sensor, Task


@pytest.mark.parametrize("by_s", [-100, 100])
def test_what_a_sensor_waits_for_is_not_moved_by_the_schedulers_clock(fly, by_s):
    tasks = (
        Task(task_id="first"),
        Task(task_id="w", kind=Sensor(poke_interval_s=1), upstream=("first",)),
    )
    flight = fly(
        Dag(dag_id="d", tasks=tasks),
        rules=[
            Rule(tasks="d.first", duration_s=50),
            Rule(tasks="d.w", true_after_s=500, true_since="run_start", duration_s=0),
        ],
        faults=(ClockJump(at_s=20, by_s=by_s),),
    )
    assert flight.span("d.w")[1] == pytest.approx(500, abs=2)
