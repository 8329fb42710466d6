"""Stuck in queued: tasks that no worker takes are scheduled again, a few times, then failed for
good.

From Airflow: ``jobs/scheduler_job_runner.py: _handle_tasks_stuck_in_queued``.
"""

from __future__ import annotations

from collections.abc import Callable

from windtunnel.engine.executors.executor import Executor
from windtunnel.engine.program import micros
from windtunnel.engine.scheduler.queueing import CriticalSection
from windtunnel.engine.tries.attempts import Attempts
from windtunnel.engine.tries.tries import Tries
from windtunnel.engine.world import QUEUED, SCHEDULED, World


class StuckInQueued:
    """Watches queued task instances wherever workers have a limited number of slots."""

    def __init__(
        self,
        *,
        world: World,
        workers: Executor,
        section: CriticalSection,
        attempts: Attempts,
        tries: Tries,
        before_forced_end: Callable[[str], None],
    ) -> None:
        self._world = world
        self._workers = workers
        self._section = section
        self._attempts = attempts
        self._tries = tries
        self._before_forced_end = before_forced_end
        cluster = world.cluster
        self._every = micros(cluster.task_queued_timeout_check_interval_s)
        self._timeout = micros(cluster.task_queued_timeout_s)
        self._retries = cluster.num_stuck_in_queued_retries
        self.is_watched: Callable[[int], bool] = lambda _: True
        """Whether the scheduler that queued a task instance works."""
        self._unlimited = workers.unlimited
        self._since: dict[int, int] = {}
        self._times: dict[int, int] = {}
        """How often a task instance was scheduled again since it last ran."""

    @property
    def watches(self) -> bool:
        """Whether anything is queued that may get stuck."""
        return bool(self._since)

    def queued(self, ti: int) -> None:
        """A task instance begins to wait for a worker."""
        if not self._unlimited and self._workers.revokes(ti):
            self._since[ti] = self._world.now

    def started(self, ti: int) -> None:
        """It runs: what comes later is counted anew (``_get_num_times_stuck_in_queued``)."""
        self._since.pop(ti, None)
        self._times.pop(ti, None)

    def next_check(self) -> int | None:
        """When the scheduler looks for stuck tasks next; None if nothing is queued."""
        if not self._since:
            return None
        return (self._world.now // self._every + 1) * self._every

    def check(self) -> bool:
        """Look, if it is time; returns whether anything was done."""
        world = self._world
        if not self._since or world.now % self._every:
            return False
        done = False
        for ti, since in list(self._since.items()):
            if world.state[ti] != QUEUED:
                del self._since[ti]
            elif since < world.now - self._timeout and self.is_watched(ti):
                self._requeue(ti)
                done = True
        self._tries.reap()
        return done

    def _requeue(self, ti: int) -> None:
        world = self._world
        times = self._times.get(ti, 0)
        if times >= self._retries:
            self._before_forced_end("task_queued_timeout")
        del self._since[ti]
        self._workers.withdraw(ti)
        if times < self._retries:
            self._times[ti] = times + 1
            world.move(ti, SCHEDULED)
            self._section.lanes.add(ti)
        else:
            self._attempts.fail(ti, "stuck in queued", retryable=False)

    def until(self, ti: int) -> int | None:
        """When a queued task instance is failed if no worker ever takes it."""
        since = self._since.get(ti)
        if since is None:
            return None
        for _ in range(self._retries - self._times.get(ti, 0) + 1):
            since = ((since + self._timeout) // self._every + 1) * self._every
        return since
