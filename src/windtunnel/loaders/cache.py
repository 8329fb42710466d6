"""Cache: what DAG files came to last time, for as long as nothing that they depend on has changed.

A result is used again only if the file, everything that it read from the repository and beside it,
the environment variables that it looked at, and which of its modules aren't installed are as they
were; and if windtunnel, Python, the settings and the names of all Python files of the repository
are the same. What could be different each time (a time limit, a killed process) is never kept.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from windtunnel.loaders.discovery import repository_names
from windtunnel.loaders.reading import FileResult
from windtunnel.loaders.settings import Settings
from windtunnel.loaders.standin.reads import file_digest, folder_digest, is_installed
from windtunnel.model.base import Value

PLACE = "WINDTUNNEL_CACHE"
"""Environment variable: the cache folder; ``off`` for none."""


class Entry(Value):
    """The result of one file, and the digest of the file that it belongs to."""

    digest: str
    result: FileResult | None = None


_ENTRIES: TypeAdapter[dict[str, Entry]] = TypeAdapter(dict[str, Entry])


def cache_folder() -> Path | None:
    """Where results are kept; ``None`` if they aren't."""
    told = os.environ.get(PLACE)
    if told is not None:
        return None if told in ("", "off") else Path(told)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "windtunnel"


@functools.cache
def _program() -> str:
    """Which windtunnel this is: its version, and in a working copy the state of its files."""
    digest = hashlib.sha256(f"{version('windtunnel')} {sys.version}".encode())
    package = Path(__file__).parents[1]
    for room in ("loaders", "model"):
        for file in sorted((package / room).rglob("*.py")):
            status = file.stat()
            digest.update(f"{file}{status.st_size}{status.st_mtime_ns}".encode())
    return digest.hexdigest()


@dataclass(eq=False)
class Cache:
    """The kept results of one folder under one set of settings."""

    place: Path | None
    """The file that holds them; ``None``: nothing is kept."""
    _entries: dict[str, Entry] = field(default_factory=dict)
    _used: dict[str, Entry] = field(default_factory=dict)
    _file_digests: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, folder: Path | None) -> Cache:
        """The cache of a load, read from its file."""
        if folder is None:
            return cls(None)
        names = repository_names(settings.root)
        told = json.dumps([_program(), settings.model_dump(mode="json"), names, sys.path])
        key = hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        cache = cls(folder / "loads" / f"{key}.json")
        cache._entries = _read(folder / "loads" / f"{key}.json")
        return cache

    def get(self, name: str, file: Path) -> Entry | None:
        """What is known of a file, if it still holds."""
        entry = self._entries.get(name)
        if entry is None or entry.digest != self._digest(str(file)):
            return None
        if entry.result is not None and not self._still(entry.result):
            return None
        self._used[name] = entry
        return entry

    def put(self, name: str, file: Path, result: FileResult | None) -> None:
        """Keep the result of a file."""
        digest = self._digest(str(file))
        if digest is not None and (result is None or result.lasting):
            self._used[name] = Entry(digest=digest, result=result)

    def write(self) -> None:
        """Write what was used or put; a cache that can't be written is none."""
        if self.place is None or self._used == self._entries:
            return
        with contextlib.suppress(OSError, ValueError):
            self.place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.place.parent, delete=False) as made:
                made.write(_ENTRIES.dump_json(self._used))
            os.replace(made.name, self.place)

    def _still(self, result: FileResult) -> bool:
        reads = result.reads
        return (
            _same(reads.files, self._digest)
            and _same(reads.folders, folder_digest)
            and _same(reads.environment, os.environ.get)
            and not any(_installed(name) for name in reads.missing)
        )

    def _digest(self, path: str) -> str | None:
        if path not in self._file_digests:
            self._file_digests[path] = file_digest(path)
        return self._file_digests[path]


def _same(then: Mapping[str, Any], now: Callable[[str], Any]) -> bool:
    return all(now(name) == value for name, value in then.items())


def _installed(name: str) -> bool:
    return is_installed(name)


def _read(file: Path) -> dict[str, Entry]:
    try:
        return _ENTRIES.validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return {}
