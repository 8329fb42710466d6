"""Worker: a process of its own in which DAG files are executed, and how it talks.

Whatever a file does (ends the process, forks, never returns from C, eats all memory) costs that
file only: the process that asked is never the one that executes it. Both sides exchange frames:
four bytes of length, then JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import sys
from typing import Any

from windtunnel.loaders.ordering import makes_sets
from windtunnel.loaders.reading import FileResult, Reader, not_read
from windtunnel.loaders.settings import Settings
from windtunnel.loaders.standin.session import current

LENGTH = struct.Struct(">I")


def send(descriptor: int, frame: bytes) -> None:
    """Write one frame.

    Raises:
        OSError: nobody reads any more.
    """
    data = memoryview(LENGTH.pack(len(frame)) + frame)
    while data:
        data = data[os.write(descriptor, data) :]


def receive(descriptor: int) -> bytes | None:
    """Read one frame; ``None`` if the other side has gone."""
    head = _exactly(descriptor, LENGTH.size)
    return None if head is None else _exactly(descriptor, LENGTH.unpack(head)[0])


def _exactly(descriptor: int, size: int) -> bytes | None:
    parts: list[bytes] = []
    while size:
        part = os.read(descriptor, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def serve(settings: Settings, requests: int, answers: int) -> None:
    """Read the files that are asked for, until nobody asks any more."""
    _settle(settings)
    reader = Reader(settings)
    while True:
        request = receive(requests)
        if request is None:
            return
        asked: dict[str, Any] = json.loads(request)
        send(answers, _answer(reader.read(asked["file"], chosen=asked["chosen"])))


def _answer(result: FileResult | None) -> bytes:
    if result is None:
        return b""
    try:
        return result.model_dump_json().encode()
    except ValueError as error:  # a text with half a character in it
        text = f"has a text that can't be written as UTF-8 ({error})"
        return not_read(result.file, text, cause="value").model_dump_json().encode()


def answer_of(frame: bytes) -> FileResult | None:
    """What `serve` answered; ``None``: it is no DAG file."""
    return FileResult.model_validate_json(frame) if frame else None


def _settle(settings: Settings) -> None:
    """A process group of its own, so that all it leaves behind can be ended, and its limits."""
    with contextlib.suppress(OSError):
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silent = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(silent, standard)
    if settings.memory_limit_mb is not None:
        import resource  # noqa: PLC0415 - only systems that fork have it

        limit = settings.memory_limit_mb * 1024**2
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    _compile_once()


def _compile_once() -> None:
    """Modules of the repository are executed anew for each file, but compiled once."""
    from importlib.machinery import SourceFileLoader  # noqa: PLC0415 - changed in this process only

    real = SourceFileLoader.source_to_code
    kept: dict[tuple[str, bytes], Any] = {}

    def source_to_code(self: Any, data: Any, path: Any, **more: Any) -> Any:
        if not isinstance(data, bytes):
            return real(self, data, path, **more)
        key = (str(path), data)
        if key not in kept:
            kept[key] = real(self, data, path, **more)
        now = current()
        now.unordered = now.unordered or (now.is_own(str(path)) and makes_sets(kept[key]))
        return kept[key]

    SourceFileLoader.source_to_code = source_to_code  # type: ignore[method-assign]


def main() -> None:
    """The program of an isolated process: settings come as the first frame."""
    requests, answers = os.dup(0), os.dup(1)
    first = receive(requests)
    if first is not None:
        asked = json.loads(first)
        sys.path[:] = asked["path"]
        serve(Settings.model_validate(asked["settings"]), requests, answers)
