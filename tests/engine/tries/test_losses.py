"""Tries whose worker is lost, and what people do to them until it is noticed."""

from __future__ import annotations

import pytest

from windtunnel.model import Cleared, Dag, Rule, Task, WorkerGroup, WorkerLost

CLEARED = Cleared(at_s=100, tasks="d.a", states=("running",))


@pytest.fixture
def cleared_on(fly):
    """One task of 60 s without retries, cleared at 100 s, on two workers of one slot."""

    def cleared_on(profile, fault):
        return fly(
            Dag(dag_id="d", tasks=(Task(task_id="a", retry_delay_s=30),)),
            rules=[Rule(tasks="d.a", duration_s=60)],
            faults=(fault, CLEARED),
            profile=profile,
            workers=(WorkerGroup(count=2, slots=1),),
            until=4000,
        )

    return cleared_on


def test_a_running_task_that_is_cleared_after_its_worker_was_lost_runs_again(cleared_on):
    flight = cleared_on("airflow-3.3", WorkerLost(at_s=50, for_s=10))
    assert [state for _, state in flight.history("d.a")][3:] == [
        "restarting",
        "up_for_retry",
        "scheduled",
        "queued",
        "running",
        "success",
    ]
    assert flight.times("d.a", "restarting") == [100]
    assert flight.times("d.a", "up_for_retry") == [360]


def test_on_2_x_nobody_misses_a_cleared_task_whose_worker_was_lost(cleared_on):
    flight = cleared_on("airflow-2.11", WorkerLost(at_s=50, for_s=10))
    assert flight.history("d.a")[-1] == (100, "restarting")
