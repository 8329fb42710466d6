"""What a fleet says beforehand about where trouble may be: whom a search should make late, and whom
it should bring together.
"""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.choices.choices import Actor

Group = frozenset[tuple[str, str]]
"""Tasks, as (dag, task)."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Tasks that share something."""

    members: Group
    """Those that do, each with all that comes before it in its DAG."""
    holding: frozenset[tuple[object, ...]]
    """(dag, task, step) of those steps that have it, or (dag, task) where all do."""

    def holds(self, actor: Actor) -> bool:
        """Whether a question is about how long somebody has it."""
        return (actor[0], *actor[2:3]) in self.holding or (
            actor[0],
            *actor[2:4],
        ) in self.holding


@dataclass(frozen=True, slots=True)
class Hints:
    """Nothing that is not in here is left out by a search; it only comes up less often."""

    awaited: tuple[Group, ...] = ()
    """Others wait for the last of these tasks: it, and all that comes before it in its DAG."""
    meetings: tuple[Meeting, ...] = ()
    """Tasks that take the same lock, touch the same data, or use the same limit."""

    def __deepcopy__(self, _: object) -> Hints:
        return self  # nothing in it ever changes


NONE = Hints()


def is_in(group: Group, actor: Actor) -> bool:
    """Whether a task, or a dag run, is one of the group."""
    if len(actor) > 2:
        return (actor[0], actor[2]) in group
    return any(dag == actor[0] for dag, _ in group)
