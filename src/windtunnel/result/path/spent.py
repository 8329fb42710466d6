"""Spent: some time that went by, whose it was and what for; and how several of them read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from windtunnel.units import clock, duration

NAMED = 2
"""Holders of a limit that are named."""
ROWS = 16
"""Pieces that are told, the longest; the others are only counted."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Some time that a task instance ran, or that it, or a dag run, waited for one thing."""

    name: str
    """``dag_id.task_id``, with the map index in brackets if it has one; the ``dag_id`` of a run."""
    run: str
    """Name of the dag run."""
    since: datetime
    until: datetime
    does: str
    """``ran``, ``ran (try 1: execution_timeout)``, ``waited for pool db (1 slot), held by ...``."""
    limit: str = ""
    """What it waited for, as in ``Task.waited_on``, or ``schedule``: nothing was due yet. Empty: it
    ran."""
    ti: int | None = None
    """Index of the task instance; None if it is of the run as a whole."""
    behind: tuple[Spent, ...] = ()
    """Of a wait for a limit: who had the part of it that then came free, one after the other; the
    last one's end ended the wait."""

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.until - self.since).total_seconds()

    @property
    def ran(self) -> bool:
        """Whether something ran; else something was waited for."""
        return not self.limit


def told(pieces: Sequence[Spent], *, own: str = "", named: bool = True) -> list[str]:
    """The pieces as lines, the shortest left out if there are many; *named*: whose they are; *own*:
    the run of which nobody needs to be told that it is of this run."""
    if not pieces:
        return []
    kept = sorted(pieces, key=lambda one: -one.seconds)[:ROWS]
    day = pieces[0].since
    dag_id = pieces[-1].name.partition(".")[0]
    lines = [
        f"  {clock(one.since, beside=day)}  {duration(one.seconds):>7}  "
        + (f"{whose(one, dag_id, own)} {one.does}" if named else one.does)
        for one in pieces
        if one in kept
    ]
    if len(pieces) > ROWS:
        lines.append(f"  ... and {len(pieces) - ROWS} shorter ones")
    return lines


def whose(one: Spent, dag_id: str, own: str) -> str:
    """Its name; with its run if that is another one of the same DAG."""
    of_dag = one.name == dag_id or one.name.startswith(f"{dag_id}.")
    return f"{one.name} ({one.run})" if own and of_dag and one.run != own else one.name


def worst(pieces: Iterable[Spent], most: int = 3) -> str:
    """The longest pieces in a few words: ``load waited 3h for pool db (1 slot), ran 1h 55m``."""
    longest = sorted(pieces, key=lambda one: -one.seconds)[:most]
    return "; ".join(f"{duration(one.seconds)} {one.name} {_short(one)}" for one in longest)


def _short(one: Spent) -> str:
    return one.does.partition(", held by")[0].partition("; ")[0]


def some(holders: Sequence[str]) -> str:
    """A few of these, ``dag_id.task_id (run)``, each once with the number of its runs."""
    times = Counter(name.partition(" (")[0] for name in holders)
    named = [f"{name} ({n} runs)" if n > 1 else name for name, n in times.items()]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return ", ".join(named[:NAMED]) + more
