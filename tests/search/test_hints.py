"""Hints: whom others wait for, and who shares something, as the scenario says it."""

from __future__ import annotations

from datetime import UTC, datetime

from windtunnel.model import (
    Behavior,
    Dag,
    ExternalTaskSensor,
    Fleet,
    Rule,
    Scenario,
    Task,
    TriggerDagRun,
)
from windtunnel.model.steps import Step
from windtunnel.search.hints import hints_of


def scenario(*dags: Dag, rules: tuple[Rule, ...] = ()) -> Scenario:
    fleet = Fleet(dags=dags)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return Scenario(fleet=fleet, behavior=Behavior(rules=rules), start=start)


ETL = Dag(
    dag_id="etl",
    tasks=(
        Task(task_id="extract"),
        Task(task_id="load", upstream=("extract",)),
        Task(task_id="tidy", upstream=("load",)),
    ),
)


def test_a_task_that_is_waited_for_comes_with_what_is_before_it_and_nothing_else() -> None:
    sensor = ExternalTaskSensor(external_dag_id="etl", external_task_ids=("load",))
    mart = Dag(dag_id="mart", tasks=(Task(task_id="wait", kind=sensor),))
    assert hints_of(scenario(ETL, mart)).awaited == (
        frozenset({("etl", "extract"), ("etl", "load")}),
    )


def test_a_run_that_is_waited_for_is_all_of_its_tasks_and_one_that_is_not_is_none() -> None:
    waiting = TriggerDagRun(trigger_dag_id="etl", wait_for_completion=True)
    parent = Dag(dag_id="parent", tasks=(Task(task_id="start", kind=waiting),))
    (group,) = hints_of(scenario(ETL, parent)).awaited
    assert group == {("etl", "extract"), ("etl", "load"), ("etl", "tidy")}

    going = waiting.model_copy(update={"wait_for_completion": False})
    parent = Dag(dag_id="parent", tasks=(Task(task_id="start", kind=going),))
    assert hints_of(scenario(ETL, parent)).awaited == ()


def test_those_who_share_something_meet_but_readers_alone_do_not() -> None:
    report = Dag(dag_id="report", tasks=(Task(task_id="read"),))
    reads = Rule(tasks="report.read", steps=(Step(read="sales"),))
    other = Rule(tasks="etl.tidy", steps=(Step(read="sales"),))
    writes = Rule(tasks="etl.load", steps=(Step(write="sales"),))
    assert hints_of(scenario(ETL, report, rules=(reads, other))).meetings == ()

    (meeting,) = hints_of(scenario(ETL, report, rules=(reads, writes))).meetings
    assert meeting.members == {("etl", "extract"), ("etl", "load"), ("report", "read")}
    assert meeting.holds(("etl", "run 1", "load", -1, 1))
    assert not meeting.holds(("etl", "run 1", "extract", -1, 1))
