"""What is found shrinks to what matters: no task, run, fault or choice that could be left out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import find
from hypothesis import strategies as st

from effort import examples
from windtunnel import strategies
from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Fleet,
    HeartbeatLost,
    ManualRun,
    Scenario,
    Task,
    Uniform,
)
from windtunnel.model.behavior import Rule

# Hypothesis warns of strategies that are used in a way that nobody can have meant.
pytestmark = pytest.mark.filterwarnings("error::hypothesis.errors.HypothesisWarning")

START = datetime(2026, 3, 1, tzinfo=UTC)


def smallest(strategy, is_it) -> Scenario:
    def shows(scenario: Scenario) -> bool:
        return any(map(is_it, detect(scenario, simulate(scenario))))

    return find(strategy, shows, settings=examples(1000))


def test_the_smallest_pool_deadlock_is_two_tasks_at_most_one_slot_and_one_run():
    found = smallest(
        strategies.scenarios(
            strategies.fleets(most_dags=2, most_tasks=2, features={"trigger_dag_run"}),
            cluster=st.builds(Cluster, default_pool_slots=st.integers(1, 4)),
            behavior=Behavior(),
            start=START,
            window="1h",
            ties=1,
            faults=1,
        ),
        lambda finding: finding.title == "Pool deadlock",
    )
    tasks = [task for dag in found.fleet.dags for task in dag.tasks]
    assert len(tasks) <= 2
    assert all(task == Task(task_id=task.task_id, kind=task.kind) for task in tasks)
    assert found.cluster == Cluster(default_pool_slots=1)
    assert found.manual_runs == (ManualRun(dag_id="a", run_id="manual0"),)
    assert found.faults == ()
    assert found.choices is None
    assert found.seed == 0


def test_the_smallest_double_run_is_one_fault_in_one_run():
    tasks = (Task(task_id="t0"), Task(task_id="t1", retries=1), Task(task_id="t2"))
    fleet = Fleet(dags=(Dag(dag_id="a", tasks=tasks), Dag(dag_id="b", tasks=tasks[:1])))
    strokes = ("task_fails", "task_is_slow", "heartbeat_lost", "scheduler_down", "cleared")
    found = smallest(
        strategies.scenarios(
            fleet,
            behavior=Behavior(rules=(Rule(duration_s=Uniform(low=0, high=3200)),)),
            start=START,
            window="2h",
            runs=1,
            faults=strategies.faults(fleet, only=strokes),
        ),
        lambda finding: finding.code == "WT201",
    )
    assert found.faults == (HeartbeatLost(tasks="a.t1", tries=(1,)),)
    assert [run.dag_id for run in found.manual_runs] == ["a", "b"]  # nothing else would run them
    assert found.behavior.rules == (Rule(duration_s=800.0),)
    assert found.choices is None
    assert found.seed == 0
