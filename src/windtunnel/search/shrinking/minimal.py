"""Minimal: the fewest of some things with which something still holds.

Delta debugging (Zeller and Hildebrandt, 2002): first half of them is left out, then a quarter, and
so on, and at the end each one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def minimal(items: Sequence[T], holds: Callable[[list[T]], bool]) -> list[T]:
    """Some of the items, with which it holds, and without any one of which it does not.

    It must hold with all of them; the order is kept.
    """
    kept = list(items)
    if kept and holds([]):
        return []
    parts = 2
    while len(kept) > 1:
        size = -(-len(kept) // parts)
        for start in range(0, len(kept), size):
            rest = kept[:start] + kept[start + size :]
            if rest and holds(rest):
                kept, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                return kept
            parts = min(parts * 2, len(kept))
    return kept
