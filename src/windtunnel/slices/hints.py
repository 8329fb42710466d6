"""What a slice says beforehand about where trouble may be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from windtunnel.choices import Hints, Meeting
from windtunnel.slices.fleet import Acquire, Dag, Release, Slice, Task, Trigger, Wait, Work

Group = frozenset[tuple[str, str]]


def hints_of(of: Slice) -> Hints:
    """Tasks for which others wait, and tasks that share something."""
    awaited: dict[Group, None] = {}
    members: dict[str, set[tuple[str, str]]] = defaultdict(set)
    holding: dict[str, set[tuple[object, ...]]] = defaultdict(set)
    matters: set[str] = set()
    by_name = {dag.name: dag for dag in of.dags}
    for dag in of.dags:
        for task in dag.tasks:
            for step in (*task.steps, *task.retry_steps):
                if isinstance(step, Wait) and step.dag in by_name:
                    awaited[_up_to(by_name[step.dag], step.task)] = None
                elif isinstance(step, Trigger) and step.dag in by_name:
                    awaited[_up_to(by_name[step.dag], None)] = None
            for thing, makes_a_difference, steps in _shared(task):
                members[thing] |= _up_to(dag, task.name)
                holding[thing] |= {(dag.name, task.name, number) for number in steps}
                if makes_a_difference:
                    matters.add(thing)
    meetings = (Meeting(frozenset(members[t]), frozenset(holding[t])) for t in sorted(matters))
    return Hints(tuple(awaited), tuple(dict.fromkeys(meetings)))


def _shared(task: Task) -> Iterator[tuple[str, bool, set[int]]]:
    """(what it shares with others, whether that makes a difference to them, in which steps)."""
    bodies = (task.steps, task.retry_steps)
    working = {n for body in bodies for n, step in enumerate(body) if isinstance(step, Work)}
    for asset in task.updates:
        yield f"asset {asset}", True, set()
    yield from ((f"data {name}", True, working) for name in task.writes)
    yield from ((f"data {name}", False, working) for name in task.reads)
    yield from ((f"limit {name}", True, working) for name, _ in task.uses)
    for body in bodies:
        held: Counter[str] = Counter()
        for number, step in enumerate(body):
            if isinstance(step, Work):
                yield from ((f"data {name}", True, {number}) for name in step.writes)
                yield from ((f"data {name}", False, {number}) for name in step.reads)
                yield from ((f"limit {name}", True, {number}) for name, _ in step.uses)
                yield from ((f"lock {lock}", True, {number}) for lock in +held)
            elif isinstance(step, Acquire):
                held[step.lock] += step.units
                yield f"lock {step.lock}", True, set()
            elif isinstance(step, Release):
                held[step.lock] -= step.units


def _up_to(dag: Dag, name: str | None) -> Group:
    """A task and all that comes before it in its DAG; None: all of it."""
    if name is None:
        return frozenset((dag.name, task.name) for task in dag.tasks)
    tasks = {task.name: task for task in dag.tasks}
    found: set[tuple[str, str]] = set()
    todo = [name] if name in tasks else []
    while todo:
        one = todo.pop()
        if (dag.name, one) not in found:
            found.add((dag.name, one))
            todo.extend(tasks[one].after)
    return frozenset(found)
