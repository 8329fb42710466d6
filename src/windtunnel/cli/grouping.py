"""Groups of options: a command that takes a dataclass has each of its fields as an option."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import Any, get_type_hints


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """The command as Typer sees it: groups of options one by one, in the order of its parameters.

    A group is a dataclass whose fields are annotated as Typer wants it.
    """
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, type[Any]] = {}
    seen: list[Parameter] = []
    for name, parameter in signature(command).parameters.items():
        if is_dataclass(hints[name]):
            groups[name] = hints[name]
            seen += _options(hints[name])
        else:
            seen.append(parameter.replace(annotation=hints[name]))

    @wraps(command)
    def flat(**given: Any) -> None:
        made = {
            name: group(**{one.name: given.pop(one.name) for one in fields(group)})
            for name, group in groups.items()
        }
        command(**given, **made)

    flat.__signature__ = signature(command).replace(parameters=seen)  # type: ignore[attr-defined]
    flat.__annotations__ = {one.name: one.annotation for one in seen}
    return flat


def _options(group: type[Any]) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        Parameter(
            one.name, Parameter.KEYWORD_ONLY, default=_default(one), annotation=hints[one.name]
        )
        for one in fields(group)
    ]


def _default(one: Field[Any]) -> Any:
    return Parameter.empty if one.default is MISSING else one.default
