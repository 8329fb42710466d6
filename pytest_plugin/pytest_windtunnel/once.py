"""Once: what a session works out a single time, in whichever of its processes needs it first."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Made = TypeVar("Made")


class Once:
    """Values by name, each made by the first that asks.

    Args:
        folder: Where processes of one session leave values for each other; None: there is only one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._made: dict[str, Any] = {}

    def get(self, name: str, make: Callable[[], Made]) -> Made:
        """The value of this name; *make* is called if nobody has made it."""
        if name not in self._made:
            self._made[name] = make() if self.folder is None else _shared(self.folder, name, make)
        made: Made = self._made[name]
        return made

    def found(self, name: str) -> Any | None:
        """The value of this name; None if nobody made it."""
        if name not in self._made and self.folder is not None:
            file = self.folder / name
            if file.is_file():
                self._made[name] = pickle.loads(file.read_bytes())
        return self._made.get(name)


def _shared(folder: Path, name: str, make: Callable[[], Made]) -> Made:
    file = folder / name
    with _lock(folder / f"{name}.lock"):
        if file.is_file():
            made: Made = pickle.loads(file.read_bytes())
            return made
        made = make()
        partial = folder / f"{name}.{os.getpid()}.part"
        partial.write_bytes(pickle.dumps(made))
        partial.replace(file)
        return made


def _lock(file: Path) -> contextlib.AbstractContextManager[Any]:
    """A lock that ends with its process. Without the library that has one, each process works
    things out for itself, and all come to the same."""
    try:
        from filelock import FileLock  # noqa: PLC0415 - needed with xdist only
    except ImportError:
        return contextlib.nullcontext()
    lock: contextlib.AbstractContextManager[Any] = FileLock(file)
    return lock
