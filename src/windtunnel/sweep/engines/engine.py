"""Engine: what a sweep asks of whoever distributes its portions."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from windtunnel.errors import InvalidInput


class Engine(Protocol):
    """Runs functions of modules in other processes, here or elsewhere."""

    name: str
    """How errors call it: ``backend dask=tcp://head:8786``."""
    lost: tuple[type[BaseException], ...]
    """What a future raises if whoever worked on it is gone."""
    losses: int
    """How often a portion may be lost before its items are tried one by one, alone."""
    ahead: int
    """Portions for each worker that it may be given at once: while one is worked on, the next is on
    its way."""

    usual_s: float
    """Seconds of work in a portion: so much that sending it costs a few percent; at the end of a
    sweep, when what is left is shared out, half of it."""
    paces: dict[str, float]
    """Seconds of an item in earlier sweeps, by work and what it shares: workers have that."""

    def workers(self) -> int:
        """How many work at this time.

        Raises:
            InvalidInput: none is left, and none came back in time.
        """
        ...

    def send(self, function: Callable[..., Any], *arguments: object) -> Future[Any]:
        """Have it run."""
        ...

    def abandon(self) -> None:
        """Stop what is being done as soon as possible: nobody wants it any more."""
        ...

    def close(self) -> None:
        """Let go of everything that was started."""
        ...


def missing(backend: str, extra: str) -> InvalidInput:
    """The error of a backend whose library is not there."""
    return InvalidInput(f"backend {backend}: not installed here; pip install 'windtunnel[{extra}]'")
