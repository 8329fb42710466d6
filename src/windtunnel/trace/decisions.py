"""Decisions: what somebody chose to go another way than it usually does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer that was not the calm one: a scenario that holds it repeats it."""

    at_us: int
    kind: str
    """``duration``, ``tie``, ``outcome``, ``mishap``, ``jitter``, ``fault 2`` and the like."""
    actor: tuple[object, ...]
    """Whom it is about: dag_id, run, task_id, map index, try. Of a tie: who would have come
    first."""
    nth: int
    """How often the same was asked before."""
    value: int
    ways: int
    """How many answers there were; the last length is the longest."""
    us: int = 0
    """Of a length: how long it is with this answer."""
    instead: tuple[object, ...] = ()
    """Of a tie: who came first instead."""
