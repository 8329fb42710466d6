"""Lengths: how long tasks take, within what a behavior says: all of them short, or long, and a few
that differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from windtunnel.engine.tries.durations import EVEN, MICRO, drawn_us
from windtunnel.model import (
    Behavior,
    Dag,
    Distribution,
    Fleet,
    Rule,
    RuleBook,
    Step,
    Task,
    Triangular,
    Uniform,
)
from windtunnel.strategies.drawing import many, one_of

PARTS = 8
"""A range is divided into so many parts; 0 is its shortest, `PARTS` its longest."""
MOST_DIFFERENT = 4
TAIL = 0.05
"""Of distributions without bounds, what is shorter or longer is left out."""


def lengths(fleet: Fleet, behavior: Behavior) -> st.SearchStrategy[Behavior]:
    """The behavior with one value in the place of each range or distribution; shrinks to the
    shortest of each. Measured histories, and what has odds, are left to the scenario's seed."""
    book = RuleBook(behavior.rules)
    ranged = [
        (dag, task)
        for dag in fleet.dags
        for task in dag.tasks
        if any(_fixed(rule, 0) != rule for rule in book.of(dag, task))
    ]
    if not ranged:
        return st.just(behavior)
    different = many(st.tuples(one_of(ranged), st.integers(0, PARTS)), MOST_DIFFERENT)
    return st.tuples(st.integers(0, PARTS), different).map(
        lambda drawn: _with_lengths(behavior, book, *drawn)
    )


def _with_lengths(
    behavior: Behavior,
    book: RuleBook,
    part: int,
    different: tuple[tuple[tuple[Dag, Task], int], ...],
) -> Behavior:
    """Rules of its own for each task that differs, before the others: the first that matches is
    used."""
    own: dict[str, list[Rule]] = {}
    for (dag, task), length in different:
        name = f"{dag.dag_id}.{task.task_id}"
        if length != part and name not in own:
            own[name] = [
                _fixed(rule, length).model_copy(update={"tasks": name})
                for rule in book.of(dag, task)
            ]
    first = [rule for rules in own.values() for rule in rules]
    rest = [_fixed(rule, part) for rule in behavior.rules]
    return behavior.model_copy(update={"rules": (*first, *rest)})


DRAWN = ("duration_s", "fails_after_s", "true_after_s", "fire_after_s", "resume_duration_s")


def _fixed(rule: Rule, part: int) -> Rule:
    """The rule with this part of each range."""

    def of(given: Any) -> Any:
        return _value(given, part) if isinstance(given, Distribution) else given

    changes: dict[str, Any] = {}
    for name in (
        "duration_s",
        "fails_after_s",
        "true_after_s",
        "fire_after_s",
        "resume_duration_s",
    ):
        given = getattr(rule, name)
        changes[name] = tuple(map(of, given)) if isinstance(given, tuple) else of(given)
    if rule.steps is not None:
        changes["steps"] = tuple(_step(step, of) for step in rule.steps)
    return rule.model_copy(update=changes)


def _step(step: Step, of: Callable[[Any], Any]) -> Step:
    return step.model_copy(update={"work_s": of(step.work_s), "defer_s": of(step.defer_s)})


def _value(given: Distribution, part: int) -> float:
    """Seconds."""
    share = part / PARTS
    if isinstance(given, Uniform):
        return given.low + (given.high - given.low) * share
    if not isinstance(given, Triangular):
        share = TAIL + (1 - 2 * TAIL) * share
    return drawn_us(given, min(int(share * EVEN), EVEN - 1)) / MICRO
