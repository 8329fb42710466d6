"""Joins after a branch: told where no choice of one lets them run, and where the rules say so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import windtunnel as wt
from windtunnel.lint import find_skipped_joins
from windtunnel.model import Behavior, Branch, Dag, Fleet, Rule, Scenario, Task, TaskGroup, When

START = datetime(2026, 3, 1, tzinfo=UTC)
BRANCH = Task(task_id="choose", kind=Branch())
A, B = (Task(task_id=name, upstream=("choose",)) for name in "ab")


def fleet(*tasks: Task, **dag: Any) -> Fleet:
    return Fleet(dags=(Dag(dag_id="d", tasks=(BRANCH, *tasks), **dag),))


def found(*tasks: Task, rules: tuple[Rule, ...] = (), **dag: Any) -> list[Any]:
    behavior = Behavior(rules=rules)
    return find_skipped_joins(Scenario(fleet=fleet(*tasks, **dag), behavior=behavior, start=START))


def join(*upstream: str, **options: Any) -> Task:
    return Task(task_id="join", upstream=upstream, line=9, **options)


def follow(*names: str, **options: Any) -> Rule:
    return Rule(tasks="d.choose", follow=names, **options)


def test_a_join_of_two_arms_could_be_skipped_in_every_run() -> None:
    (one,) = found(A, B, join("a", "b"))

    assert (one.code, one.certain, one.line) == ("WT301", False, 9)
    assert "d.join is skipped whenever d.choose does not follow a and b at once" in one.summary


def test_it_is_certain_where_rules_say_everything_that_the_branch_follows() -> None:
    first = follow("a", when=When(try_number=1))
    (one,) = found(A, B, join("a", "b"), rules=(first, follow("b")))
    assert one.certain
    assert "never follows both" in one.summary
    (some,) = found(A, B, join("a", "b"), rules=(first,))
    assert not some.certain, "of other tries nobody said"


def test_a_branch_that_follows_both_lets_it_run() -> None:
    assert not found(A, B, join("a", "b"), rules=(follow("a", when=When(try_number=1)),
                                                  follow("a", "b")))  # fmt: skip


@pytest.mark.parametrize(
    "rule", ["none_failed", "none_failed_min_one_success", "one_success", "all_done", "always"]
)
def test_other_trigger_rules_let_it_run(rule: str) -> None:
    assert not found(A, B, join("a", "b", trigger_rule=rule))


@pytest.mark.parametrize(
    "tasks",
    [
        (A, B, join("a", "choose")),  # a detour that may be left out
        (A, B, join("a")),
        (A, Task(task_id="b", upstream=("choose", "a")), join("a", "b")),  # a leads to b
        (A, join("a")),
        (Task(task_id="a"), Task(task_id="b"), join("a", "b")),
    ],
)
def test_what_one_choice_lets_run_is_fine(tasks: tuple[Task, ...]) -> None:
    assert not found(*tasks)


def test_a_skip_goes_on_through_tasks_between_and_the_first_join_is_told() -> None:
    between = Task(task_id="between", upstream=("a",))
    after = Task(task_id="after", upstream=("join",))
    assert [one.about for one in found(A, B, between, join("between", "b"), after)] == ["d.join"]
    stops = between.model_copy(update={"trigger_rule": "all_done"})
    assert not found(A, B, stops, join("between", "b"))


def test_a_group_that_is_followed_is_all_of_its_tasks() -> None:
    both = [one.model_copy(update={"group": "work"}) for one in (A, B)]
    groups = (TaskGroup(group_id="work"),)
    assert not found(*both, join("a", "b"), rules=(follow("work"),), groups=groups)


def test_a_teardown_is_no_join() -> None:
    assert not found(A, B, join("a", "b", is_teardown=True))


def test_what_is_certain_is_what_happens_and_the_fix_mends_it() -> None:
    behavior = Behavior(rules=(follow("a"),))
    report = wt.check(
        fleet(A, B, join("a", "b")), behavior=behavior, runs="d", start=START, window="1h", seeds=1
    )
    assert report.result.task("d.join").state == "skipped"
    (one,) = report.findings
    assert [(fix.setting, fix.after) for fix in one.fixes] == [
        ("trigger_rule of d.join", "none_failed_min_one_success")
    ]
    assert not one.no_help
