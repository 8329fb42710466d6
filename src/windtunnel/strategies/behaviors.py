"""Behaviors: what tasks do that isn't usual: they take long, fail, skip, wait, need something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from windtunnel.model import (
    Behavior,
    Branch,
    Dag,
    Deferrable,
    Empty,
    Fleet,
    Resource,
    Rule,
    Sensor,
    ShortCircuit,
    Step,
    Task,
    When,
    Work,
)
from windtunnel.strategies.drawing import (
    Draw,
    durations,
    many,
    maybe,
    one_of,
    pick,
    rarely,
    seldom,
    some_of,
)

OUTCOMES: tuple[Any, ...] = ("fail", ("fail", "success"), "skip", "fail_no_retry")
LOCKS = ("warehouse", "lock:table", "licence")
MOST_RULES = 6


def behaviors(
    fleet: Fleet,
    *,
    resources: Mapping[str, Resource] | None = None,
    most_rules: int = MOST_RULES,
) -> st.SearchStrategy[Behavior]:
    """What a few tasks of a fleet do that others don't; shrinks to nothing: each task takes a
    minute and succeeds.

    Args:
        fleet: The tasks of which rules speak.
        resources: What tries may need or take, step by step.
        most_rules: Rules at most.
    """
    tasks = [(dag, task) for dag in fleet.dags for task in dag.tasks]
    if not tasks:
        return st.just(Behavior())
    needed = {name: _most(one) for name, one in (resources or {}).items()}
    rules = one_of(tasks).flatmap(lambda pair: _rules(pair[0], pair[1], needed=needed))
    return many(rules, most_rules).map(lambda found: Behavior(rules=found))


def _most(resource: Resource) -> int:
    """How many a single try can have."""
    return 1 if resource.slots is None else resource.slots


@st.composite
def _rules(draw: Draw, dag: Dag, task: Task, *, needed: Mapping[str, int]) -> Rule:
    given: dict[str, Any] = {"tasks": f"{dag.dag_id}.{task.task_id}"}
    if isinstance(task.kind, Empty):
        return Rule(**given)
    duration_s = maybe(draw, durations(0.0), 2)
    if rarely(draw, 2):
        given["outcome"] = pick(draw, OUTCOMES)
    try_number = maybe(draw, st.integers(1, 2), 4)
    if try_number is not None:
        given["when"] = When(try_number=try_number)
    given |= draw(_of_kind(dag, task))
    way = pick(draw, ("free", "needs", "steps")) if needed else "free"
    if way == "steps" and isinstance(task.kind, Work):
        return Rule(**given, steps=draw(_steps(duration_s or 60.0, needed)))
    if way == "needs":
        name = pick(draw, sorted(needed))
        given["needs"] = {name: draw(st.integers(1, needed[name]))}
    return Rule(**given, duration_s=duration_s)


@st.composite
def _of_kind(draw: Draw, dag: Dag, task: Task) -> dict[str, Any]:
    """What only rules for this kind of task say."""
    if isinstance(task.kind, Sensor):
        return {"true_at_s": pick(draw, (0.0, 1800.0, 3600.0, None))}
    if isinstance(task.kind, Deferrable):
        resumed = maybe(draw, durations(60.0), 2)
        return {
            "fire_after_s": pick(draw, (0.0, 600.0, 3600.0, None)),
            "resume_duration_s": resumed or 0.0,
        }
    if isinstance(task.kind, Branch):
        children = [t.task_id for t in dag.tasks if task.task_id in t.upstream]
        return {"follow": draw(st.one_of(some_of(children, len(children)), st.none()))}
    if isinstance(task.kind, ShortCircuit):
        return {"condition": draw(st.booleans())}
    if any(task.task_id in (other.expand or ()) for other in dag.tasks):
        return {"length": pick(draw, (1, 0, 2, 3))}
    return {}


@st.composite
def _steps(draw: Draw, work_s: float, needed: Mapping[str, int]) -> tuple[Step, ...]:
    """Work, with or without what is needed; given back, or held until the end."""
    found: list[Step] = []
    for name in draw(some_of(sorted(needed), 2)):
        slots = draw(st.integers(1, needed[name]))
        found += [Step(acquire=name, slots=slots), Step(work_s=work_s)]
        if draw(st.booleans()):
            found.append(Step(release=name, slots=slots))
    if rarely(draw):
        found.append(Step(defer_s=draw(durations(60.0))))
    if rarely(draw):
        found.append(Step(write="out/{run}", work_s=60.0))
    return (*found, Step(work_s=work_s))


def resources(most: int = 2) -> st.SearchStrategy[dict[str, Resource]]:
    """What tries share: counted, locked, or limited by the minute; shrinks to nothing."""
    options = st.one_of(
        st.builds(Resource, slots=st.integers(1, 3)),
        st.builds(
            Resource,
            slots=st.integers(1, 3),
            order=one_of(("first", "priority")),
            leaks_when=some_of(("lost", "stopped", "failed")),
            lease_s=seldom(one_of((600.0, 3600.0)), 2),
            wait_at_most_s=seldom(st.just(900.0), 3),
        ),
        st.builds(Resource, slots=st.integers(1, 3), when_full=one_of(("fail", "slow"))),
        st.builds(Resource, per_minute=one_of((2.0, 20.0)), burst=st.integers(1, 2)),
    )
    names = LOCKS[: max(0, most)]
    return some_of(names, len(names)).flatmap(
        lambda found: st.fixed_dictionaries(dict.fromkeys(found, options))
    )
