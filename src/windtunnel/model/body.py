"""Bodies: the Python function behind a task and what it is called with, for running it for real."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

BodyKind = Literal["python", "branch", "short_circuit", "sensor", "trigger", "none"]
"""What is done with the result. ``trigger``: TriggerDagRunOperator, of which only the arguments are
made; ``none``: nothing of the task can run here."""


@dataclass(frozen=True, slots=True)
class ResultOf:
    """Stands in a body's arguments for the result of another task, or for one key of it."""

    task_id: str
    key: str | None = None
    """``None``: the whole return value."""


@dataclass(frozen=True, slots=True)
class MappedItems:
    """Each item of a list passed through a function (``result.map(function)``)."""

    source: Any
    function: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class ZippedItems:
    """Items of several lists side by side, as long as the shortest (``result.zip(other)``); with a
    ``fillvalue`` as long as the longest."""

    sources: tuple[Any, ...]
    fillvalue: Any = None


@dataclass(frozen=True, slots=True)
class JoinedItems:
    """Several lists one after the other (``result.concat(other)``)."""

    sources: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class GroupItem:
    """Inside a mapped task group: one item of what the group is mapped over, for this map index."""

    group_id: str
    name: str
    source: Any = None
    """What the group is mapped over: argument -> values, or a list of sets of arguments."""


@dataclass(frozen=True, slots=True)
class WholeContext:
    """Stands in a body's arguments for the context of the try."""


@dataclass(frozen=True, slots=True)
class Body:
    """What a task runs, and with what arguments.

    In ``args``, ``kwargs``, ``fields``, ``expand`` and ``expand_kwargs``, however deep in lists and
    dicts, `ResultOf` and the other classes of this module stand for values known at run time; texts
    may be Jinja templates.
    """

    function: Callable[..., Any] | None = None
    """The Python function; ``None``: the operator's own ``execute`` or ``poke``."""
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    kind: BodyKind = "python"
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Without a function: the operator's template fields."""
    expand: Mapping[str, Any] | None = None
    """Mapped task: argument name -> list, dict or result that it is mapped over."""
    expand_kwargs: Any = None
    """Mapped task: a list (or the result that is one) of sets of arguments."""
    expands_operator: bool = False
    """Whether the names in ``expand`` are the operator's (``op_args``, ``op_kwargs``) and not the
    function's own."""
    templates_dict: Mapping[str, Any] | None = None
    multiple_outputs: bool = False
    """Whether each item of the dict that it returns is an XCom of its own, too."""
    task: Any = None
    """The operator as the DAG file made it, ``task.dag`` its DAG: what a callable sees of them."""
