"""LocalExecutor and SequentialExecutor: processes beside the scheduler.

From Airflow: ``executors/local_executor.py`` and ``executors/sequential_executor.py`` (2.x).
"""

from __future__ import annotations

from collections.abc import Iterable

from windtunnel.engine.executors.groups import TOO_LATE, Groups, token_us
from windtunnel.engine.world import World
from windtunnel.model import Task, WorkerGroup


class Beside(Groups):
    """Processes on the schedulers' own hosts: one queue for all, and nobody adopts them."""

    name = "LocalExecutor"

    def __init__(self, world: World, *, hosts: int, processes: int) -> None:
        settings = world.cluster.local_executor
        group = WorkerGroup(
            name=self.name,
            count=hosts,
            slots=processes,
            queues=(self.name,),
            memory_mb=settings.memory_mb,
            cpus=settings.cpus,
            end_s=settings.end_s,
        )
        super().__init__(world, (group,))

    def submit(self, ti: int, queue: str) -> None:
        """It waits behind all others, whatever its queue."""
        del queue
        super().submit(ti, self.name)

    def revokes(self, ti: int) -> bool:
        """It has no ``revoke_task``: what waits is not looked for."""
        del ti
        return False

    def adopt(self, tis: Iterable[int]) -> list[int]:
        """Its processes end with their scheduler."""
        return list(tis)

    def never(self, task: Task) -> str:
        """It asks for no queue."""
        del task
        return ""

    def place_for(self, task: Task) -> str | None:
        """Its processes."""
        del task
        return self.name


class LocalExecutor(Beside):
    """``parallelism`` processes beside each scheduler.

    3.x hands everything to them as soon as it is queued, and forgets it: it counts nothing against
    ``parallelism``, so more is queued than can run. Processes take it first in, first out; what
    waits for longer than ``task_queued_timeout`` is refused.
    """

    def __init__(self, world: World) -> None:
        cluster = world.cluster
        super().__init__(world, hosts=cluster.schedulers, processes=cluster.parallelism)
        own = cluster.local_executor.counts_running
        self._counts = world.profile.local_executor_counts_running if own is None else own
        self._token_us = token_us(world)
        self._queued_us: dict[int, int] = {}
        """Of those that are queued or run."""

    def submit(self, ti: int, queue: str) -> None:
        """It is with the processes from now on."""
        super().submit(ti, queue)
        self.submit_in_vain(ti)

    def submit_in_vain(self, ti: int) -> None:
        """The scheduler has forgotten it all the same."""
        if ti not in self._queued_us and not self._counts:
            self._world.uncounted += 1
        self._queued_us[ti] = self._world.now

    def withdraw(self, ti: int) -> None:
        """It is with them no more."""
        super().withdraw(ti)
        if self._queued_us.pop(ti, None) is not None and not self._counts:
            self._world.uncounted -= 1

    def counts(self, task: Task) -> bool:
        """3.x counts nothing that it has handed over."""
        del task
        return self._counts

    def _may_start(self, ti: int) -> bool:
        if self._token_us is None or self._world.now - self._queued_us[ti] <= self._token_us:
            return True
        self._report(ti, TOO_LATE)
        return False


class SequentialExecutor(Beside):
    """One task at a time, run inside of the scheduler's loop, which stands still meanwhile."""

    name = "SequentialExecutor"

    def __init__(self, world: World) -> None:
        super().__init__(world, hosts=1, processes=1)

    @property
    def blocks_scheduler(self) -> bool:
        """Until all that one loop handed over has ended (``sequential_executor.py: sync``)."""
        return bool(self._queues) or bool(self._worker_of)
