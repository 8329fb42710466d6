"""Markdown: a summary for a pull request or a job's page, on GitHub and GitLab."""

from __future__ import annotations

import re
from html import escape

from windtunnel.report.ci.notices import Notice, Told

ROWS, TEXTS = 100, 20
"""Notices in the table, and those told in full: job pages hold a megabyte."""
MARKUP = re.compile(r"[\\`*_\[\]~]|#(?=\d)")
LEVELS = {"error": "❌", "warning": "⚠️"}


def markdown(told: Told) -> str:
    """The verdict, a table of what was found, and the text of each to unfold."""
    shown = [one for one in told.notices if one.level != "accepted"]
    lines = [f"## windtunnel {told.command}", "", told.verdict]
    if shown:
        lines += ["", "| | what | where |", "|---|---|---|", *map(_row, shown[:ROWS])]
    if len(shown) > ROWS:
        lines += [f"| | and {len(shown) - ROWS} more | |"]
    for one in shown[:TEXTS]:
        lines += ["", *_details(one)]
    if accepted := told.of("accepted"):
        said = "; ".join(
            f"{one.headline}{f': {one.reason}' if one.reason else ''}" for one in accepted
        )
        lines += ["", f"Accepted: {plain(said)}"]
    if told.covered:
        lines += ["", f"<sub>Covered: {plain(told.covered)}</sub>"]
    return "\n".join(lines) + "\n"


def _row(one: Notice) -> str:
    place = f"{one.file}:{one.line}" if one.file and one.line else one.file or ""
    where = code(place) if place else ""
    cells = (LEVELS[one.level], plain(one.headline), where)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _details(one: Notice) -> list[str]:
    return [
        # Within a line of HTML nothing is Markdown, so nothing is marked as being none.
        f"<details><summary>{escape(one.headline, quote=False)}</summary>",
        "",
        *fenced(one.text),
        "",
        "</details>",
    ]


def fenced(text: str) -> list[str]:
    """A block of text as it is."""
    fence = _fence(text, at_least=3)
    return [f"{fence}text", text, fence]


def plain(text: str) -> str:
    """Text that is no markup, and calls nobody."""
    shown = escape(" ".join(text.split()), quote=False)
    return MARKUP.sub(lambda mark: f"\\{mark[0]}", shown).replace("@", "&#64;")


def code(text: str) -> str:
    """Text as a name in a program."""
    fence = _fence(text)
    padding = " " if "`" in text else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def _fence(text: str, at_least: int = 1) -> str:
    """More backticks than the text has in a row."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    return "`" * max(at_least, longest + 1)
