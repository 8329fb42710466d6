"""Colours for a terminal, laid over the plain text of a report; the text itself never changes."""

from __future__ import annotations

from typing import ClassVar

from rich.highlighter import RegexHighlighter
from rich.theme import Theme


class ReportHighlighter(RegexHighlighter):
    """Marks finding codes, states and the lines to type."""

    base_style = "windtunnel."
    highlights: ClassVar[list[str]] = [
        r"(?m)^(?P<code>WT\d{3} .*?)(?:  |$)",
        r"\b(?P<good>success)\b",
        r"\b(?P<bad>failed|upstream_failed)\b",
        r"(?m)^ +(?P<command>windtunnel replay \S+)",
        r"(?m)^(?P<section>[A-Z][A-Za-z, ]*?)(?=  |:)",
    ]


THEME = Theme(
    {
        "windtunnel.code": "bold red",
        "windtunnel.good": "green",
        "windtunnel.bad": "red",
        "windtunnel.command": "cyan",
        "windtunnel.section": "bold",
    }
)
