"""What windtunnel adds to pytest: options, ini keys and the marker, as the plugin declares them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from docsite.markdown import code, table
from pytest_windtunnel import plugin


@dataclass
class Declared:
    """Stands in the place of pytest's parser and config, and writes down what is declared."""

    options: list[tuple[tuple[str, ...], dict[str, Any]]] = field(default_factory=list)
    inis: list[tuple[str, str, Any, Any]] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)
    pluginmanager: Any = None

    def getgroup(self, *_: Any, **__: Any) -> Declared:
        """A group of options; all are written down together."""
        return self

    def addoption(self, *names: str, **how: Any) -> None:
        """One option."""
        self.options.append((names, how))

    def addini(self, name: str, text: str, **how: Any) -> None:
        """One ini key."""
        self.inis.append((name, text, how.get("type"), how.get("default")))


def _declared() -> Declared:
    found = Declared()
    add: Callable[[Any], None] = plugin.pytest_addoption
    add(found)
    return found


def options() -> str:
    """The options of the command line."""
    rows = []
    for names, how in _declared().options:
        value = "" if "action" in how and how["action"] != "append" else how.get("metavar", "")
        words = " ".join(code(one) for one in [*names, value] if one)
        rows.append([words, _sentence(how.get("help", ""))])
    return table(["option", "what it does"], rows)


def ini() -> str:
    """The keys of the ini file."""
    rows = [
        [
            code(name),
            code(str(kind or "string")),
            "" if given in (None, "") else code(str(given)),
            _sentence(text),
        ]
        for name, text, kind, given in _declared().inis
    ]
    return table(["key", "type", "default", "what it does"], rows)


def marker() -> str:
    """The marker with its arguments."""
    call, _, meaning = plugin.MARKER.partition(":")
    return f"```python\n@pytest.mark.{call}\n```\n\n{_sentence(meaning)}\n"


def _sentence(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
