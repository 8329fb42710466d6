"""Columns: whole numbers in few characters, for a hundred thousand rows in one page.

Neighbours are mostly alike, so that each is told as the difference to the one before; the first
bytes of all come first, then the second ones, so that zeros lie together; and what that gives is
deflated. ``static/columns.js`` reads them.
"""

from __future__ import annotations

import base64
import zlib
from array import array
from collections.abc import Sequence
from itertools import chain
from operator import sub
from typing import Any

PLAIN = 64
"""Columns of so few numbers stay as they are."""


class Packed(str):
    """Base64: no text for people, and not to be changed."""

    __slots__ = ()


def column(values: Sequence[int]) -> Any:
    """Numbers as JSON: a list, or ``{"n": how many, "w": bytes of each, "z": base64}``."""
    if len(values) <= PLAIN:
        return list(values)
    steps = map(sub, values, chain((0,), values))
    zigzag = array("Q", [(one << 1) ^ (one >> 63) for one in steps])
    width = max(1, (max(zigzag).bit_length() + 7) // 8)
    raw = zigzag.tobytes() if _LITTLE else _swapped(zigzag)
    planes = b"".join(raw[plane::8] for plane in range(width))
    packed = zlib.compress(planes, 9, wbits=-15)
    return {"n": len(values), "w": width, "z": Packed(base64.b64encode(packed).decode())}


_LITTLE = array("H", [1]).tobytes()[0] == 1


def _swapped(values: array[int]) -> bytes:
    values = values[:]
    values.byteswap()
    return values.tobytes()
