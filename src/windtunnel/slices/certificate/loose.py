"""Loose: where less is known than a slice says, so that less follows from it."""

from __future__ import annotations

from dataclasses import dataclass

Place = tuple[str, str]
"""(DAG, task)"""


@dataclass(frozen=True)
class Loose:
    """What may be otherwise than the slice says; each only makes proofs harder."""

    ends: frozenset[Place] = frozenset()
    """May fail, or be skipped, without a fault."""
    starts: frozenset[Place] = frozenset()
    """May begin before all that is upstream is over."""
    passes: frozenset[Place] = frozenset()
    """May go on though what it waits for is not there."""
    pasts: frozenset[str] = frozenset()
    """DAGs of which it is not known which run is the one before another."""
    exceeded: frozenset[str] = frozenset()
    """Settings of limits that more may hold at once than fit."""
    windows: frozenset[str] = frozenset()
    """DAGs of which a run offers only its first max_active_tasks ready tasks: others wait behind
    them, though they fit."""
    instances_count_deferred: bool = False
    """Whether max_active_tis_per_dag counts deferred tasks."""


TIGHT = Loose()
