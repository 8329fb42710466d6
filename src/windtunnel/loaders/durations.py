"""Durations as people write them: ``90m``, ``1h30m``, ``2d``, or a number of seconds."""

from __future__ import annotations

import math
import re

from windtunnel.errors import InvalidInput

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
PATTERN = r"^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$|^\s*\d+(\.\d+)?\s*$"
"""What a duration looks like; a bare number is seconds."""
EXAMPLES = "'30s', '10m', '1h30m', '2d' or a number of seconds"


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
