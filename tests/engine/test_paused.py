"""Running runs of a paused DAG: looked at once a minute, but nothing of theirs is scheduled."""

from __future__ import annotations

import pytest

from flight import Flight
from windtunnel.engine import simulate
from windtunnel.model import Dag, DagPaused, Task, TriggerDagRun


@pytest.fixture
def pause(scenario):
    """``pause(*dags, at_s=…, for_s=…)``: a flight in which ``etl`` is paused for a while."""

    def pause(*dags, at_s, for_s=None, **options):
        faults = (DagPaused(dags="etl", at_s=at_s, for_s=for_s),)
        one = scenario(dags, **options).model_copy(update={"faults": faults})
        return Flight(one, simulate(one))

    return pause


def test_the_run_ends_at_the_next_full_minute(pause, one_task):
    """What waits for it goes on; without the minute's look it would wait for ever."""
    kind = TriggerDagRun(trigger_dag_id="etl", wait_for_completion=True)
    dags = one_task("parent", kind=kind), one_task("etl")
    seconds = {"etl.t": 90, "parent.t": 1}
    flight = pause(*dags, at_s=30, seconds=seconds, runs=["parent"])
    (child,) = [run for run in flight.trace.dag_runs() if run.dag_id == "etl"]
    assert child.ended_us == 120_000_000
    assert flight.span("parent.t") == (0, 121)


def test_nothing_is_scheduled_by_that_look(pause):
    dag = Dag(dag_id="etl", tasks=(Task(task_id="a"), Task(task_id="b", upstream=("a",))))
    flight = pause(dag, at_s=30, for_s=1000, seconds={"etl.*": 90})
    assert flight.span("etl.b") == (1030, 1120)


def test_a_failure_upstream_is_passed_on_by_it(pause):
    tasks = (Task(task_id="a", execution_timeout_s=70), Task(task_id="b", upstream=("a",)))
    flight = pause(Dag(dag_id="etl", tasks=tasks), at_s=30, seconds={"etl.*": 90})
    assert flight.times("etl.b", "upstream_failed") == [120]
    assert flight.run_states("etl") == ["failed"]
