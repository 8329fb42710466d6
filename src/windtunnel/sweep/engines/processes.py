"""Processes of this machine, by joblib's loky: fresh interpreters, not forks of this one."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import Future
from time import sleep
from typing import Any

from windtunnel.sweep.engines.engine import missing

IDLE_S = 60
"""Processes that had nothing to do for so long end by themselves."""


SETTLES_S = 0.05
"""loky complains of what it was given in the instant in which it is ended."""


class Processes:
    """A pool; a new one if one of its processes was lost."""

    losses = 2
    """Of all that is on its way, since nobody knows whose process ended."""
    ahead = 2
    usual_s = 0.1

    def __init__(self, workers: int | None) -> None:
        try:
            from joblib.externals import loky  # noqa: PLC0415
            from joblib.externals.loky import process_executor  # noqa: PLC0415
        except ImportError:
            raise missing("processes", "plan") from None
        self._make = loky.ProcessPoolExecutor
        self.paces: dict[str, float] = {}
        self.lost: tuple[type[BaseException], ...] = (
            process_executor.BrokenProcessPool,
            process_executor.ShutdownExecutorError,
        )
        self.name = f"backend processes={workers}" if workers else "backend processes"
        self._workers: int = workers or loky.cpu_count()
        self._pool: Any = None

    def workers(self) -> int:
        """Those that were asked for."""
        return self._workers

    def send(self, function: Callable[..., Any], *arguments: object) -> Future[Any]:
        """Have it run."""
        try:
            return self._submit(function, *arguments)
        except self.lost:  # one process is gone, and the pool with it
            self.abandon()
            return self._submit(function, *arguments)

    def _submit(self, function: Callable[..., Any], *arguments: object) -> Future[Any]:
        if self._pool is None:
            self._pool = self._make(self._workers, timeout=IDLE_S, initializer=_heed_only_parent)
        sent: Future[Any] = self._pool.submit(function, *arguments)
        return sent

    def abandon(self) -> None:
        """End all processes at once."""
        if self._pool is not None:
            sleep(SETTLES_S)
            self._pool.shutdown(wait=True, kill_workers=True)
            self._pool = None

    def close(self) -> None:
        """End the processes."""
        self.abandon()


def _heed_only_parent() -> None:
    """Ctrl-C reaches all processes of a terminal; the first one ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
