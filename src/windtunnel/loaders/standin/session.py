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

from windtunnel.loaders.standin.guesses import Asked, Guesses
from windtunnel.loaders.standin.own import OwnModules

DEFAULT_NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""What ``days_ago`` and ``pendulum.now`` count from unless a scenario says when it starts.

Never the wall clock: loading twice must give the same fleet."""


INSTALLED = f"{os.sep}site-packages{os.sep}"
LIBRARY = (os.path.dirname(os.__file__) + os.sep, "<frozen ")
"""Where Python's own library lies."""
STANDIN = os.path.dirname(__file__) + os.sep
"""Where the stand-in lies: once installed, below the library's site-packages."""


@dataclass(eq=False)
class Session:
    """One load: its settings, the file being executed, and what that file made."""

    profile: str = "airflow-3.3"
    roots: tuple[Path, ...] = ()
    """Folders that are on Airflow's path: DAGs, plugins, and what is imported beside them."""
    root: Path = Path()
    """Root of the repository."""
    folder: Path = Path()
    """The folder of DAG files that is loaded."""
    now: datetime = DEFAULT_NOW
    variables: dict[str, Any] = field(default_factory=dict)
    """Airflow Variables that the user supplied."""
    connections: dict[str, Any] = field(default_factory=dict)
    config: dict[str, dict[str, str]] = field(default_factory=dict)
    running: bool = False
    """Whether tasks run: what is unknown then fails them, in the place of a placeholder."""
    generous: int = 0
    """How much gets a placeholder. 0: what can't be without one. 1, after a file failed: also what
    Python would go on without. 2, after it failed again: also modules of the repository that aren't
    on Airflow's path, a library with its examples perhaps."""
    guesses: Guesses = field(default_factory=Guesses)
    """What is taken for granted after a file failed."""
    asked: Asked = field(default_factory=Asked)
    """What the file asked for, to make guesses of if it fails."""
    unordered: bool = False
    """Whether the file, or a module of the repository that it imports, makes sets."""
    environment: dict[str, str | None] = field(default_factory=dict)
    """Environment variables that were read, with their values."""
    classes: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Classes made for names that nobody knows, by module and name; a file may change them."""
    missing: set[str] = field(default_factory=set)
    """Top-level modules that were asked for and aren't installed."""
    file: str | None = None
    """The DAG file being executed, as its code objects name it."""
    assumed: dict[tuple[str, str], None] = field(default_factory=dict)
    dags: list[Any] = field(default_factory=list)
    """DAGs that this file used as a context or made by calling a ``@dag`` function."""
    dag_stack: list[Any] = field(default_factory=list)
    unknown_calls: dict[int, dict[str, None]] = field(default_factory=dict)
    """By identity of a DAG: what was called, while it was open, of modules that aren't there."""
    group_stack: list[Any] = field(default_factory=list)
    scopes: list[Any] = field(default_factory=list)
    """Setup and teardown tasks whose ``with`` block is open."""

    def assume(self, subject: str, assumed: str) -> None:
        """Record, once, that something was taken for granted."""
        self.assumed[subject, assumed] = None

    @cached_property
    def own(self) -> OwnModules:
        """The Python files of the repository by the names that could mean them."""
        return OwnModules(self.root)

    def note_unknown_call(self, called: str) -> None:
        """Something that isn't installed was called; perhaps it makes tasks of the open DAG."""
        if self.dag_stack:
            self.unknown_calls.setdefault(id(self.dag_stack[-1]), {})[called] = None

    def begin(self, file: str) -> None:
        """Start on a new DAG file; nothing that the last one left open reaches it."""
        self.file = file
        for open_things in (self.dags, self.dag_stack, self.group_stack, self.scopes):
            open_things.clear()
        self.unknown_calls.clear()

    def is_own(self, file: str) -> bool:
        """Whether code of this file name is the repository's."""
        return file == self.file or self.is_under_roots(file)

    def asked_by_repository(self) -> bool:
        """Whether the code that runs was called by a file of the repository, seen from the caller,
        with nothing but Python's own library between."""
        frame: Any = sys._getframe(2)
        while frame is not None:
            name = frame.f_code.co_filename
            if self.is_own(name):
                return True
            is_library = name.startswith(LIBRARY) and "site-packages" not in name
            if not is_library and not name.startswith(STANDIN):
                return False
            frame = frame.f_back
        return False

    def is_under_roots(self, file: str) -> bool:
        """Whether a source file belongs to the repository being loaded; what is installed in a
        virtual environment inside of it doesn't."""
        return any(
            file.startswith(prefix) and INSTALLED not in file[len(prefix) - 1 :]
            for prefix in self._prefixes
        )

    @cached_property
    def _prefixes(self) -> tuple[str, ...]:
        return tuple(f"{folder}{os.sep}" for folder in (self.root, *self.roots))

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
