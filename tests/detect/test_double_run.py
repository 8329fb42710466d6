"""WT201: a process that was given up works beside its own retry."""

from __future__ import annotations

from datetime import UTC, datetime

from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Fleet,
    HeartbeatLost,
    ManualRun,
    Rule,
    Scenario,
    Step,
    Task,
    WorkerGroup,
)


def found(*, tries=(1,), retries=1, delay_s=0, rules=(), **cluster):
    task = Task(task_id="load", retries=retries, retry_delay_s=delay_s)
    scenario = Scenario(
        fleet=Fleet(dags=(Dag(dag_id="etl", tasks=(task,)),)),
        cluster=Cluster(**cluster),
        behavior=Behavior(default_duration_s=1000, rules=rules),
        start=datetime(2026, 3, 1, tzinfo=UTC),
        duration_s=7200,
        manual_runs=(ManualRun(dag_id="etl", run_id="m"),),
        faults=(HeartbeatLost(tasks="etl.load", tries=tries),),
    )
    return detect(scenario, simulate(scenario))


def test_two_processes_at_once_are_found_with_their_time():
    """Given up at 310, the first process goes on until 1000."""
    (finding,) = found()
    assert (finding.code, finding.dag_id) == ("WT201", "etl")
    assert "etl.load work at once for 690 s in m: try 1 was given up" in finding.summary
    assert round((finding.until - finding.since).total_seconds()) == 690


def test_a_retry_that_waits_for_the_slot_of_the_first_process_is_alone():
    workers = (WorkerGroup(slots=1),)
    assert not [f for f in found(workers=workers, task_queued_timeout_s=9000) if f.code == "WT201"]


def test_processes_that_were_given_up_work_beside_each_other_too():
    """Tries begin at 0, 370 and 740 and end 1000 s later; the first two are given up at 310 and
    680, so that two or three processes are there from 370 to 1370."""
    (finding,) = (f for f in found(tries=(1, 2), retries=2, delay_s=60) if f.code == "WT201")
    assert "work at once for 1000 s in m: try 1 was given up" in finding.summary


def test_two_that_were_given_up_are_found_without_a_retry_beside_them():
    """The second try begins at 370 and is given up at 680; the first one ends at 1000."""
    (finding,) = (f for f in found(tries=(1, 2), delay_s=60) if f.code == "WT201")
    assert "work at once for 630 s in m: try 1 was given up" in finding.summary


def test_where_steps_tell_what_it_does_they_tell_what_comes_of_it():
    """A lock that the process itself holds keeps the two apart; without it both write at once."""
    locked = (Step(acquire="lock:fact"), Step(write="fact", work_s=1000))
    assert not found(rules=(Rule(tasks="etl.load", steps=locked),))
    (finding,) = found(rules=(Rule(tasks="etl.load", steps=locked[1:]),))
    assert finding.code == "WT202"
