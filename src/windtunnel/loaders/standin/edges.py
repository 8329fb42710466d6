"""Edges: `>>`, `<<`, `set_upstream`, `chain`, `Label`: how tasks, groups and results are tied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.exceptions import AirflowException
from windtunnel.loaders.standin.placeholder import Survivor


class Node:
    """Anything that can stand beside a ``>>``.

    ``roots`` are the tasks that an edge into it reaches, ``leaves`` those where one begins.
    """

    @property
    def roots(self) -> Sequence[Any]:
        """Tasks at which it begins."""
        raise NotImplementedError

    @property
    def leaves(self) -> Sequence[Any]:
        """Tasks at which it ends."""
        raise NotImplementedError

    def set_upstream(self, task_or_task_list: Any, *_: Any, **__: Any) -> None:
        """Let it run after these."""
        connect(task_or_task_list, self)

    def set_downstream(self, task_or_task_list: Any, *_: Any, **__: Any) -> None:
        """Let these run after it."""
        connect(self, task_or_task_list)

    def __rshift__(self, other: Any) -> Any:
        self.set_downstream(other)
        return other

    def __lshift__(self, other: Any) -> Any:
        self.set_upstream(other)
        return other

    def __rrshift__(self, other: Any) -> Any:
        self.set_upstream(other)
        return self

    def __rlshift__(self, other: Any) -> Any:
        self.set_downstream(other)
        return self


class EdgeModifier(Node):
    """A label on an edge: it only passes edges through."""

    def __init__(self, label: str | None = None) -> None:
        self.label = label
        self._before: list[Any] = []
        self._after: list[Any] = []

    @property
    def roots(self) -> Sequence[Any]:
        """What comes after the label."""
        return self._after

    @property
    def leaves(self) -> Sequence[Any]:
        """What comes before the label."""
        return self._before

    def set_upstream(self, task_or_task_list: Any, *_: Any, **__: Any) -> None:
        """Remember what comes before, and tie it to what comes after."""
        self._before.append(task_or_task_list)
        connect(task_or_task_list, self._after)

    def set_downstream(self, task_or_task_list: Any, *_: Any, **__: Any) -> None:
        """Remember what comes after, and tie what came before to it."""
        self._after.append(task_or_task_list)
        connect(self._before, task_or_task_list)


def Label(label: str) -> EdgeModifier:  # noqa: N802 - Airflow's name
    """A label for an edge."""
    return EdgeModifier(label)


def connect(upstream: Any, downstream: Any) -> None:
    """Tie every end of what is upstream to every beginning of what is downstream."""
    if isinstance(upstream, EdgeModifier) and not isinstance(downstream, EdgeModifier):
        upstream._after.append(downstream)
    elif isinstance(downstream, EdgeModifier):
        downstream._before.append(upstream)
    ups, downs = _ends(upstream, "leaves"), _ends(downstream, "roots")
    for up in ups:
        for down in downs:
            link(up, down)


def _ends(thing: Any, side: str) -> list[Any]:
    """The tasks at one side of whatever stands in a dependency expression."""
    if isinstance(thing, EdgeModifier):
        return [task for part in getattr(thing, side) for task in _ends(part, side)]
    if isinstance(thing, Node):
        return list(getattr(thing, side))
    if isinstance(thing, Survivor):
        session.current().assume(
            f"{thing!r}", "can't be known without its module: it adds no tasks and no edges"
        )
        return []
    if isinstance(thing, Iterable) and not (isinstance(thing, str | bytes) and thing):
        return [task for item in thing for task in _ends(item, side)]
    raise AirflowException(
        "a dependency needs tasks, task groups or lists of them on both sides, "
        f"not {type(thing).__name__} {thing!r}"
    )


def link(up: Any, down: Any) -> None:
    """One edge between two tasks; a task that is in no DAG yet joins the other's."""
    dags = [task.dag for task in (up, down) if task.dag is not None]
    if not dags:
        raise AirflowException(
            f"{up.task_id!r} and {down.task_id!r} are in no DAG yet; give at least one of them dag="
        )
    if len({id(dag) for dag in dags}) > 1:
        raise AirflowException(
            f"{up.task_id!r} is in DAG {up.dag.dag_id!r} and {down.task_id!r} in "
            f"{down.dag.dag_id!r}; a dependency can't cross DAGs, use an ExternalTaskSensor"
        )
    for task in (up, down):
        if task.dag is None:
            task.dag = dags[0]
    up.downstream_task_ids.add(down.task_id)
    down.upstream_task_ids.add(up.task_id)


def chain(*tasks: Any) -> None:
    """Tie tasks in a row; two lists side by side are tied item by item and must be equally long."""
    for left, right in pairwise(tasks):
        if not (_is_list(left) and _is_list(right)):
            connect(left, right)
            continue
        if len(left) != len(right):
            raise AirflowException(
                f"chain: lists side by side must be equally long, not {len(left)} and {len(right)}"
            )
        for one, other in zip(left, right, strict=True):
            connect(one, other)


def chain_linear(*elements: Any) -> None:
    """Tie each element completely to the next."""
    for left, right in pairwise(elements):
        connect(left, right)


def cross_downstream(from_tasks: Any, to_tasks: Any) -> None:
    """Tie each of the first list to each of the second."""
    connect(from_tasks, to_tasks)


def _is_list(thing: Any) -> bool:
    return isinstance(thing, Sequence) and not isinstance(thing, str)
