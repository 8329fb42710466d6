"""Console: what a callable does to the process while it runs is noted, and undone.

Its output, also that of its subprocesses, goes to nobody but us. Environment variables and the
current folder are its own, as they are in the process that Airflow starts for each task.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from windtunnel.execute.strands import Strand

STREAMS = (1, 2)
"""File descriptors of stdout and stderr."""
LONGEST = 1_000_000
"""Bytes that are kept of what a callable writes from one sleep to the next."""


class Console:
    """Catches what strands write, and keeps their environments apart."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(mode="w+b", buffering=0)  # noqa: SIM115 - until `close`
        self._error = _copy(2)
        self._nothing = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - likewise

    def close(self) -> None:
        """No strand will run any more."""
        self._file.close()
        self._nothing.close()
        if self._error is not None:
            os.close(self._error)

    def say(self, text: str) -> None:
        """Write to the real stderr, while a strand runs."""
        if self._error is not None:
            os.write(self._error, text.encode())

    @contextlib.contextmanager
    def watching(self, strand: Strand) -> Iterator[list[str]]:
        """Inside the ``with`` block a strand runs; then the list holds what it wrote, if
        anything."""
        written: list[str] = []
        self._file.seek(0)
        self._file.truncate()
        before = dict(os.environ), _folder()
        try:
            if strand.environment is not None:
                _restore(*strand.environment)
            with _streams(self._file, self._nothing):
                yield written
        finally:
            strand.environment = dict(os.environ), _folder()
            _restore(*before)
            text = written_to(self._file, 0)
            if text:
                written.append(text)


@contextlib.contextmanager
def caught(file: IO[bytes]) -> Iterator[None]:
    """Inside the ``with`` block what this process writes goes to a file, and it reads nothing."""
    with open(os.devnull, encoding="utf-8") as nothing, _streams(file, nothing):
        yield


@contextlib.contextmanager
def _streams(file: IO[bytes], nothing: IO[str]) -> Iterator[None]:
    streams: tuple[Any, ...] = sys.stdin, sys.stdout, sys.stderr
    for stream in streams[1:]:
        with contextlib.suppress(Exception):  # it may be closed, or not a stream at all
            stream.flush()
    out = io.TextIOWrapper(
        io.FileIO(file.fileno(), "w", closefd=False),
        encoding="utf-8",
        errors="replace",
        write_through=True,
    )
    kept = {number: kept for number in STREAMS if (kept := _copy(number)) is not None}
    for number in kept:
        os.dup2(file.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = nothing, out, out
    try:
        with _logging_to(out):
            yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        with contextlib.suppress(ValueError):  # the callable closed it
            out.flush()
        for number, real in kept.items():
            os.dup2(real, number)
            os.close(real)


def written_to(file: IO[bytes], since: int) -> str:
    """What a file got since it had so many bytes; of very much the beginning."""
    size = os.fstat(file.fileno()).st_size
    file.seek(since)
    text = file.read(min(size - since, LONGEST)).decode("utf-8", errors="replace")
    left = size - since - LONGEST
    return text if left <= 0 else f"{text}\n... and {left:,} bytes more\n"


@contextlib.contextmanager
def _logging_to(out: io.TextIOBase) -> Iterator[None]:
    """What is logged, from INFO on, is output as well, as it is in Airflow's task logs."""
    root, handler = logging.getLogger(), logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(levelname)s - %(message)s"))
    level, handlers = root.level, list(root.handlers)
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers


def _copy(number: int) -> int | None:
    """A second name for an open file; ``None`` if it isn't open."""
    try:
        return os.dup(number)
    except OSError:
        return None


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def _restore(environment: dict[str, str], folder: str) -> None:
    if dict(os.environ) != environment:
        os.environ.clear()
        os.environ.update(environment)
    if folder and _folder() != folder:
        with contextlib.suppress(OSError):  # it is gone: there is nowhere to go back to
            os.chdir(folder)
