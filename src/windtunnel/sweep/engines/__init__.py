"""Engines: who runs portions, one file for each; and those that are open, which stay warm."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import contextmanager

from windtunnel.sweep.backend import HERE, Backend
from windtunnel.sweep.engines.engine import Engine

_open: dict[Backend, Engine] = {}


def engine_of(backend: Backend) -> Engine:
    """The engine of a backend: the one that is open already, else a new one. It stays open, because
    processes and connections take a second to start, until `closed` or the end of the program.

    Raises:
        InvalidInput: what it needs is not installed, or the cluster does not answer.
    """
    if backend not in _open:
        _open[backend] = _opened(backend)
    return _open[backend]


def ready(backend: Backend) -> None:
    """Open the engine of a backend, if it has one, so that what is wrong with it is told before
    anything long is begun.

    Raises:
        InvalidInput: what it needs is not installed, or the cluster does not answer.
    """
    if backend != HERE:
        engine_of(backend)


def _opened(backend: Backend) -> Engine:
    # Imported here: each needs what the others don't, and most sweeps need none.
    if backend.kind == "processes":
        from windtunnel.sweep.engines.processes import Processes  # noqa: PLC0415

        return Processes(backend.workers)
    if backend.kind == "dask":
        from windtunnel.sweep.engines.on_dask import Dask  # noqa: PLC0415

        return Dask(backend.address)
    from windtunnel.sweep.engines.on_ray import Ray  # noqa: PLC0415

    return Ray(backend.address)


def close(backend: Backend) -> None:
    """Let go of the engine of a backend, and of what it has started, if it is open."""
    if backend in _open:
        _open.pop(backend).close()


@contextmanager
def closing() -> Iterator[None]:
    """When the block ends, no engine is open any more."""
    try:
        yield
    finally:
        close_all()


@atexit.register
def close_all() -> None:
    """Let go of all engines."""
    for backend in list(_open):
        close(backend)


__all__ = ["Engine", "close", "close_all", "closing", "engine_of", "ready"]
