"""Sentences broken into lines that fit a terminal."""

from __future__ import annotations

import textwrap


def wrap(text: str, *, first: str = "", then: str | None = None, width: int = 80) -> list[str]:
    """Lines of *text*, begun with *first*, continued with *then* (default: as many spaces).

    Words are never broken: ids and commands stay whole, so that they can be copied. One that has
    no room beside *first* begins the next line.
    """
    word = len(text.split(maxsplit=1)[0]) if text.split() else 0
    if then is not None and len(first) + word > width and first.strip() and len(then) < len(first):
        return [first.rstrip(), *wrap(text, first=then, width=width)]
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first) if then is None else then,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]
