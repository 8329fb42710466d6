"""Workers that need time to start a task, and groups that grow and shrink."""

from __future__ import annotations

from datetime import UTC, datetime

from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Elastic,
    Fleet,
    ManualRun,
    Scenario,
    Task,
    WorkerGroup,
    WorkerLost,
)
from windtunnel.trace import waits_of

START = datetime(2026, 3, 1, tzinfo=UTC)
S = 1_000_000


def fly(group, *, tasks=1, seconds=60.0, chain=False, faults=(), runs=(0.0,)):
    dag = Dag(
        dag_id="d",
        tasks=tuple(
            Task(task_id=f"t{i}", upstream=(f"t{i - 1}",) if chain and i else ())
            for i in range(tasks)
        ),
        max_active_tasks=100,
    )
    return simulate(
        Scenario(
            fleet=Fleet(dags=(dag,)),
            cluster=Cluster(workers=(group,), task_queued_timeout_s=3600),
            behavior=Behavior(default_duration_s=seconds),
            start=START,
            duration_s=20_000,
            manual_runs=tuple(ManualRun(dag_id="d", run_id=f"r{at}", at_s=at) for at in runs),
            faults=faults,
        )
    )


def starts(trace):
    return sorted(e.at_us / S for e in trace.events() if e.task_id and e.state == "running")


def test_a_pod_needs_its_time_to_start_and_the_task_is_queued_meanwhile():
    trace = fly(WorkerGroup(count=5, slots=1, start_s=30), tasks=2, chain=True)
    assert starts(trace) == [30, 120]
    (wait,) = [w for w in waits_of(trace, 0) if w.seconds]
    assert (wait.limit, wait.seconds) == ("executor", 30)


def test_a_pod_that_starts_holds_its_slot():
    trace = fly(WorkerGroup(count=1, slots=1, start_s=30), tasks=2)
    assert starts(trace) == [30, 120]


def test_a_task_that_was_starting_on_a_lost_worker_stays_queued_until_it_times_out():
    group = WorkerGroup(count=2, slots=1, start_s=30)
    trace = fly(group, faults=(WorkerLost(at_s=10),))
    assert starts(trace) == [3750]


def test_without_elasticity_the_group_stays_as_it_is():
    assert starts(fly(WorkerGroup(count=1, slots=1), tasks=4)) == [0, 60, 120, 180]


def test_workers_come_for_what_is_queued_after_their_start_up_and_no_more_than_allowed():
    """Looked at every 5 s: at 5 three are missing, one more than may come; they are there at 45."""
    group = WorkerGroup(count=1, slots=1, elastic=Elastic(most=3, start_s=40))
    assert starts(fly(group, tasks=6)) == [0, 45, 45, 60, 105, 105]


def test_a_group_may_start_from_nothing():
    group = WorkerGroup(count=0, slots=4, elastic=Elastic(start_s=90))
    assert starts(fly(group, tasks=4)) == [95, 95, 95, 95]


def test_idle_workers_go_and_have_to_come_again():
    group = WorkerGroup(count=0, slots=1, elastic=Elastic(start_s=90, idle_s=30))
    assert starts(fly(group, runs=(0.0, 160.0, 1000.0))) == [95, 160, 1095]


def test_a_busy_worker_never_goes():
    group = WorkerGroup(count=0, slots=1, elastic=Elastic(start_s=10, idle_s=0))
    trace = fly(group, tasks=2, seconds=500)
    assert {ti.state for ti in trace.task_instances()} == {"success"}
    assert trace.complete
