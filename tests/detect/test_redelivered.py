"""A task that outlives its message is found; what comes again for other reasons is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel.detect import find_redelivered
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    CelerySettings,
    Cluster,
    Dag,
    Fleet,
    ManualRun,
    Scenario,
    Task,
    WorkerGroup,
    WorkerLost,
)

HOUR = 3600.0


@pytest.fixture
def found():
    """``found(hours)``: findings on tasks of so many hours, with two workers and a visibility
    timeout of two hours unless told otherwise."""

    def found(hours, *, profile="airflow-3.3", timeout_s=2 * HOUR, faults=()):
        tasks = tuple(Task(task_id=f"t{i}", line=7) for i in range(2))
        scenario = Scenario(
            fleet=Fleet(dags=(Dag(dag_id="etl", file="dags/etl.py", tasks=tasks),)),
            cluster=Cluster(
                executor="CeleryExecutor",
                profile=profile,
                celery=CelerySettings(visibility_timeout_s=timeout_s),
                workers=(WorkerGroup(count=2),),
            ),
            behavior=Behavior(default_duration_s=hours * HOUR),
            start=datetime(2026, 3, 1, tzinfo=UTC),
            manual_runs=(ManualRun(dag_id="etl"),),
            faults=faults,
        )
        return find_redelivered(scenario, simulate(scenario))

    return found


def test_each_task_is_told_once_with_what_becomes_of_it(found):
    first, second = found(3)
    assert (first.code, first.file, first.line) == ("WT120", "dags/etl.py", 7)
    assert "etl.t0 runs for longer than visibility_timeout (7200 s)" in first.summary
    assert "the try that runs is failed or retried" in first.summary
    assert first.since == datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert "etl.t1" in second.summary


def test_2_x_refuses_the_second_start_and_says_no_more(found):
    assert "The second start is refused" in found(3, profile="airflow-2.11")[0].summary


def test_tasks_that_end_in_time_are_no_finding(found):
    assert not found(1.9)
    assert not found(3, timeout_s=4 * HOUR)


def test_a_broker_without_the_timeout_redelivers_for_other_reasons(found):
    assert not found(3, timeout_s=None, faults=(WorkerLost(at_s=600),))
