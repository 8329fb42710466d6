"""``windtunnel scenarios``: list what is shipped, or copy one of them to start from."""

from __future__ import annotations

import json
import shutil
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from windtunnel.errors import InvalidInput
from windtunnel.model.pattern import nearest
from windtunnel.report import wrap
from windtunnel_scenarios import GROUPS, Shipped, folder, names, shipped

app = typer.Typer(invoke_without_command=True)


class Form(StrEnum):
    """How the list is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


@app.callback()
def scenarios(
    context: typer.Context,
    form: Annotated[Form, typer.Option("--format", help="How the list is written.")] = Form.TEXT,
) -> None:
    """List the scenarios that are shipped, or copy one to start from."""
    if context.invoked_subcommand is None:
        print({Form.TEXT: text, Form.JSON: as_json, Form.MARKDOWN: markdown}[form]())


@app.command(name="copy")
def copy_scenario(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A shipped scenario.")],
    to: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is new or empty.")],
) -> None:
    """Copy a scenario: its DAG files, settings, README and test."""
    copied = copy(name, to)
    print(f"copied to {copied}")
    print(f"try:  windtunnel check {copied}")
    print(f"      pytest {copied}")


def text() -> str:
    """Each shipped scenario in a line, under the heading of its group."""
    every = shipped()
    width = max(len(one.name) for one in every)
    lines = []
    for group, some in groupby(every, key=lambda one: one.group):
        lines += ["", GROUPS[group]]
        for one in some:
            found = f" ({', '.join(one.expect)})" if one.expect else ""
            lines += wrap(one.title + found, first=f"  {one.name:<{width}}  ")
    lines += [
        "",
        "windtunnel check NAME               finds what is in brackets",
        "windtunnel scenarios copy NAME DIR  copies one to start from",
    ]
    return "\n".join(lines[1:])


def as_json() -> str:
    """Each shipped scenario as an object: name, title, group, expect, source, path."""
    return json.dumps([_object(one) for one in shipped()], indent=2)


def markdown() -> str:
    """The page of the reference, ``docs/reference/scenarios.md``."""
    every = shipped()
    lines = [
        "# Scenarios that are shipped",
        "",
        "These scenarios come with windtunnel. Each is a folder of ordinary DAG files with a",
        "`scenario.toml`, a `README.md` that tells the story, and a test. Run one by its name,",
        "or copy it to start from:",
        "",
        "```sh",
        "windtunnel scenarios                       # this list; --format json for programs",
        "windtunnel check nested_deadlock           # or: windtunnel run nested_deadlock",
        "windtunnel scenarios copy nested_deadlock mine && pytest mine",
        "```",
    ]
    for group, some in groupby(every, key=lambda one: one.group):
        lines += ["", f"## {GROUPS[group]}", "", "| scenario | what it shows | finds | source |"]
        lines += ["|---|---|---|---|", *map(_row, some)]
    return "\n".join(lines)


def copy(name: str, to: Path) -> Path:
    """Copy the folder of a shipped scenario to *to*, which must not exist yet or be empty.

    Raises:
        InvalidInput: there is no such scenario, or something is in the way.
    """
    source = folder(name)
    if source is None:
        raise InvalidInput(
            f"there is no shipped scenario {name!r}; {nearest(name, names())} "
            "`windtunnel scenarios` lists them"
        )
    try:
        if to.exists() and (not to.is_dir() or any(to.iterdir())):
            raise InvalidInput(f"{to} exists already; name a folder that is new or empty")
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, to, ignore=skip, dirs_exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"{to}: can't copy there: {error.strerror}") from error
    return to


def _object(one: Shipped) -> dict[str, object]:
    return {
        "name": one.name,
        "title": one.title,
        "group": one.group,
        "expect": list(one.expect),
        "source": list(one.source),
        "path": str(one.path),
    }


def _row(one: Shipped) -> str:
    found = ", ".join(one.expect) or "nothing"
    return f"| `{one.name}` | {one.title} | {found} | {', '.join(map(_link, one.source))} |"


def _link(source: str) -> str:
    repository, _, number = source.partition("#")
    return f"[{source}](https://github.com/{repository}/issues/{number})"
