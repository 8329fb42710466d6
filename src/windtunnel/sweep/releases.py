"""Release: which windtunnel a process has. The same seed gives the same only with the same code."""

from __future__ import annotations

import platform
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

DECIDES = ("simpy", "croniter", "tzdata", "pydantic")
"""Others whose code decides what a simulation comes to."""


@cache
def release() -> str:
    """In words: the version, a digest of the code, the release of Python, and of those that
    matter."""
    others = "".join(f", {name} {_version(name)}" for name in DECIDES)
    python = ".".join(platform.python_version_tuple()[:2])
    return f"windtunnel {_version('windtunnel')} ({_code()}) on Python {python}{others}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _code() -> str:
    """What the files say, whatever the version: between two releases there is a lot of code."""
    root = Path(__file__).parents[1]
    known = blake2b(digest_size=4)
    for file in sorted(root.rglob("*.py")):
        known.update(file.relative_to(root).as_posix().encode())
        known.update(file.read_bytes())
    return known.hexdigest()
