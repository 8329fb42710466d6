"""Bodies: the Python function behind a task and what it is called with, for running it for real."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

BodyKind = Literal["python", "branch", "short_circuit", "sensor"]


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


@dataclass(frozen=True, slots=True)
class Body:
    """A task's Python function and its arguments.

    In ``args``, ``kwargs``, ``expand`` and ``expand_kwargs``, however deep in lists and dicts,
    `ResultOf` and the other classes of this module stand for values known at run time.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    kind: BodyKind = "python"
    expand: Mapping[str, Any] | None = None
    """Mapped task: argument name -> list, dict or result that it is mapped over."""
    expand_kwargs: Any = None
    """Mapped task: a list (or the result that is one) of sets of arguments."""
    expands_operator: bool = False
    """Whether the names in ``expand`` are the operator's (``op_args``, ``op_kwargs``) and not the
    function's own."""
    templated: tuple[str, ...] = ()
    """Names of the ``kwargs``, and positions of the ``args``, in which a Jinja template occurs."""
    templates_dict: Mapping[str, Any] | None = None
