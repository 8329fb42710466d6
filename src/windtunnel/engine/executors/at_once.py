"""At once: everything that is queued starts, and nobody keeps count."""

from __future__ import annotations

from windtunnel.engine.executors.executor import Executor
from windtunnel.engine.world import World


class AtOnce(Executor):
    """A deployment of whose executor nothing is known."""

    unlimited = True

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._waiting: dict[int, None] = {}

    @property
    def any_waiting(self) -> bool:
        """Whether anything was queued and has not started."""
        return bool(self._waiting)

    def submit(self, ti: int, queue: str) -> None:
        """It starts when the tries of this instant begin."""
        del queue
        self._waiting[ti] = None

    def withdraw(self, ti: int) -> None:
        """It does not start any more."""
        self._waiting.pop(ti, None)

    def release(self, ti: int) -> None:
        """It held nothing."""

    def fill(self) -> list[int]:
        """All that wait."""
        if self.cut_off:
            return []
        started = list(self._waiting)
        self._waiting.clear()
        return started

    def waiting(self) -> list[int]:
        """All that were queued in this instant, or while the broker was away."""
        return list(self._waiting)

    def lose_message(self, ti: int) -> bool:
        """It stays queued for ever: nothing is known here that would take it back."""
        return self._waiting.pop(ti, 0) is None
