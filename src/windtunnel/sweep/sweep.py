"""Sweep: the same work on many items, each answer a function of its item alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Answer = TypeVar("Answer")

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""


def sweep(
    work: Callable[[Shared, Item], Answer],
    shared: Shared,
    items: Sequence[Item],
    *,
    tell: Progress | None = None,
) -> Iterator[Answer]:
    """The answers to the items, in the order of the items.

    Args:
        work: A function of a module, so that another process finds it by name. Its answer depends
            on what it is given alone, and is plain data, as a file of JSON can hold it.
        shared: What is the same for all items, such as the scenario that they vary; it is sent
            once.
        items: What differs, small: a seed, a few settings.
        tell: Called as answers come.
    """
    for number, item in enumerate(items):
        if tell is not None:
            tell("Simulating", number, len(items))
        yield work(shared, item)
