"""Joins that no branch lets run: they come after tasks of which a branch follows one (WT301).

A branch skips what it does not follow, a skip goes on through ``all_success``, and the run is a
success. Where a branch follows several at once the join may run, so it only *could* be, unless
behavior rules say what the branch follows.

From Airflow: ``models/skipmixin.py: skip_all_except``, ``ti_deps/deps/trigger_rule_dep.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from windtunnel.detect import Finding
from windtunnel.lint.relatives import Relatives
from windtunnel.lint.words import NAMED, some
from windtunnel.model import Branch, Dag, RuleBook, Scenario, Task, TriggerRule, When

CODE = "WT301"
PASSES_ON = (TriggerRule.ALL_SUCCESS, TriggerRule.NONE_SKIPPED)
"""Trigger rules with which one skipped task upstream is enough to be skipped."""
CURE = "none_failed_min_one_success"


@dataclass(frozen=True, slots=True)
class _Choice:
    """A branch, and the tasks directly after it."""

    branch: Task
    arms: tuple[str, ...]


def find_skipped_joins(scenario: Scenario) -> list[Finding]:
    """One finding for each join; of what comes after it nothing more is said."""
    book = RuleBook(scenario.behavior.rules)
    found: dict[str, Finding] = {}
    for dag in scenario.fleet.dags:
        joins = _Joins(dag)
        for choice in joins.choices:
            follows = _follows(book, dag, choice)
            for join, needed in joins.of(choice):
                if not joins.may_run(choice, needed, follows):
                    one = _finding(dag, choice, join, needed, certain=follows is not None)
                    found.setdefault(one.about, one)
    return list(found.values())


class _Joins:
    """The branches of one DAG, and what joins them again."""

    def __init__(self, dag: Dag) -> None:
        self._dag = dag
        self._relatives = Relatives(dag)

    @cached_property
    def choices(self) -> list[_Choice]:
        """Branches with something to choose from."""
        branches = [task for task in self._dag.tasks if isinstance(task.kind, Branch)]
        found = [_Choice(one, self._after(one.task_id)) for one in branches]
        return [choice for choice in found if len(choice.arms) > 1]

    def _after(self, task_id: str) -> tuple[str, ...]:
        return tuple(task.task_id for task in self._dag.tasks if task_id in task.upstream)

    def of(self, choice: _Choice) -> Iterator[tuple[Task, tuple[str, ...]]]:
        """The first tasks that are skipped with any of several arms, and these arms."""
        joins: dict[str, None] = {}
        for task in self._dag.tasks:
            reached = self._skipped_with(task)
            needed = tuple(arm for arm in choice.arms if arm in reached and arm != task.task_id)
            if len(needed) > 1 and not task.is_teardown:
                joins[task.task_id] = None
                if not any(
                    up in joins or self._skipped_with_any(up, joins) for up in task.upstream
                ):
                    yield task, needed

    def _skipped_with_any(self, task_id: str, joins: dict[str, None]) -> bool:
        return not joins.keys().isdisjoint(self._skipped_with(self._dag.task(task_id)))

    def _skipped_with(self, task: Task) -> set[str]:
        """All tasks upstream whose skip reaches it."""
        found: set[str] = set()
        left = [task]
        while left:
            one = left.pop()
            if one.trigger_rule in PASSES_ON:
                new = [up for up in one.upstream if up not in found]
                found.update(new)
                left += [self._dag.task(up) for up in new]
        return found

    def may_run(
        self, choice: _Choice, needed: tuple[str, ...], follows: list[tuple[str, ...]] | None
    ) -> bool:
        """Whether anything that the branch follows spares all arms that the join needs."""
        chosen = [(arm,) for arm in choice.arms] if follows is None else follows
        return any(all(self._spares(follow, arm) for arm in needed) for follow in chosen)

    def _spares(self, follow: tuple[str, ...], arm: str) -> bool:
        """What lies behind a task that is followed is not skipped either."""
        names = set(follow).union(*(self._relatives.of_group(name) for name in follow))
        return arm in names or not names.isdisjoint(self._relatives.before(arm))


def _follows(book: RuleBook, dag: Dag, choice: _Choice) -> list[tuple[str, ...]] | None:
    """Everything that the branch follows in this scenario; None if nobody said."""
    rules = book.of(dag, choice.branch)
    said: list[tuple[str, ...]] = []
    for rule in rules:
        if rule.follows is None:
            return None
        said += rule.follows
        if rule.when == When():
            return said
    return None


def _finding(
    dag: Dag, choice: _Choice, join: Task, needed: tuple[str, ...], *, certain: bool
) -> Finding:
    name, branch = (f"{dag.dag_id}.{task.task_id}" for task in (join, choice.branch))
    rule = f"trigger_rule {join.trigger_rule.value}"
    arms = f"{some(needed[:-1])} and {needed[-1]}" if len(needed) <= NAMED else some(needed)
    every = "both" if len(needed) == 2 else "all of them"
    if certain:
        summary = (
            f"{name} is skipped in every run: with {rule} it needs {arms}, and {branch}, which "
            f"skips what it does not follow, never follows {every}."
        )
    else:
        summary = (
            f"{name} is skipped whenever {branch} does not follow {arms} at once: with {rule} it "
            f"needs {every}, and a branch skips what it does not follow."
        )
    return Finding(
        code=CODE,
        title="Join that no branch lets run",
        summary=summary,
        certain=certain,
        about=name,
        dag_id=dag.dag_id,
        file=dag.file,
        line=join.line,
        notes=(
            "A run is a success all the same, and nobody is told.",
            f"With trigger_rule={CURE!r} it runs whichever of them was followed.",
        ),
    )
