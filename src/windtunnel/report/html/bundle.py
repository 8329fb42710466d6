"""The scripts of a page as one: each stays a module of its own, without anything to fetch.

Our files use two forms only: ``import { a, b } from "./other.js";`` and ``export`` before a
``function``, ``class`` or ``const``. A page from disk may not fetch modules, so each file becomes a
function that gives what it exports, called after those that it imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.MULTILINE)


@cache
def static(name: str) -> str:
    """A file of the page, as text."""
    return (files("windtunnel.report.html") / "static" / name).read_text("utf-8")


def bundle(names: Iterable[str]) -> str:
    """These scripts and all that they import, each once, as one text; ``modules`` in it has what
    each exports, by its file."""
    parts = ['"use strict";\nconst modules = {};\n']
    for name in _ordered(names):
        text = static(name)
        exported = ", ".join(_EXPORT.findall(text))
        body = _EXPORT.sub("", _IMPORT.sub(r'const {\1} = modules["\2"];', text))
        parts.append(f'modules["{name}"] = (() => {{\n{body}return {{ {exported} }};\n}})();\n')
    return "".join(parts)


def _ordered(names: Iterable[str]) -> list[str]:
    """Each file after those that it imports."""
    found: dict[str, None] = {}

    def add(name: str, within: tuple[str, ...]) -> None:
        assert name not in within, f"scripts import each other in a circle: {(*within, name)}"
        for other in imported(name):
            add(other, (*within, name))
        found.setdefault(name)

    for name in names:
        add(name, ())
    return list(found)


def imported(name: str) -> Iterator[str]:
    """The files that one imports."""
    for match in _IMPORT.finditer(static(name)):
        yield match[2]
