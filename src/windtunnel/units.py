"""Durations and instants in words, the same in every report."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def duration(seconds: float) -> str:
    """Seconds in words, its two largest units at most: ``1d``, ``2h 5m``, ``4.5s``."""
    if 0 < seconds < 10 and seconds != int(seconds):
        return f"{max(seconds, 0.001):.3f}".rstrip("0").rstrip(".") + "s"
    rest = round(seconds)
    parts: list[str] = []
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts) or "0s"


def clock(at: datetime, *, beside: datetime | None = None) -> str:
    """An instant in UTC, to the second; only the time if it is on the same day as *beside*."""
    at = at.astimezone(UTC)
    if beside is not None and at.date() == beside.astimezone(UTC).date():
        return f"{at:%H:%M:%S}"
    return f"{at:%Y-%m-%d %H:%M:%S}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: ``1 task``, ``2 tasks``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
