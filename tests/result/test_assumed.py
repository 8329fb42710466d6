"""What a scenario leaves open is told, and no more than that."""

from __future__ import annotations

import pytest

import windtunnel as wt
from windtunnel.model import Behavior, Branch, Dag, Fleet, Rule, Task

TASKS = (
    Task(task_id="which", kind=Branch()),
    Task(task_id="day", upstream=("which",)),
    Task(task_id="week", upstream=("which",)),
)


def told(*rules: Rule) -> str:
    fleet = Fleet(dags=(Dag(dag_id="report", tasks=TASKS),))
    result = wt.simulate(fleet, behavior=Behavior(rules=rules), runs="report", window="1h")
    return " ".join(f"{one.subject}: {one.assumed}" for one in result.assumptions)


def test_that_a_branch_follows_everything_is_an_assumption() -> None:
    assert "1 branch: each follows all that it could" in told()


@pytest.mark.parametrize("follow", [("day",), None])
def test_a_branch_of_which_a_rule_says_what_it_follows_is_none(follow: tuple[str] | None) -> None:
    assert "branch" not in told(Rule(tasks="report.which", follow=follow))
