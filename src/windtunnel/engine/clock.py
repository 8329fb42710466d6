"""The clock: SimPy's Environment with the scheduler's own instants merged into its queue.

Times are integer microseconds. The kernel (scheduler, executor, workers) keeps one heap of its own
and handles one instant at a time; foreign SimPy processes run beside it in exact order. At the same
instant the kernel goes first, so that a monitor sees the settled state.
"""

from __future__ import annotations

from typing import Protocol

import simpy


class Kernel(Protocol):
    """What the clock drives."""

    def next_instant(self) -> int | None:
        """The next time, in microseconds, at which the kernel has something to do."""
        ...

    def instant(self, now: int) -> None:
        """Do all that is due now, until nothing changes any more."""
        ...

    def run_ahead(self, limit: float) -> int:
        """Do instants up to ``limit`` by a quicker way, where there is one; return the last one."""
        ...


class Clock(simpy.Environment):
    """A SimPy environment whose ``peek`` and ``step`` include the kernel's instants."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(initial_time=0)
        self._kernel = kernel

    def peek(self) -> float:
        """Time of the next event, of the kernel or of a foreign process."""
        foreign = super().peek()
        due = self._kernel.next_instant()
        return foreign if due is None else min(foreign, due)

    def step(self) -> None:
        """Process the next event: one whole instant, if it is the kernel's."""
        due = self._kernel.next_instant()
        if due is not None and due <= super().peek():
            self._now = due
            self._kernel.instant(due)
        else:
            super().step()

    def run_until(self, end_us: int) -> None:
        """Run everything up to and including ``end_us``, kernel first while nobody else listens."""
        kernel = self._kernel
        while True:
            due = kernel.next_instant()
            foreign = super().peek()
            if due is not None and due <= foreign:
                if due > end_us:
                    return
                self._now = due
                kernel.instant(due)
                self._now = kernel.run_ahead(min(end_us, foreign - 1))
            elif foreign <= end_us:
                super().step()
            else:
                return
