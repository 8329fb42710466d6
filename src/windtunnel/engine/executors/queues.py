"""Queues: what waits, first in, first out, in queues with names."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Queues(Generic[Item]):
    """Several queues; each thing waits in one of them at most."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[tuple[int, Item]]] = {}
        self._place: dict[Item, tuple[int, str]] = {}
        """Number and queue; an entry of a queue that is not there under its number is stale."""
        self._depth: dict[str, int] = {}
        self._last = 0
        self._first = 0

    def __bool__(self) -> bool:
        return bool(self._place)

    def __contains__(self, item: Item) -> bool:
        return item in self._place

    def put(self, item: Item, queue: str) -> None:
        """It waits behind all others."""
        self._last += 1
        self._queues.setdefault(queue, deque()).append((self._last, item))
        self._wait(item, queue, self._last)

    def put_first(self, item: Item, queue: str) -> None:
        """It waits before all others."""
        self._first -= 1
        self._queues.setdefault(queue, deque()).appendleft((self._first, item))
        self._wait(item, queue, self._first)

    def _wait(self, item: Item, queue: str, number: int) -> None:
        self._place[item] = (number, queue)
        self._depth[queue] = self._depth.get(queue, 0) + 1

    def remove(self, item: Item) -> bool:
        """It does not wait any more; returns whether it did."""
        place = self._place.pop(item, None)
        if place is None:
            return False
        self._depth[place[1]] -= 1
        return True

    def take(self, queues: Iterable[str]) -> Item | None:
        """The first of all that wait in these queues."""
        best: deque[tuple[int, Item]] | None = None
        for name in queues:
            queue = self._queues.get(name)
            while queue and self._place.get(queue[0][1], (0, ""))[0] != queue[0][0]:
                queue.popleft()
            if queue and (best is None or queue[0][0] < best[0][0]):
                best = queue
        if best is None:
            return None
        item = best.popleft()[1]
        self.remove(item)
        return item

    def items(self) -> list[Item]:
        """All that wait, the first first."""
        return sorted(self._place, key=lambda item: self._place[item][0])

    def depth(self, queue: str) -> int:
        """How many wait in a queue."""
        return self._depth.get(queue, 0)
