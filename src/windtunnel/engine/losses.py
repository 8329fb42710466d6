"""Losses: tries whose worker is gone, or of which nobody hears any more.

From Airflow: ``jobs/scheduler_job_runner.py:
_find_and_purge_task_instances_without_heartbeats``.
"""

from __future__ import annotations

from collections.abc import Callable

from windtunnel.engine.agenda import GHOST, NEVER, SILENT, Agenda, Due
from windtunnel.engine.attempts import Attempts
from windtunnel.engine.executors.executor import Executor
from windtunnel.engine.program import micros
from windtunnel.engine.world import RUNNING, World


class Losses:
    """Tries that are lost, and processes that go on without anybody who waits for them."""

    def __init__(self, world: World, agenda: Agenda, attempts: Attempts, workers: Executor) -> None:
        self._world = world
        self._agenda = agenda
        self._attempts = attempts
        self._workers = workers
        self._silent: dict[int, int] = {}
        """Running task instances without a heartbeat: number of the try."""
        self._ghosts: dict[int, Callable[[], None]] = {}
        """What happens when a process ends that goes on after its try was given up, by number of
        the try."""
        agenda.own(SILENT, self._is_silent, self._give_up)
        agenda.own(GHOST, lambda event: event[2] in self._ghosts, self._end_ghost)

    def vanish(self, ti: int, *, noticed_at_once: bool) -> None:
        """The worker under a running try is gone, and the try's slot with it. Airflow notices it
        when the heartbeat is too old (``task_instance_heartbeat_timeout``), or its executor
        tells."""
        attempt = self._attempts.running.pop(ti, None)
        if attempt is None or self._world.state[ti] != RUNNING:
            return
        if noticed_at_once or self._workers.notices_loss(ti):
            self._attempts.fail(ti, "worker lost")
        else:
            self._go_silent(ti, attempt.number)

    def lose_heartbeat(self, ti: int) -> None:
        """A try will be given up while its process goes on."""
        self._go_silent(ti, self._attempts.running[ti].number)

    def _go_silent(self, ti: int, number: int) -> None:
        cluster, sweep = self._world.cluster, self._agenda.sweep_us
        timeout = micros(cluster.task_instance_heartbeat_timeout_s)
        seen = ((self._world.now + timeout) // sweep + 1) * sweep
        self._silent[ti] = number
        self._agenda.arm(seen, SILENT, number, ti)

    def _is_silent(self, event: Due) -> bool:
        return self._world.state[event[3]] == RUNNING and self._silent.get(event[3]) == event[2]

    def _give_up(self, event: Due) -> None:
        """The scheduler purges a task instance without heartbeats."""
        ti = event[3]
        del self._silent[ti]
        attempt = self._attempts.running.get(ti)
        if attempt is not None:
            end = self._workers.keep(ti)
            if end is not None:
                self._ghosts[attempt.number] = end
            if attempt.ends < NEVER:
                self._agenda.arm(max(attempt.ends, self._world.now), GHOST, attempt.number, ti)
        self._attempts.fail(ti, "no heartbeat")

    def _end_ghost(self, event: Due) -> None:
        self._ghosts.pop(event[2])()
