"""What MkDocs calls while it builds the site: pages and tables that are made from the code.

A page asks for a table with ``<!-- made: NAME ARGUMENTS -->`` on a line of its own. Pages that are
code through and through, such as those of the findings, are added as if they lay in the folder.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # MkDocs loads this file alone

from docsite import api, codes, commands, faithful, faults, settings, surface  # noqa: E402

EVERY_CODE = "reference/findings/WT*.md"
MADE = re.compile(r"^<!-- made: (\w+)(.*?) ?-->$", re.MULTILINE)
MAKERS: dict[str, Callable[..., str]] = {
    "api": api.members,
    "codes": codes.table_of_codes,
    "commands": commands.sections,
    "conformance": faithful.counts,
    "cases": faithful.by_kind,
    "faults": faults.sections,
    "options": surface.options,
    "ini": surface.ini,
    "marker": surface.marker,
    "settings": settings.section,
}


def on_files(files: Files, config: Any) -> Files:
    """Add a page for each code of a finding."""
    for path, text in codes.pages_of_codes().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_config(config: Any) -> Any:
    """Name these pages in the navigation, where it says EVERY_CODE."""
    every = sorted(codes.pages_of_codes())
    config.nav = _expanded(config.nav, every)
    return config


def _expanded(nav: Any, pages: list[str]) -> Any:
    if isinstance(nav, dict):
        return {title: _expanded(inside, pages) for title, inside in nav.items()}
    if isinstance(nav, list):
        return [
            one
            for item in nav
            for one in (pages if item == EVERY_CODE else [_expanded(item, pages)])
        ]
    return nav


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Make what a page asks for."""

    return MADE.sub(lambda found: MAKERS[found[1]](*found[2].split()), markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Docstrings announce a block of code with two colons; Markdown needs one, or none."""
    return html.replace("<p>::</p>", "").replace("::</p>", ":</p>")
