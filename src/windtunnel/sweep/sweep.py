"""Sweep: the same work on many items, each answer a function of its item alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from windtunnel.sweep.backend import HERE, Backend
from windtunnel.sweep.engines import engine_of
from windtunnel.sweep.failures import raised
from windtunnel.sweep.kept import Kept, Shelf
from windtunnel.sweep.sending import Sending
from windtunnel.sweep.worker import Answered, answered

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
    on: Backend = HERE,
    tell: Progress | None = None,
    kept: Kept | None = None,
) -> Iterator[Answer]:
    """The answers to the items, in the order of the items, and the same on each backend.

    Args:
        work: A function of a module, so that another process finds it by name. Its answer depends
            on what it is given alone, and is plain data, as JSON can hold it: tuples come back as
            lists. What it compiles of *shared* it may keep in its process with `prepared`.
        shared: What is the same for all items, such as the scenario that they vary; it is sent to
            each worker once.
        items: What differs, small: a seed, a few settings.
        on: Where; workers stay there for the next sweep until `closing` ends.
        tell: Called as answers come.
        kept: Where answers are kept until everything is done. What an interrupted command has left
            there is not worked on again.

    Raises:
        InvalidInput: the work says so; or the backend is not installed, does not answer, has no
            workers, or workers of another release.
        WorkerLost: an item ended several workers.
        WorkFailed: the work came to an error that is no user's mistake.
    """
    shelf = None if kept is None else kept.shelf(work, shared)
    answers = _answers(work, shared, items, on, shelf)
    for number, item in enumerate(items):
        if tell is not None:
            tell("Simulating", number, len(items))
        text, failure = next(answers)
        if text is None:
            assert failure is not None
            raise raised(failure, item)
        yield json.loads(text)


def _answers(
    work: Callable[[Any, Any], object],
    shared: object,
    items: Sequence[Any],
    on: Backend,
    shelf: Shelf | None,
) -> Iterator[Answered]:
    """What was answered to each item, in order."""
    there: dict[int, Answered] = {}
    if shelf is not None:
        taken = ((number, shelf.take(item)) for number, item in enumerate(items))
        there = {number: (text, None) for number, text in taken if text is not None}
    missing = [number for number in range(len(items)) if number not in there]
    coming: Iterator[tuple[int, Answered]] = iter(())
    if on == HERE:
        coming = ((number, answered(work, shared, items[number])) for number in missing)
    elif missing:
        coming = Sending(engine_of(on), work, shared, items, missing).answers()
    for number in range(len(items)):
        while number not in there:
            new, answer = next(coming)
            there[new] = answer
            if shelf is not None and answer[0] is not None:
                shelf.put(items[new], answer[0])
        yield there.pop(number)
