"""Patterns: which tasks a rule or a fault speaks of."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from windtunnel.model import Behavior, Dag, Fleet, Rule, RuleBook, Task
from windtunnel.model.pattern import instead, matches, matching

FLEET = Fleet(
    dags=(
        Dag(
            dag_id="etl",
            tags=("nightly", "finance"),
            tasks=(
                Task(task_id="load", operator="SnowflakeOperator", pool="db"),
                Task(task_id="train", operator="PythonOperator", queue="gpu"),
            ),
        ),
        Dag(dag_id="report", tags=("hourly",), tasks=(Task(task_id="load", pool="db"),)),
    )
)


def chosen(pattern):
    return [f"{dag.dag_id}.{task.task_id}" for dag, task in matching(pattern, FLEET)]


@pytest.mark.parametrize(
    ("pattern", "tasks"),
    [
        ("*", ["etl.load", "etl.train", "report.load"]),
        ("etl.load", ["etl.load"]),
        ("etl.*", ["etl.load", "etl.train"]),
        ("*.load", ["etl.load", "report.load"]),
        ("ETL.*", []),
        ("tag:nightly", ["etl.load", "etl.train"]),
        ("tag:*ly", ["etl.load", "etl.train", "report.load"]),
        ("operator:Snowflake*", ["etl.load"]),
        ("pool:db", ["etl.load", "report.load"]),
        ("queue:gpu", ["etl.train"]),
        ("tag:finance & pool:db", ["etl.load"]),
        ("*.load&tag:hourly", ["report.load"]),
        ("tag:hourly & queue:gpu", []),
    ],
)
def test_a_pattern_speaks_of_tasks_by_name_tag_operator_pool_or_queue(pattern, tasks):
    assert chosen(pattern) == tasks


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        ("etl.lood", "did you mean 'etl.load'?"),
        ("etk.*", "did you mean 'etl.*'?"),
        ("tag:nightlyy", "did you mean 'tag:nightly'?"),
        ("operator:SnowflakeOperater", "did you mean 'operator:SnowflakeOperator'?"),
        ("pool:warehouse", "no pool is like 'warehouse'; there are: db, default_pool"),
        ("etl.* & tag:huorly", "did you mean 'tag:hourly'?"),
        ("tag:hourly & queue:gpu", "no task has all of it"),
        ("#", "it is a pattern over dag_id.task_id, such as 'etl.*' or '*.load'"),
    ],
)
def test_a_pattern_that_speaks_of_nothing_is_told_the_nearest(pattern, advice):
    assert instead(pattern, FLEET) == advice
    assert Behavior(rules=(Rule(tasks=pattern),)).idle(FLEET) == [
        ("rules[0].tasks", pattern, f"no task matches; {advice}")
    ]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("tags:nightly", "did you mean 'tag'?"),
        ("colour:red", "there are tag, operator, pool, queue"),
        ("tag:", "must be a glob"),
        ("", "must be a glob"),
        ("etl.* & ", "must be a glob"),
    ],
)
def test_a_pattern_that_can_match_nothing_is_refused(pattern, said):
    with pytest.raises(ValidationError, match=said.replace("?", r"\?")):
        Rule(tasks=pattern)


def test_a_tasks_rules_are_found_in_the_order_in_which_they_are_written():
    rules = (
        Rule(tasks="*.load"),
        Rule(tasks="etl.load"),
        Rule(tasks="tag:hourly"),
        Rule(tasks="etl.load", duration_s=5),
    )
    dag = FLEET.dag("etl")
    assert RuleBook(rules).of(dag, dag.task("load")) == (rules[0], rules[1], rules[3])
    assert not matches("etl.train", dag, dag.task("load"))
