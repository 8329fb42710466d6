"""Kept: answers of a sweep on disk, so that what was interrupted goes on from there.

One file of JSON lines for each kind of work on the same content, by the same code. Short sweeps
write nothing, and whoever gets to the end leaves nothing behind.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, time
from typing import Any

from windtunnel.sweep.plain import digest
from windtunnel.sweep.releases import release
from windtunnel.sweep.worker import name_of

FORMAT = "windtunnel.sweep/1"
AFTER_S = 2.0
"""Work that was done sooner is quickly done again."""
OLD_S = 30 * 24 * 3600
"""What nobody has gone on with for so long nobody will."""


class Kept:
    """The answers of one command."""

    def __init__(self, folder: Path, *, after_s: float | None = None) -> None:
        self._folder = folder
        self._begun = monotonic()
        self._after_s = AFTER_S if after_s is None else after_s
        self._shelves: list[Shelf] = []
        self.taken = 0
        """Answers that an earlier start had left."""
        self.not_kept = ""
        """Why nothing can be written, if it should be."""

    def shelf(self, work: Callable[..., object], shared: object) -> Shelf:
        """Those of one kind of work on the same content."""
        shelf = next((one for one in self._shelves if one.is_for(work, shared)), None)
        if shelf is None:
            shelf = Shelf(self, work, shared)
            self._shelves.append(shelf)
        return shelf

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self._folder

    @property
    def is_late(self) -> bool:
        """Whether what was done so far is worth a file."""
        return monotonic() - self._begun >= self._after_s

    def written(self) -> int:
        """Write down what is not yet written; gives how many answers there are on disk."""
        return sum(shelf.written() for shelf in self._shelves)

    def forget(self) -> None:
        """Remove what was written: it was needed to get here, and here we are."""
        for shelf in self._shelves:
            shelf.forget()
        with suppress(OSError):
            self._folder.rmdir()


class Shelf:
    """The answers to the items of one kind of work on the same content."""

    def __init__(self, kept: Kept, work: Callable[..., object], shared: object) -> None:
        self._kept = kept
        self._work, self._shared = work, shared
        self._waiting: list[tuple[Any, str]] = []
        self._file: int | None = None
        self._count = 0
        self._path: Path | None = None
        self._known: dict[str, str] = {}
        if any(kept.folder.glob("*.jsonl")):  # else it needs no name yet
            self._known = dict(_read(self.path))

    def is_for(self, work: Callable[..., object], shared: object) -> bool:
        """Whether these are the answers of this work on this content."""
        return work is self._work and shared is self._shared

    @property
    def path(self) -> Path:
        """The file, whether it is there or not."""
        if self._path is None:
            name = digest([name_of(self._work), release(), self._shared])
            self._path = self._kept.folder / f"{name}.jsonl"
        return self._path

    def take(self, item: object) -> str | None:
        """The text of an answer that was there before; None if it was not."""
        text = self._known.get(digest(item)) if self._known else None
        self._kept.taken += text is not None
        return text

    def put(self, item: object, text: str) -> None:
        """One more answer."""
        self._waiting.append((item, text))
        if self._file is not None or self._kept.is_late:
            self.written()

    def written(self) -> int:
        """Write down what is not yet written; gives how many answers there are on disk."""
        lines = [f'{{"item":"{digest(item)}","answer":{text}}}\n' for item, text in self._waiting]
        if lines and not self._kept.not_kept:
            try:
                self._append("".join(lines))
                self._count += len(lines)
            except OSError as error:
                self._kept.not_kept = f"{self.path}: {error.strerror}"
        self._waiting = []
        return self._count + len(self._known)

    def _append(self, lines: str) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _remove_old(self.path.parent)
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            head = {"format": FORMAT, "work": name_of(self._work), "release": release()}
            # A line of its own, also after one that was torn.
            lines = f"\n{json.dumps(head)}\n{lines}"
        os.write(self._file, lines.encode())

    def forget(self) -> None:
        """Remove the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


@contextmanager
def keeping(folder: Path) -> Iterator[Kept]:
    """Answers are kept below this folder as long as the block lasts; if it does not get to its end,
    they stay for the next time."""
    kept = Kept(folder / "sweeps")
    try:
        yield kept
    except BaseException:
        kept.written()
        raise
    kept.forget()


def _read(path: Path) -> Iterator[tuple[str, str]]:
    """The digests of items, and their answers' texts. A line that is none was torn: its item is
    done again."""
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):
            read = json.loads(line)
            yield read["item"], json.dumps(read["answer"], separators=(",", ":"))


def _remove_old(folder: Path) -> None:
    for file in folder.glob("*.jsonl"):
        with suppress(OSError):
            if time() - file.stat().st_mtime > OLD_S:
                file.unlink()
