"""Setup scopes: what is created ``with`` a setup or teardown task runs between the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.edges import connect


@dataclass(eq=False)
class Scope:
    """One open ``with`` block of setup and teardown tasks."""

    setups: list[Any]
    teardowns: list[Any]
    tasks: list[Any] = field(default_factory=list)

    def close(self, outer: Scope | None) -> None:
        """Put what was created inside between the setups and the teardowns.

        Setups and teardowns that were created inside have their own edges."""
        inside = [t for t in self.tasks if not t.is_setup and not t.is_teardown]
        if inside:
            connect(self.setups, [t for t in inside if not t.upstream_task_ids] or inside[:1])
            connect([t for t in inside if not t.downstream_task_ids] or inside[-1:], self.teardowns)
        if outer is not None:
            connect(outer.setups, self.setups)
            connect(self.teardowns, outer.teardowns)


def open_scope(tasks: Sequence[Any]) -> None:
    """Begin a scope around setup or teardown tasks, and those on the other side of them."""
    setups = [t for t in tasks if t.is_setup]
    teardowns = [t for t in tasks if t.is_teardown]
    if setups:
        for task in setups:
            teardowns += [t for t in task.downstream_list if t.is_teardown and t not in teardowns]
    else:
        for task in teardowns:
            setups += [t for t in task.upstream_list if t.is_setup and t not in setups]
    session.current().scopes.append(Scope(setups, teardowns))


def close_scope() -> None:
    """End the innermost scope."""
    scopes = session.current().scopes
    scopes.pop().close(scopes[-1] if scopes else None)


def add_to_scope(*tasks: Any) -> None:
    """Put tasks that were created outside into the innermost scope."""
    for task in tasks:
        for inner in task.leaves:
            session.current().scopes[-1].tasks.append(inner)


def note_created(task: Any) -> None:
    """A task was created: it belongs to the scopes that are open."""
    for scope in session.current().scopes[-1:]:
        scope.tasks.append(task)
