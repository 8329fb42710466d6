"""Lines: sentences about names that are long, broken where a terminal ends."""

from __future__ import annotations

import textwrap

WIDTH = 80


def wrapped(text: str, first: str, then: str) -> list[str]:
    """Lines of at most 80 columns; a name that is too long for its line stands below it."""
    begin = [] if len(first) + len(text.partition(" ")[0]) <= WIDTH else [first]
    return begin + textwrap.wrap(
        text,
        WIDTH,
        initial_indent="    " if begin else first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )
