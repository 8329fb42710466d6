"""Behaviors as Python says them: ``{"etl.load": "20m"}`` in the words of a scenario file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar

from windtunnel.errors import InvalidInput
from windtunnel.loaders.forms import Mistakes, build, to_machine
from windtunnel.loaders.shapes import one_of
from windtunnel.model import Behavior, Rule
from windtunnel.model.base import Value

V = TypeVar("V", bound=Value)
Told = str | float | timedelta | Mapping[str, Any]
"""How long tasks take, or all that a rule of a scenario file may say of them."""


def parse_behavior(
    tasks: Mapping[str, Told], default_duration: str | float | timedelta | None = None
) -> Behavior:
    """The behavior of these tasks; the first glob that matches a task holds.

    Args:
        tasks: Glob over ``dag_id.task_id``, or such as ``tag:nightly`` -> what they do.
        default_duration: Of all other tasks; by default a minute.

    Raises:
        InvalidInput: a value can't be used; the message names the task.
    """
    one_of("behavior", tasks, (Mapping,), "such as {'etl.load': '20m'}")
    rules = tuple(_rule(glob, told) for glob, told in tasks.items())
    if default_duration is None:
        return Behavior(rules=rules)
    given = {"default_duration": _plain(default_duration)}
    read = _read(Behavior, given, "behavior")
    return read.model_copy(update={"rules": rules})


def _rule(glob: str, told: Told) -> Rule:
    where = f"behavior of {glob!r}"
    if not isinstance(told, Mapping):
        told = {"duration": told}
    if "tasks" in told:
        raise InvalidInput(f"{where}: the tasks are named before: leave 'tasks' out")
    return _read(
        Rule, {"tasks": glob, **{key: _plain(value) for key, value in told.items()}}, where
    )


def _read(model: type[V], given: Mapping[str, Any], where: str) -> V:
    mistakes = Mistakes(where)
    made = build(model, to_machine(model, given, "", mistakes), mistakes)
    mistakes.report()
    assert made is not None
    return made


def _plain(value: Any) -> Any:
    """Seconds in the place of a timedelta, in a list, too."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
