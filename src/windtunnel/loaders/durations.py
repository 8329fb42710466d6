"""Durations as people write them: ``90m``, ``1h30m``, ``2d``, or a number of seconds."""

from __future__ import annotations

import math
import re

from windtunnel.errors import InvalidInput

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
PATTERN = r"^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$|^\s*\d+(\.\d+)?\s*$"
"""What a duration looks like; a bare number is seconds."""
EXAMPLES = "'30s', '10m', '1h30m', '2d' or a number of seconds"


def in_words(seconds: float) -> str:
    """A duration, exact to the millisecond, as `parse_duration` reads it: ``1h30m``."""
    rest = round(seconds * 1000)
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        number, rest = divmod(rest, round(UNITS[unit] * 1000))
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


def parse_duration(text: str | float) -> float:
    """A duration in seconds.

    Raises:
        InvalidInput: it is none, negative or infinite.
    """
    if isinstance(text, str):
        if not re.match(PATTERN, text):
            raise InvalidInput(f"{text!r} is no duration; write {EXAMPLES}")
        parts = re.findall(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?", text)
        return math.fsum(float(number) * UNITS[unit or "s"] for number, unit in parts)
    if isinstance(text, bool) or not math.isfinite(text) or text < 0:
        raise InvalidInput(f"{text!r} is no duration; write {EXAMPLES}")
    return float(text)
