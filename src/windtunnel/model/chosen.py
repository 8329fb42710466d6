"""Chosen: one thing of a scenario that goes another way than it usually does."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from windtunnel.model.base import Value


class Chosen(Value):
    """The answer to one question of a simulation. What nobody chose goes as it usually does, in the
    shortest time, and nothing goes wrong.

    It is kept under what it is about, not under its number: so it still finds its question when a
    DAG, a run or a fault is left out.
    """

    kind: str
    """``tie``, ``duration``, ``outcome``, ``mishap``, ``jitter`` and the like."""
    actor: tuple[str | int, ...]
    """Whom it is about: dag_id, run, task_id, map index, try, as far as that goes. Of a tie: who
    would have come first."""
    nth: Annotated[int, Field(ge=0)] = 0
    """How often the same was asked before."""
    value: Annotated[int, Field(ge=1)]
    """Which answer: of those that wait, counted from 0 for the one who would have come first; of
    lengths, from 0 for the shortest."""
