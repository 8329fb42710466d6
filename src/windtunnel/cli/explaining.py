"""``windtunnel explain``: the page of a code."""

from __future__ import annotations

from windtunnel.cli.exits import CLEAN
from windtunnel.cli.terminal import Terminal
from windtunnel.explain import page, pages
from windtunnel.report import codes_json, codes_text, page_json


def code(asked: str | None, terminal: Terminal, *, json: bool) -> int:
    """Print the page of a code, or the list of all codes.

    Raises:
        InvalidInput: there is no such code.
    """
    if asked is None:
        terminal.show(codes_json(pages()) if json else codes_text(pages()))
        return CLEAN
    found = page(asked)
    if json:
        terminal.show(page_json(found))
    else:
        terminal.show_page(found.text)
    return CLEAN
