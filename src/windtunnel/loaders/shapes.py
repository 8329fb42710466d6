"""Shapes: what kind of value an argument may be. One of another kind is told by its name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from windtunnel.errors import InvalidInput

LONGEST = 60
"""Characters of a value that are repeated."""


def one_of(name: str, given: Any, kinds: tuple[type, ...], wanted: str) -> None:
    """Look at one value.

    Args:
        name: What the user calls it.
        given: The value.
        kinds: Types that will do. True and False are no numbers.
        wanted: What will do, in words.

    Raises:
        InvalidInput: it is of another kind.
    """
    if not isinstance(given, kinds) or (isinstance(given, bool) and bool not in kinds):
        raise InvalidInput(f"{name}={_shown(given)}: must be {wanted}")


def several_of(name: str, given: Any, kinds: tuple[type, ...], wanted: str) -> tuple[Any, ...]:
    """Values that are given alone or in a list, as a tuple.

    Raises:
        InvalidInput: one is of another kind.
    """
    if isinstance(given, kinds):
        return (given,)
    if isinstance(given, bytes) or not isinstance(given, Iterable):
        raise InvalidInput(f"{name}={_shown(given)}: must be {wanted}, or a list of them")
    each = tuple(given)
    for one in each:
        one_of(name, one, kinds, f"{wanted}, or a list of them")
    return each


def _shown(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
