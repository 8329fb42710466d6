"""Groups: queued task instances wait for a slot in their queue, oldest first.

A group takes the oldest task instance of any queue that it serves, and gives it to its worker with
the most free slots.
"""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.engine.executors.executor import LEEWAY_S
from windtunnel.engine.executors.machines import Machines
from windtunnel.engine.executors.queues import Queues
from windtunnel.engine.program import micros
from windtunnel.engine.world import World
from windtunnel.model import WorkerGroup

TOO_LATE = "not begun: its token has expired"


class Groups(Machines):
    """A deployment of which its workers are known, and not what hands tasks to them."""

    def __init__(self, world: World, groups: Sequence[WorkerGroup]) -> None:
        super().__init__(world, groups)
        self._queues: Queues[int] = Queues()

    @property
    def any_waiting(self) -> bool:
        """Whether a queued task instance waits for a slot."""
        return bool(self._queues or self._reports)

    def submit(self, ti: int, queue: str) -> None:
        """It waits behind all others of its queue."""
        self._queues.put(ti, queue)

    def withdraw(self, ti: int) -> None:
        """It does not start any more."""
        self._queues.remove(ti)

    def fill(self) -> list[int]:
        """Take waiting task instances while slots are free."""
        started: list[int] = []
        if self.cut_off:
            return started
        for number, group in enumerate(self.groups):
            while (worker := self._free_worker(number)) is not None:
                ti = self._queues.take(group.queues)
                if ti is None:
                    break
                if self._may_start(ti):
                    self._occupy(worker, ti)
                    started.append(ti)
        return started

    def _may_start(self, ti: int) -> bool:
        """Whether a worker that takes it now begins it."""
        del ti
        return True

    def waiting(self) -> list[int]:
        """Those in the queues."""
        return self._queues.items()

    def waiting_for(self, group: int) -> int:
        """Task instances that wait in the queues of a group."""
        return sum(self._queues.depth(queue) for queue in self.groups[group].queues)

    def lose_message(self, ti: int) -> bool:
        """It is in no queue any more."""
        return self._queues.remove(ti)


def token_us(world: World) -> int | None:
    """How long after it was queued a task instance may begin; None: for ever
    (``executors/workloads/base.py: generate_token``)."""
    if not world.profile.start_token_expires:
        return None
    return micros(world.cluster.task_queued_timeout_s + LEEWAY_S)
