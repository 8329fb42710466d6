"""Strands: each callable runs in a thread of its own, and only while everybody else stands still.

Two callables that overlap in simulated time take turns at their sleeps. The engine decides whose
turn it is, so no race between threads decides anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class StrandEnded(BaseException):
    """Raised in a callable that will not go on: its try was ended from outside."""


LONG_S = 60.0
"""Real time after which one wonders whether a callable hangs."""
PATIENCE = 100
"""How often a callable that goes on in spite of its end is told of it; then its thread stands
still."""


class Strand:
    """A callable under way.

    ``resume`` lets it run until it sleeps or ends. Whoever calls it waits meanwhile.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._turn, self._done = threading.Lock(), threading.Lock()
        self._turn.acquire()
        self._done.acquire()
        self.thread = threading.Thread(target=self._run, daemon=True, name="windtunnel-strand")
        self._thrown: BaseException | None = None
        self._given_up = False
        self._refused = 0
        self.late: Callable[[], None] = lambda: None
        """Called when it has worked for very long, in real time."""
        self.asleep_us: int | None = None
        """How long it sleeps, if it does."""
        self.ahead_us = 0
        """Time that passed while it ran last: it waited for threads of its own that slept."""
        self.result: Any = None
        self.error: BaseException | None = None
        """What ``work`` raised."""
        self.environment: tuple[dict[str, str], str] | None = None
        """The environment variables and the folder that it left behind when it went to sleep."""
        self.seed = ""
        """What its random numbers are made from."""
        self.chance: Any = None
        """The state of Python's generator of random numbers, likewise."""

    def resume(self, error: BaseException | None = None) -> None:
        """Run until the next sleep or the end; an error is raised in the sleep that it wakes
        from."""
        self._thrown, self.asleep_us = error, None
        if self.thread.ident is None:
            self.thread.start()
        else:
            self._turn.release()
        if not self._done.acquire(timeout=LONG_S):
            self.late()
            self._done.acquire()

    def sleep(self, us: int) -> None:
        """Called in the strand: it sleeps, and whoever resumed it goes on."""
        if self._given_up and self._refused < PATIENCE:
            self._refused += 1
            raise StrandEnded
        self.asleep_us = us
        self._done.release()
        self._turn.acquire()
        if self._thrown is not None:
            error, self._thrown = self._thrown, None
            raise error

    def give_up(self) -> None:
        """End it where it sleeps; from now on it can't sleep any more."""
        self._given_up = True
        self.resume(StrandEnded())

    def _run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:
            self.error = error
        self._done.release()
