"""Keyed randomness: a number that depends on the seed and on what it is for, and on nothing else.

Changing a pool must not change a task's duration, and dropping a DAG must not reshuffle the others:
so there is no stream of random numbers, only a function of (seed, purpose, dag, run, task, ...).
"""

from __future__ import annotations

from hashlib import blake2b


def draw(seed: int, *key: object) -> int:
    """An even 64-bit integer draw for this key; the same on every machine and Python version."""
    text = "\x1f".join(str(part) for part in (seed, *key))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
