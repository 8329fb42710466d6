"""A stream of even numbers for one strategy in one simulation.

Strategies draw much and are keyed by their seed alone, so they don't need a digest for each number;
this is splitmix64, the same on every machine and Python version.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Generic, TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


class Stream:
    """Even numbers, keyed by a seed and by what they are for."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, *purpose: object) -> None:
        text = "\x1f".join(str(part) for part in (seed, *purpose))
        self._state = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")

    @property
    def state(self) -> int:
        """Where in it the next number is."""
        return self._state

    @classmethod
    def at(cls, state: int) -> Stream:
        """The rest of a stream that was there before."""
        stream = cls.__new__(cls)
        stream._state = state
        return stream

    def word(self) -> int:
        """An even integer of 64 bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def even(self) -> float:
        """From 0 up to, and without, 1."""
        return (self.word() >> 11) * 2.0**-53

    def below(self, ways: int) -> int:
        """From 0 up to, and without, *ways*."""
        return (self.word() * ways) >> 64

    def pick(self, options: tuple[T, ...]) -> T:
        """One of these."""
        return options[(self.word() * len(options)) >> 64]

    def some(self, count: int, upto: int) -> set[int]:
        """*count* different numbers from 0 up to, and without, *upto* (all, if there are fewer)."""
        if count >= upto:
            return set(range(upto))
        found: set[int] = set()
        while len(found) < count:
            found.add(self.below(upto))
        return found


class Deck(Generic[T]):
    """Deals its cards in a drawn order, all of them before any comes again."""

    def __init__(self, cards: tuple[T, ...]) -> None:
        self._cards = cards
        self._left: list[T] = []

    def deal(self, luck: Stream) -> T:
        """The next card."""
        if not self._left:
            self._left = list(self._cards)
        return self._left.pop(luck.below(len(self._left)))
