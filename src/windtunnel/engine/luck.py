"""Luck: how long things take that are drawn, what happens by chance, who of equals comes first.

Keyed randomness is a number that depends on the seed and on what it is for, and on nothing else.
Changing a pool must not change a task's duration, and dropping a DAG must not reshuffle the others:
so there is no stream of random numbers, only a function of (seed, purpose, dag, run, task, ...).
"""

from __future__ import annotations

from hashlib import blake2b

from windtunnel.engine.tries.durations import EVEN, amount, drawn_us
from windtunnel.model import Amount, Distribution, Odds

ENDS = ("fail", "fail_no_retry", "skip")


def draw(seed: int, *key: object) -> int:
    """An even 64-bit integer draw for this key; the same on every machine and Python version."""
    text = "\x1f".join(str(part) for part in (seed, *key))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


class Luck:
    """By the seed: each draw keyed by what it is for and whom it is about."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def length_us(
        self,
        given: float | Distribution | None,
        purpose: str,
        about: tuple[object, ...],
        since: int | None = None,
    ) -> int:
        """Microseconds of what is given in seconds, or drawn; 0 if nothing is.

        *since* is when it begins, if that is not now.
        """
        if given is None:
            return 0
        if isinstance(given, float | int):
            return round(given * 1_000_000)
        return drawn_us(given, draw(self.seed, purpose, *about))

    def amount(self, given: Amount, about: tuple[object, ...], *purpose: object) -> float:
        """So much, or what is drawn."""
        if isinstance(given, float | int):
            return float(given)
        return amount(given, draw(self.seed, *purpose, *about))

    def happens(self, chance: float, about: tuple[object, ...], *purpose: object) -> bool:
        """Whether something happens that has this chance."""
        return draw(self.seed, *purpose, *about) < chance * EVEN

    def ending(self, odds: Odds, about: tuple[object, ...]) -> str:
        """How a try ends."""
        even = draw(self.seed, "outcome", *about) / EVEN
        for end in ENDS:
            even -= getattr(odds, end)
            if even < 0:
                return end
        return "success"
