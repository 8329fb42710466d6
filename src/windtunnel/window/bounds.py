"""Bounds: the instants and lengths that a window may have, so that no calendar ends inside it."""

from __future__ import annotations

from datetime import UTC, datetime

from windtunnel.errors import InvalidInput

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
LONGEST_S = 100 * 366 * 86400.0


def check_start(start: datetime, said: str) -> None:
    """Refuse a start that has no timezone or is out of bounds.

    Args:
        start: the first instant of the window.
        said: how the user gave it: ``--from 0001-01-01``.

    Raises:
        InvalidInput: it can't be used.
    """
    if start.tzinfo is None:
        raise InvalidInput(f"{said}: give it a timezone, e.g. tzinfo=UTC")
    if not EARLIEST <= start <= LATEST:
        raise InvalidInput(f"{said}: must be from {EARLIEST:%Y} to {LATEST:%Y}")


def check_length(seconds: float, said: str) -> None:
    """Refuse a length that is no time at all, or more than a century.

    Raises:
        InvalidInput: it can't be used.
    """
    if not 0 < seconds <= LONGEST_S:
        raise InvalidInput(f"{said}: must be more than 0 s and at most 100 years")
