"""Session: what one load of DAG files knows and has recorded so far."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

DEFAULT_NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""What ``days_ago`` and ``pendulum.now`` count from unless a scenario says when it starts.

Never the wall clock: loading twice must give the same fleet."""


@dataclass(eq=False)
class Session:
    """One load: its settings, the file being executed, and what that file made."""

    profile: str = "airflow-3.3"
    roots: tuple[Path, ...] = ()
    now: datetime = DEFAULT_NOW
    file: str | None = None
    """The DAG file being executed, as its code objects name it."""
    assumed: dict[tuple[str, str], None] = field(default_factory=dict)
    dags: list[Any] = field(default_factory=list)
    """DAGs that this file used as a context or made by calling a ``@dag`` function."""
    dag_stack: list[Any] = field(default_factory=list)
    group_stack: list[Any] = field(default_factory=list)
    scopes: list[Any] = field(default_factory=list)
    """Setup and teardown tasks whose ``with`` block is open."""

    def assume(self, subject: str, assumed: str) -> None:
        """Record, once, that something was taken for granted."""
        self.assumed[subject, assumed] = None

    @cached_property
    def own_modules(self) -> dict[str, str]:
        """Names under which files and folders of the repository could be imported, with paths."""
        found: dict[str, str] = {}
        for root in self.roots:
            for folder, folders, files in os.walk(root):
                folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))
                python = sorted(f for f in files if f.endswith(".py"))
                if python and Path(folder) not in self.roots:
                    found.setdefault(Path(folder).name, folder)
                for file in python:
                    found.setdefault(file.removesuffix(".py"), os.path.join(folder, file))
        return found

    def begin(self, file: str) -> None:
        """Start on a new DAG file; nothing that the last one left open reaches it."""
        self.file = file
        for open_things in (self.dags, self.dag_stack, self.group_stack, self.scopes):
            open_things.clear()

    def is_under_roots(self, file: str) -> bool:
        """Whether a source file belongs to the repository being loaded."""
        path = Path(file)
        return any(path.is_relative_to(root) for root in self.roots)

    def line(self) -> int | None:
        """Line of the DAG file that is being executed right now, seen from the caller."""
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self.file:
                return frame.f_lineno
            frame = frame.f_back  # type: ignore[assignment]
        return None

    def origin(self) -> str | None:
        """The repository file whose code is running, a helper module perhaps."""
        frame = sys._getframe(1)
        while frame is not None:
            file = frame.f_code.co_filename
            if file == self.file or self.is_under_roots(file):
                return file
            frame = frame.f_back  # type: ignore[assignment]
        return None


_sessions: list[Session] = [Session()]


def current() -> Session:
    """The session of the load under way; outside any load a session that nobody reads."""
    return _sessions[-1]


@contextmanager
def opened(session: Session) -> Iterator[Session]:
    """Make a session the current one inside the ``with`` block."""
    _sessions.append(session)
    try:
        yield session
    finally:
        _sessions.remove(session)
