"""A Dask cluster, by its scheduler's address."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from time import monotonic
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.sweep.engines.engine import missing

ANSWERS_S = 5
"""A scheduler that does not answer within so many seconds is not there."""
JOINS_S, REJOINS_S = 10, 60
"""So long a cluster may be without any worker, at the start and later."""
LOOK_S = 1.0
"""How often the workers are counted."""


class Dask:
    """A client of the scheduler. Workers that are lost are its business: it gives their work to
    others a few times before it says that somebody was lost."""

    losses = 1
    """The scheduler has given it to several workers by then."""
    ahead = 3
    usual_s = 0.25

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client, KilledWorker  # noqa: PLC0415
            from distributed.client import FutureCancelledError, FuturesCancelledError  # noqa: PLC0415
        except ImportError:
            raise missing("dask", "dask") from None
        self._address = address
        self.name = f"backend dask={address}"
        if not address.rpartition(":")[2].isdigit():
            raise InvalidInput(f"{self.name}: no port is named; write dask=tcp://HOST:8786")
        # What goes wrong with the connection is told by our errors.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        try:
            client: Any = Client
            self._client = client(address, timeout=ANSWERS_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise InvalidInput(
                f"{self.name}: no Dask scheduler answers there ({error}); start one "
                "with: dask scheduler, and workers with: dask worker ADDRESS"
            ) from None
        self._executor = self._client.get_executor(pure=False)
        self.paces: dict[str, float] = {}
        self.lost: tuple[type[BaseException], ...] = (
            KilledWorker, CancelledError, FutureCancelledError, FuturesCancelledError,
        )  # fmt: skip
        self._looked = float("-inf")
        self._count = 0
        self._joins_s = JOINS_S
        self.workers()
        self._joins_s = REJOINS_S

    def workers(self) -> int:
        """How many the scheduler knows."""
        if monotonic() - self._looked > LOOK_S or not self._count:
            self._count = len(self._call(self._client.ncores))
            if not self._count:
                self._count = self._waited()
            self._looked = monotonic()
        return self._count

    def _waited(self) -> int:
        try:
            self._client.wait_for_workers(1, timeout=self._joins_s)
        except TimeoutError:
            raise InvalidInput(
                f"{self.name}: the scheduler had no worker for {self._joins_s} s; start "
                f"some: dask worker {self._address}"
            ) from None
        return len(self._call(self._client.ncores))

    def _call(self, function: Callable[[], Any]) -> Any:
        try:
            return function()
        except (OSError, RuntimeError) as error:
            raise InvalidInput(f"{self.name}: the scheduler is gone ({error})") from None

    def send(self, function: Callable[..., Any], *arguments: object) -> Future[Any]:
        """Have it run."""
        return self._executor.submit(function, *arguments)  # type: ignore[no-any-return]

    def abandon(self) -> None:
        """Whatever is worked on is short; what waits was cancelled."""

    def close(self) -> None:
        """Leave the cluster as it is."""
        self._client.close(timeout=ANSWERS_S)
