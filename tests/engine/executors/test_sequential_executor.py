"""SequentialExecutor: one task at a time, in the scheduler's own loop (2.x)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from flight import START
from windtunnel.model import Cluster, Dag, Every, ManualRun, Rule, SchedulerLoop, Sensor, Task

SEQUENTIAL = {"executor": "SequentialExecutor", "profile": "airflow-2.11"}


def test_tasks_run_one_after_the_other(fly, crowd, starts):
    assert starts(fly(crowd(4), seconds={"*": 60}, **SEQUENTIAL)) == [0, 60, 120, 180]


def test_the_loop_stands_still_until_all_that_it_handed_over_has_ended(fly, crowd, starts):
    """Sixteen are queued in a loop; the seventeenth is looked at when they are done."""
    flight = fly(crowd(17), seconds={"*": 60}, **SEQUENTIAL)
    assert starts(flight, "queued") == [0] * 16 + [960]


def test_nothing_else_is_scheduled_meanwhile(fly):
    busy = Dag(dag_id="busy", tasks=(Task(task_id="t"),))
    hourly = Dag(
        dag_id="often",
        tasks=(Task(task_id="t"),),
        schedule=Every(seconds=60),
        start_date=START + timedelta(seconds=60),
        catchup=True,
    )
    flight = fly(busy, hourly, seconds={"busy.t": 1000, "often.t": 1}, runs=["busy"],
                 until=2000, **SEQUENTIAL)  # fmt: skip
    assert flight.times("often.t", "scheduled") == [1000]


def test_a_sensor_that_pokes_blocks_the_scheduler_for_good(fly):
    waits = Dag(dag_id="waits", tasks=(Task(task_id="t", kind=Sensor()),))
    feeds = Dag(dag_id="feeds", tasks=(Task(task_id="t"),))
    never = Rule(tasks="waits.t", true_at_s=None)
    runs = ["waits", ManualRun(dag_id="feeds", at_s=100)]
    flight = fly(waits, feeds, rules=[never], loop=SchedulerLoop(), runs=runs, **SEQUENTIAL)
    assert flight.state("waits.t") == "running"
    assert flight.run_states("feeds") == ["queued"]


def test_3_0_removed_it():
    with pytest.raises(ValidationError, match=r"was removed in Airflow 3\.0; use 'LocalExecutor'"):
        Cluster(executor="SequentialExecutor")
