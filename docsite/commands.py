"""The page of the command line: each command with its arguments and options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from docsite.markdown import code, prose, table
from windtunnel.cli.app import app


@dataclass(frozen=True)
class Parameter:
    """One argument or option of a command."""

    name: str
    type: Any
    info: ArgumentInfo | OptionInfo
    default: Any

    @property
    def choices(self) -> list[str]:
        """What may be said, where only certain words may."""
        kinds = list(_parts(self.type))
        enums = [one for one in kinds if isinstance(one, type) and issubclass(one, Enum)]
        literals = [one for one in kinds if get_origin(one) is Literal]
        words = [str(one.value) for one in enums[0]] if enums else []
        return words or [str(word) for one in literals for word in get_args(one)]

    @property
    def value(self) -> str:
        """What stands for its value in a usage line; nothing for a switch."""
        if self.type is bool:
            return ""
        return self.info.metavar or " / ".join(self.choices) or self.name.upper()

    @property
    def shown_default(self) -> str:
        """Its default as somebody would type it; nothing, if without it nothing is said."""
        if self.default in (None, False, inspect.Parameter.empty):
            return ""
        return str(self.default.value if isinstance(self.default, Enum) else self.default)


def _parts(kind: Any) -> Iterator[Any]:
    """A type, and those inside it."""
    yield kind
    for part in get_args(kind):
        yield from _parts(part)


def sections() -> str:
    """All commands, one section each."""
    return "\n".join(_section(name, one) for name, one in all_commands())


def all_commands(
    group: typer.Typer = app, before: str = "windtunnel"
) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each command by all the words that call it."""
    alone = group.registered_callback
    said = (alone and alone.invoke_without_command, group.info.invoke_without_command)
    if alone and alone.callback and True in said:
        yield before, alone.callback
    for command in group.registered_commands:
        assert command.callback is not None
        if not command.hidden:
            word = command.name or command.callback.__name__.rstrip("_").replace("_", "-")
            yield f"{before} {word}", command.callback
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        name = inner.name or inner.typer_instance.info.name
        yield from all_commands(inner.typer_instance, f"{before} {name}")


def parameters(command: Callable[..., Any]) -> Iterator[Parameter]:
    """What a command declares, in its order; what it hides is left out."""
    hints = get_type_hints(command, include_extras=True)
    for name, given in inspect.signature(command).parameters.items():
        kind, *extras = get_args(hints[name]) or [None]
        for info in extras:
            if isinstance(info, (ArgumentInfo, OptionInfo)) and not info.hidden:
                yield Parameter(name, kind, info, given.default)


def _section(name: str, command: Callable[..., Any]) -> str:
    declared = list(parameters(command))
    arguments = [one for one in declared if isinstance(one.info, ArgumentInfo)]
    options = [one for one in declared if isinstance(one.info, OptionInfo)]
    usage = [name, *(one.value for one in arguments), *(["[OPTIONS]"] if options else [])]
    parts = [
        f"## `{name}` {{ #{name.replace(' ', '-')} }}",
        prose(command.__doc__),
        f"```text\n{' '.join(usage)}\n```",
    ]
    if arguments:
        rows = [[code(one.value), one.info.help or ""] for one in arguments]
        parts.append(table(["argument", "what it is"], rows))
    if options:
        parts.append(table(["option", "default", "what it does"], map(_option, options)))
    return "\n\n".join(parts) + "\n"


def names_of(option: Parameter) -> list[str]:
    """The words that say an option, ``--for`` and its like."""
    # Typer takes the first of the names as the default where the default stands elsewhere.
    given = [option.info.default, *(option.info.param_decls or ())]
    said = [one for one in given if isinstance(one, str) and one.startswith("-")]
    return said or [f"--{option.name.replace('_', '-')}"]


def _option(option: Parameter) -> list[str]:
    words = [code(one) for one in [*names_of(option), option.value] if one]
    return [" ".join(words), code(option.shown_default), prose(option.info.help)]
