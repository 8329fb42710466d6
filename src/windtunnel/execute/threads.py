"""Threads that callables start: they sleep beside each other, and don't run ahead of who started
them.

A thread that sleeps goes on when its callable is that far, or when its callable waits for its
threads: then the one that is due first goes on, and it is as late as that for all of them.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

from windtunnel.execute.strands import StrandEnded

LOOK_S = 0.01
"""How often a thread that sleeps looks whether it is due, if nobody tells it."""
GRACE_S, LONG_GRACE_S = 0.1, 5.0
"""Real time after which a thread that neither sleeps nor waits for another is taken to wait for
something that can't be seen; the second for the callable itself, which may be computing."""
_real_wait = threading.Condition.wait
_real_now = time.monotonic


class Sleeper(Protocol):
    """Who runs, and can sleep."""

    @property
    def thread(self) -> threading.Thread:
        """The thread that it runs in."""
        ...

    def sleep(self, us: int) -> None:
        """Let others run until so much time has passed."""
        ...


class Threads:
    """How far each thread of each callable is.

    Args:
        start: the time at first.
        move: called with the time whenever a thread goes ahead.
    """

    def __init__(self, start: datetime, move: Callable[[datetime], None]) -> None:
        self._now, self._move = start, move
        self._running: Sleeper | None = None
        self._entered = start
        self._of: dict[Any, Sleeper] = {}
        """Threads that callables started, and whose they are."""
        self._time: dict[Any, datetime] = {}
        self._wakes: dict[Any, datetime] = {}
        """Threads that sleep, and until when."""
        self._waits: set[Any] = set()
        """Threads that wait for another one."""
        self._starts: set[Any] = set()
        """Threads that start another one."""
        self._change = threading.Condition()
        self._changed = _real_now()

    # -- callables ----------------------------------------------------------------------------

    def enter(self, strand: Sleeper, now: datetime) -> None:
        """It is now, and this callable goes on."""
        with self._changing():
            self._running, self._entered, self._now = strand, now, now
            self._time[strand.thread] = now

    def leave(self) -> None:
        """The callable that ran doesn't any more."""
        with self._changing():
            self._running = None

    def forget(self, strand: Sleeper) -> None:
        """A callable is over; its threads end when they sleep next, or now."""
        with self._changing():
            for thread in [t for t, whose in self._of.items() if whose is strand]:
                del self._of[thread], self._time[thread]
            self._time.pop(strand.thread, None)

    def runs(self, thread: Any) -> Sleeper | None:
        """The callable that runs, if this is its own thread."""
        running = self._running
        return running if running is not None and running.thread is thread else None

    def ahead_us(self, strand: Sleeper) -> int:
        """Time that passed for a callable since it went on."""
        return (self._time[strand.thread] - self._entered) // timedelta(microseconds=1)

    # -- their threads ------------------------------------------------------------------------

    @contextlib.contextmanager
    def starting(self, thread: Any) -> Iterator[None]:
        """Inside the ``with`` block the current thread starts another one."""
        starter, strand = threading.current_thread(), self._running
        if strand is None or starter not in self._time:
            yield
            return
        with self._changing():
            self._of[thread] = strand
            self._time[thread] = self._time[starter]
            thread.run = _ending_quietly(thread.run)
        self._starts.add(starter)  # until the other one lives; that takes no time
        try:
            yield
        finally:
            self._starts.discard(starter)

    def sleep(self, thread: Any, us: int) -> bool:
        """A thread that a callable started sleeps; gives whether it is one.

        Raises:
            StrandEnded: its callable is over, which in Airflow ends all its threads.
        """
        if thread not in self._of:
            return False
        with self._changing():
            wake = self._wakes[thread] = self._time[thread] + timedelta(microseconds=us)
            while not self._is_due(thread, wake):
                _real_wait(self._change, LOOK_S)
            del self._wakes[thread]
            self._changed = _real_now()
            if thread not in self._of:
                raise StrandEnded
            self._time[thread] = wake
            if wake > self._now:
                self._now = wake
                self._move(wake)
        return True

    def _is_due(self, thread: Any, wake: datetime) -> bool:
        strand = self._of.get(thread)
        if strand is None:
            return True
        if strand is not self._running:
            return False
        if wake <= self._now:
            return True
        still = _real_now() - self._changed
        if strand.thread not in self._waits and still < LONG_GRACE_S:
            return False
        others = [t for t, whose in self._of.items() if whose is strand and t is not thread]
        if any(self._wakes.get(t, wake) < wake for t in others):
            return False
        return still > GRACE_S or all(
            t in self._wakes or t in self._waits or not t.is_alive() for t in others
        )

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Inside the ``with`` block the current thread waits for another one."""
        thread = threading.current_thread()
        if thread not in self._time or thread in self._waits or thread in self._starts:
            yield
            return
        with self._changing():
            self._waits.add(thread)
        try:
            yield
        finally:
            with self._changing():
                self._waits.discard(thread)
                if thread in self._time and self._running is not None:
                    self._time[thread] = max(self._time[thread], self._now)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with self._change:
            self._changed = _real_now()
            yield
            self._change.notify_all()


def _ending_quietly(run: Callable[[], None]) -> Callable[[], None]:
    def ran() -> None:
        with contextlib.suppress(StrandEnded):
            run()

    return ran


__all__ = ["Sleeper", "Threads"]
