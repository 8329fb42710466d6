"""Reads: what a DAG file read from outside itself while it was loaded, so that it can be told later
whether the same would be read again."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from windtunnel.loaders.standin.session import Session
from windtunnel.model.base import Value

UNCHANGING = tuple(
    f"{folder}{os.sep}"
    for folder in {sys.prefix, sys.base_prefix, "/proc", "/dev", "/sys", "/usr/share/zoneinfo"}
)
"""What lies below these belongs to the installation, not to the repository."""


class Reads(Value):
    """Files, folders, environment variables and installed modules that a result depends on."""

    files: Mapping[str, str | None] = Field(default_factory=dict)
    """Path -> digest of the contents; ``None``: there was no such file."""
    folders: Mapping[str, str | None] = Field(default_factory=dict)
    """Path -> digest of the names in it."""
    environment: Mapping[str, str | None] = Field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Top-level modules that were not installed."""


def file_digest(path: str) -> str | None:
    """Digest of a file's contents; ``None`` if it can't be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def folder_digest(path: str) -> str | None:
    """Digest of the names in a folder; ``None`` if there is none."""
    try:
        names = sorted(os.listdir(path))
    except OSError:
        return None
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def is_installed(module: str) -> bool:
    """Whether a top-level module can be imported by now."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


class Watch:
    """Collects what one file reads, from Python's audit events."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.files: set[str] = set()
        self.folders: set[str] = set()

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        """One audit event."""
        if event == "open":
            path, mode = arguments[0], arguments[1]
            if isinstance(path, str) and not (isinstance(mode, str) and set(mode) & set("wax+")):
                self._note(path, self.files)
        elif event in ("os.listdir", "os.scandir"):
            path = arguments[0] or "."
            if isinstance(path, str) and self.session.asked_by_repository():
                self._note(path, self.folders)

    def _note(self, path: str, into: set[str]) -> None:
        full = os.path.abspath(path)
        if self.session.is_under_roots(full) or (
            not full.startswith(UNCHANGING) and self.session.asked_by_repository()
        ):
            into.add(full)

    def seen(self) -> Reads:
        """What was read, with digests as of now."""
        own = self.session.file
        return Reads(
            files={path: file_digest(path) for path in sorted(self.files) if path != own},
            folders={path: folder_digest(path) for path in sorted(self.folders)},
            environment=dict(sorted(self.session.environment.items())),
            missing=tuple(sorted(self.session.missing)),
        )


_watches: list[Watch] = []
_hooked: list[bool] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watches and event in ("open", "os.listdir", "os.scandir"):
        _watches[-1].note(event, arguments)


def begin_watch(session: Session) -> Watch:
    """Watch what is read from now on; `end_watch` ends it."""
    if not _hooked:
        # An audit hook can't be taken away again; without a watch it does nothing.
        sys.addaudithook(_hook)
        _hooked.append(True)
    watch = Watch(session)
    _watches.append(watch)
    return watch


def end_watch(watch: Watch) -> None:
    """Stop watching."""
    _watches.remove(watch)
