"""Accesses: what steps and the DAG code say of who read and wrote what."""

from __future__ import annotations

from datetime import UTC, datetime

from windtunnel.engine import simulate
from windtunnel.model import Behavior, Dag, Fleet, ManualRun, Rule, Scenario, Step, Task
from windtunnel.trace import accesses

OUTLETS = ("s3://bucket/a", "table.b")


def told(*tasks, rules=(), until=1000.0):
    """(data set, verb, task, try, from, to, done) in seconds."""
    scenario = Scenario(
        fleet=Fleet(dags=(Dag(dag_id="d", tasks=tasks),)),
        behavior=Behavior(rules=rules, default_duration_s=60),
        start=datetime(2026, 3, 1, tzinfo=UTC),
        duration_s=until,
        manual_runs=(ManualRun(dag_id="d"),),
    )
    trace = simulate(scenario)
    names = [ti.task_id for ti in trace.task_instances()]
    return [
        (a.dataset, a.verb, names[a.ti], a.try_number, a.from_us / 1e6, a.to_us / 1e6, a.done)
        for a in accesses(trace, scenario.fleet)
    ]


def test_inlets_are_read_and_outlets_are_written_for_as_long_as_the_try_runs():
    one = Task(task_id="make", outlets=OUTLETS)
    two = Task(task_id="use", inlets=OUTLETS[1:], upstream=("make",))
    assert told(one, two, Task(task_id="other")) == [
        ("s3://bucket/a", "write", "make", 1, 0, 60, True),
        ("table.b", "write", "make", 1, 0, 60, True),
        ("table.b", "read", "use", 1, 60, 120, True),
    ]


def test_each_try_is_told_and_whether_it_was_done():
    task = Task(task_id="make", outlets=OUTLETS[1:], retries=1, retry_delay_s=40)
    rules = (Rule(outcome=("fail", "success")),)
    (first, second) = told(task, rules=rules)
    assert first == ("table.b", "write", "make", 1, 0, 60, False)
    assert (second[3], round(second[4]), second[6]) == (2, 100, True)
    (still,) = told(Task(task_id="make", outlets=OUTLETS[1:]), until=30.0)
    assert still == ("table.b", "write", "make", 1, 0, 30, False)


def test_steps_say_it_more_exactly_than_inlets_and_outlets():
    task = Task(task_id="make", outlets=OUTLETS)
    steps = (Step(work_s=10), Step(append="table.b", work_s=5), Step(work_s=10))
    assert told(task, rules=(Rule(steps=steps),)) == [
        ("table.b", "append", "make", 1, 10, 15, True)
    ]
    assert len(told(task, rules=(Rule(steps=(Step(work_s=10),)),))) == 2
