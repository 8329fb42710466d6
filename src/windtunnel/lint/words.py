"""Words that several static checks use."""

from __future__ import annotations

from collections.abc import Sequence

NAMED = 5
UNITS = ((86400.0, "day"), (3600.0, "h"), (60.0, "min"))


def some(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def span(seconds: float) -> str:
    """A time in its largest unit with one decimal or none: ``90 s``, ``1.5 h``, ``7 days``."""
    for size, name in UNITS:
        if seconds >= size and round(seconds / size, 1) * size == seconds:
            plural = "s" if name == "day" and seconds != size else ""
            return f"{seconds / size:g} {name}{plural}"
    return f"{seconds:g} s"
