"""Replacements: what a patch does to the lines of a file, as editors and code scanning take it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")
NO_NEWLINE = "\\ No newline at end of file"


@dataclass(frozen=True, slots=True)
class Replacement:
    """Some lines of a file, and the text in their place."""

    file: str
    line: int
    """The first of them, from 1; nothing is taken away if there are none."""
    lines: int
    text: str


def replacements(patch: str) -> tuple[Replacement, ...]:
    """Those of a unified diff, in order."""
    return tuple(_replacements(patch))


def _replacements(patch: str) -> Iterator[Replacement]:
    file, line, removed, added = "", 0, 0, ""
    for said in patch.splitlines(keepends=True):
        mark = said[:1]
        is_header = said.startswith(("--- a/", "+++ b/"))
        if mark == "+" and not is_header:
            added += said[1:]
        elif mark == "-" and not is_header:
            removed += 1
        elif said.startswith(NO_NEWLINE):
            added = added.removesuffix("\n")
        else:
            if removed or added:
                yield Replacement(file, line, removed, added)
                line, removed, added = line + removed, 0, ""
            if said.startswith("+++ b/"):
                file = said.removeprefix("+++ b/").rstrip("\t\r\n")
            elif hunk := HUNK.match(said):
                line = int(hunk[1])
            elif not is_header:
                line += 1
    if removed or added:
        yield Replacement(file, line, removed, added)
