"""Patterns: which tasks of a fleet a line speaks of: by name, tag, operator, pool or queue.

``etl.*`` is a glob over ``dag_id.task_id``; ``tag:nightly``, ``operator:Snowflake*``, ``pool:db``
and ``queue:gpu`` are globs over what the DAG file says of a task; ``&`` between two asks for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

from windtunnel.model.dag import Dag, Fleet, Task

NAMED = 8
"""Names that an error lists; it leaves out the others."""
WILDCARDS = frozenset("*?[")

KEYS: dict[str, Callable[[Dag, Task], Iterable[str]]] = {
    "tag": lambda dag, _: dag.tags,
    "operator": lambda _, task: (task.operator,),
    "pool": lambda _, task: (task.pool,),
    "queue": lambda _, task: (task.queue,),
}
"""What may stand before a colon, and what its glob is over."""

Term = tuple[str, str]
"""(key, glob); the key of a glob over names is empty."""


@lru_cache(maxsize=4096)
def _terms(pattern: str) -> tuple[Term, ...]:
    return tuple(_term(part.strip()) for part in pattern.split("&"))


def _term(text: str) -> Term:
    key, colon, glob = text.partition(":")
    if not colon:
        return "", text
    if key.strip() not in KEYS:
        close = get_close_matches(key, list(KEYS), n=1)
        advice = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(KEYS)}"
        raise ValueError(f"{key.strip()!r} is nothing that tasks are chosen by; {advice}")
    return key.strip(), glob.strip()


def _checked(pattern: str) -> str:
    for _, glob in _terms(pattern):
        if not glob:
            raise ValueError("must be a glob over dag_id.task_id, or such as 'tag:nightly'")
    return pattern


TaskPattern = Annotated[str, AfterValidator(_checked)]
"""The text of a pattern; one that names an unknown key, or nothing, is refused."""


def is_name(pattern: str) -> bool:
    """Whether a pattern is the plain name of one task, ``dag_id.task_id``."""
    return WILDCARDS.isdisjoint(pattern) and ":" not in pattern and "&" not in pattern


def matches(pattern: str, dag: Dag, task: Task) -> bool:
    """Whether a pattern speaks of a task."""
    if pattern == "*":
        return True
    if is_name(pattern):
        return pattern == f"{dag.dag_id}.{task.task_id}"
    return all(_has(key, glob, dag, task) for key, glob in _terms(pattern))


def _has(key: str, glob: str, dag: Dag, task: Task) -> bool:
    values = KEYS[key](dag, task) if key else (f"{dag.dag_id}.{task.task_id}",)
    return any(fnmatchcase(value, glob) for value in values)


def matching(pattern: str, fleet: Fleet) -> list[tuple[Dag, Task]]:
    """All tasks of a fleet of which a pattern speaks."""
    return [(dag, task) for dag in fleet.dags for task in dag.tasks if matches(pattern, dag, task)]


def instead(pattern: str, fleet: Fleet) -> str:
    """What to say about a pattern that speaks of no task: the nearest one that does."""
    for key, glob in _terms(pattern):
        known = sorted({v for d in fleet.dags for t in d.tasks for v in _values(key, d, t)})
        if any(fnmatchcase(value, glob) for value in known):
            continue
        close = _nearest(glob, known) if key else _nearest_name(glob, known)
        if close:
            meant = f"{key}:{close}" if key else close
            return f"did you mean {meant!r}?"
        if key:
            return f"no {key} is like {glob!r}; {nearest(glob, known)}"
        return "it is a pattern over dag_id.task_id, such as 'etl.*' or '*.load'"
    return "no task has all of it"


def nearest(name: str, known: Sequence[str]) -> str:
    """What to say about a name that is not known: the nearest one, or those that there are."""
    close = _nearest(name, known)
    if close:
        return f"did you mean {close!r}?"
    shown = ", ".join(known[:NAMED]) + (", ..." if len(known) > NAMED else "")
    return f"there are: {shown or 'none'}"


def _values(key: str, dag: Dag, task: Task) -> Iterable[str]:
    return KEYS[key](dag, task) if key else (f"{dag.dag_id}.{task.task_id}",)


def _nearest(glob: str, known: Sequence[str]) -> str:
    return next(iter(get_close_matches(glob, known, n=1)), "")


def _nearest_name(glob: str, known: Sequence[str]) -> str:
    """A task like this, or a DAG like that before the dot."""
    dag_id, dot, task = glob.partition(".")
    dags = sorted({name.partition(".")[0] for name in known})
    close = _nearest(glob, known)
    if dot and not close and dag_id not in dags and (other := _nearest(dag_id, dags)):
        return f"{other}.{task}"
    return close
