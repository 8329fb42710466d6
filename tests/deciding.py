"""Who decides what can go either way, for tests that need somebody."""

from __future__ import annotations

from windtunnel.choices import Even, Stream


def even(seed: int) -> Even:
    """Draws evenly, by a seed."""
    one = Even()
    one.begin(Stream(seed))
    return one
