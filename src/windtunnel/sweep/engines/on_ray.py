"""A Ray cluster, or one on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.sweep.engines.engine import missing


class Ray:
    """Connected to a cluster. It gives the work of lost workers to others a few times by itself."""

    losses = 1
    """Ray has given it to several workers by then."""
    ahead = 3
    usual_s = 0.1

    def __init__(self, address: str) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray  # noqa: PLC0415
            from ray import exceptions  # noqa: PLC0415
        except ImportError:
            raise missing("ray", "ray") from None
        self._ray = ray
        self.name = f"backend ray={address}" if address else "backend ray"
        self._was_there = ray.is_initialized()
        if not self._was_there:
            here = {} if address else {"include_dashboard": False}
            try:
                ray.init(
                    address=address or "local", log_to_driver=False, logging_level="ERROR", **here
                )
            except (OSError, ValueError, RuntimeError) as error:
                raise InvalidInput(f"{self.name}: no Ray cluster answers there ({error})") from None
        self.paces: dict[str, float] = {}
        self.lost: tuple[type[BaseException], ...] = (
            exceptions.WorkerCrashedError,
            exceptions.OutOfMemoryError,
            exceptions.NodeDiedError,
            exceptions.ObjectLostError,
        )
        self._remote: dict[Callable[..., Any], Any] = {}

    def workers(self) -> int:
        """Cores of the cluster."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 0)))

    def send(self, function: Callable[..., Any], *arguments: object) -> Future[Any]:
        """Have it run."""
        if function not in self._remote:
            self._remote[function] = self._ray.remote(max_retries=1)(function)
        return self._remote[function].remote(*arguments).future()  # type: ignore[no-any-return]

    def abandon(self) -> None:
        """Whatever is worked on is short; what waits was cancelled."""

    def close(self) -> None:
        """Let go of the connection, and of the cluster if it was started here."""
        if not self._was_there:
            self._ray.shutdown()
