"""Wait graph: who holds and who waits for what of a finding, and how that came about, step by step.

It is read off a simulation that shows the finding: its state changes, its waits, and who had the
limits that take part. A step is an instant at which the graph, or the state of somebody in it,
became another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from windtunnel.detect import Finding


@dataclass(frozen=True, slots=True)
class Node:
    """A task instance, or a limit."""

    name: str
    """``dag_id.task_id``, or a limit: ``pool db``."""
    run: str = ""
    """Dag run; empty for a limit."""
    size: int | None = None
    """Of a limit, if it has one."""

    @property
    def is_limit(self) -> bool:
        """Whether it is a limit."""
        return not self.run


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One waits for another, or a limit is held."""

    source: int
    """Index of a node: who waits; of a hold the limit."""
    target: int
    """What is waited for; of a hold who has it."""
    kind: str
    """``waits``: for a task; ``wants``: a limit; ``held``: a limit, by a task instance."""
    closed: bool = False
    """Whether it is part of a circle that has closed."""


@dataclass(frozen=True, slots=True)
class Step:
    """The graph from one instant on."""

    at: datetime
    what: tuple[str, ...]
    """What happened then, in words."""
    states: tuple[str, ...]
    """By node: the state of a task instance; of a limit how many hold it."""
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class WaitSteps:
    """How a finding came about."""

    finding: Finding
    nodes: tuple[Node, ...]
    steps: tuple[Step, ...]
    left_out: int
    """Task instances that take part and are not in the graph."""
