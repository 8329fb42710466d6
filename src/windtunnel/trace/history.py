"""History: every state change in order, in compact columns.

Many changes share an instant, so an instant is written once, with the number of the first change
that belongs to it: 5 bytes for each change and 16 for each instant.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import chain, repeat
from operator import sub


class History:
    """State changes: when (microseconds since the start), who, and into which state.

    ``who`` >= 0 is a task instance, < 0 the run ``~who``. Whoever appends to the columns calls
    `mark` first.
    """

    __slots__ = ("firsts", "instants", "states", "who")

    def __init__(self) -> None:
        self.instants = array("q")
        self.firsts = array("q")
        """Number of the first change of each instant."""
        self.who = array("i")
        self.states = bytearray()

    def mark(self, at: int) -> None:
        """What is appended from now on happens at this instant."""
        instants = self.instants
        if instants and instants[-1] == at:
            return
        if self.firsts and self.firsts[-1] == len(self.who):
            instants[-1] = at
        else:
            self.firsts.append(len(self.who))
            instants.append(at)

    def log(self, at: int, who: int, state: int) -> None:
        """Append one change."""
        self.mark(at)
        self.who.append(who)
        self.states.append(state)

    def at(self, number: int) -> int:
        """The instant of one change."""
        return self.instants[bisect_right(self.firsts, range(len(self))[number]) - 1]

    def times(self) -> Iterator[int]:
        """The instant of every change."""
        ends = chain(self.firsts[1:], (len(self.who),))
        return chain.from_iterable(map(repeat, self.instants, map(sub, ends, self.firsts)))

    def __len__(self) -> int:
        return len(self.who)

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """(when, who, state) of every change."""
        return zip(self.times(), self.who, self.states, strict=True)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
