"""Losses: tries whose worker is gone, or of which nobody hears any more.

From Airflow: ``jobs/scheduler_job_runner.py:
_find_and_purge_task_instances_without_heartbeats``.
"""

from __future__ import annotations

from collections.abc import Callable

from windtunnel.engine.agenda import GHOST, NEVER, SILENT, STOPPED, Agenda, Due
from windtunnel.engine.executors.executor import Executor
from windtunnel.engine.program import micros
from windtunnel.engine.resources.course import Course, How
from windtunnel.engine.tries.attempts import Attempt, Attempts
from windtunnel.engine.world import QUEUED, RESTARTING, RUNNING, World
from windtunnel.trace import Stray

LOST = "worker lost"
SILENCE = "no heartbeat"
TOO_OLD = "its heartbeat looks too old"


class Losses:
    """Tries that are lost, and processes that go on without anybody who waits for them."""

    def __init__(self, world: World, agenda: Agenda, attempts: Attempts, workers: Executor) -> None:
        self._world = world
        self._agenda = agenda
        self._attempts = attempts
        self._workers = workers
        self.silent: dict[int, tuple[int, str]] = {}
        """Task instances of which nothing is heard: number of the try, and why it is given up."""
        self._ghosts: dict[int, tuple[Callable[[], None] | None, Stray | None, Course | None]] = {}
        """Processes that go on after their try was given up, by number of the try; what happens
        when they end, and what they do until then."""
        purges_restarting = world.profile.purges_restarting
        self._purged = (QUEUED, RUNNING, *((RESTARTING,) if purges_restarting else ()))
        """States in which a task instance is given up."""
        self._stopping: dict[int, int] = {}
        """Restarting task instances whose process will be stopped: number of the try."""
        agenda.own(SILENT, self._is_silent, self._give_up)
        agenda.own(GHOST, lambda event: event[2] in self._ghosts, self._end_ghost)
        agenda.own(STOPPED, self._is_stopping, self._begin_anew)
        attempts.unheard = self._lose_report
        attempts.winds_up = self.wind_up

    def vanish(self, ti: int, *, noticed_at_once: bool) -> None:
        """The worker under a running try is gone, and the try's slot with it. Airflow notices it
        when the heartbeat is too old (``task_instance_heartbeat_timeout``), or its executor
        tells."""
        attempt = self._attempts.running.get(ti)
        if attempt is None:
            return
        self._attempts.free(ti, "lost")
        if self._world.state[ti] != RUNNING:
            return
        told = noticed_at_once or self._workers.notices_loss(ti)
        if told and self._world.profile.executor_report_ends_running:
            self._attempts.fail(ti, LOST)
        else:
            self._go_silent(ti, attempt.number)

    def lose_heartbeat(self, ti: int) -> None:
        """A try will be given up while its process goes on."""
        self._go_silent(ti, self._attempts.running[ti].number)

    def restart(self, ti: int) -> None:
        """A running task instance was cleared: its process hears of it with its next heartbeat, and
        stops (``supervisor.py: _send_heartbeat_if_needed``, ``local_task_job_runner.py``)."""
        attempt = self._attempts.running.get(ti)
        if attempt is None:  # its worker is gone: nobody stops it, its heartbeats are missed
            self._world.move(ti, RESTARTING)
            return
        number, stops = attempt.number, self._next_heartbeat(attempt.started)
        self.linger(ti, "cleared")
        self._stopping[ti] = number
        self._world.move(ti, RESTARTING)
        self._agenda.arm(stops, STOPPED, number, ti)

    def leave(self, ti: int, *, gone: int, seen: int | None, why: str) -> None:
        """The process of a try is over at ``gone``, having told nobody of it; that is noticed
        later, or never. It may not even have begun to run."""
        number = self._agenda.next_number()
        self._ghosts[number] = (self._workers.keep(ti, ~number), None, None)
        self._attempts.free(ti, "lost")
        self._agenda.arm(gone, GHOST, number, ti)
        if seen is not None:
            self.silent[ti] = (number, why)
            self._agenda.arm(seen, SILENT, number, ti)

    def wind_up(self, ti: int, length: int) -> None:
        """The process of a try that is over, as everybody knows, keeps its slot for a while."""
        number = self._agenda.next_number()
        self._ghosts[number] = (self._workers.keep(ti, ~number), None, None)
        self._agenda.arm(self._world.now + length, GHOST, number, ti)

    def suspect(self, ti: int) -> None:
        """The heartbeat of a healthy try looks too old at the next look."""
        attempt = self._attempts.running.get(ti)
        if attempt is not None and ti not in self.silent:
            sweep = self._agenda.sweep_us
            self.silent[ti] = (attempt.number, TOO_OLD)
            self._agenda.arm((self._world.now // sweep + 1) * sweep, SILENT, attempt.number, ti)

    def trust(self) -> None:
        """Heartbeats look as old as they are again."""
        self.silent = {ti: one for ti, one in self.silent.items() if one[1] != TOO_OLD}

    def forget(self, ti: int) -> None:
        """A task instance was given another state from outside."""
        self.silent.pop(ti, None)

    def die(self, ti: int) -> None:
        """The process of a running try is gone, and nobody is there to notice it."""
        if self._world.state[ti] == RUNNING:
            self._attempts.free(ti, "lost")

    def linger(self, ti: int, why: str) -> None:
        """The process of a try that is over for Airflow goes on until its next heartbeat."""
        attempt = self._attempts.running.get(ti)
        if attempt is not None:
            self._stop_at_heartbeat(attempt)
            self._go_astray(ti, attempt, why)
            self._attempts.free(ti)

    def _stop_at_heartbeat(self, attempt: Attempt) -> None:
        stops = self._next_heartbeat(attempt.started)
        waits = attempt.ends < self._world.now  # for others, without a planned end
        attempt.ends = stops if waits else min(attempt.ends, stops)

    def _next_heartbeat(self, started: int) -> int:
        every = micros(self._world.cluster.min_heartbeat_interval_s)
        return started + ((self._world.now - started) // every + 1) * every

    def _is_stopping(self, event: Due) -> bool:
        stopping = self._stopping.get(event[3]) == event[2]
        return stopping and self._world.state[event[3]] == RESTARTING

    def _begin_anew(self, event: Due) -> None:
        """The process of a cleared try is gone: the task instance loses its state, or (2.x) waits
        for its retry."""
        ti, world = event[3], self._world
        del self._stopping[ti]
        world.cleared_tries[ti] = world.tries[ti]
        if world.profile.restarting_begins_anew:
            world.reset(ti)
        else:
            self._attempts.retry_later(ti, "cleared")

    def _lose_report(self, ti: int, noticed: str) -> None:
        """A try is over, and nobody hears what came of it."""
        number = self._attempts.running[ti].number
        if noticed == "at once":
            self._attempts.fail(ti, "its report was lost")
        else:
            self._attempts.free(ti)
            self._go_silent(ti, number)

    def _go_silent(self, ti: int, number: int) -> None:
        cluster, sweep = self._world.cluster, self._agenda.sweep_us
        timeout = micros(cluster.task_instance_heartbeat_timeout_s)
        seen = ((self._world.now + timeout) // sweep + 1) * sweep
        self.silent[ti] = (number, SILENCE)
        self._agenda.arm(seen, SILENT, number, ti)

    def _is_silent(self, event: Due) -> bool:
        silent = self.silent.get(event[3], (-1, ""))[0] == event[2]
        return silent and self._world.state[event[3]] in self._purged

    def _give_up(self, event: Due) -> None:
        """The scheduler purges a task instance without heartbeats. A process whose heartbeats do
        arrive is told with the next one, and stops."""
        ti = event[3]
        why = self.silent.pop(ti)[1]
        attempt = self._attempts.running.get(ti)
        if attempt is not None:
            if why == TOO_OLD:
                self._stop_at_heartbeat(attempt)
            self._go_astray(ti, attempt, why)
        if self._world.state[ti] == RESTARTING:  # always eligible: is_eligible_to_retry
            self._attempts.free(ti, "failed")
            self._attempts.retry_later(ti, why)
        else:
            self._attempts.fail(ti, why)

    def _go_astray(self, ti: int, attempt: Attempt, why: str) -> None:
        """The process of a try that is given up goes on, and keeps its slot."""
        world, number, course = self._world, attempt.number, attempt.plan.course
        stray = Stray(ti, world.tries[ti], world.now, None, why)
        world.trace.strays.append(stray)
        self._ghosts[number] = (self._workers.keep(ti, ~number), stray, course)
        if course is not None:
            course.orphaned = True
        attempt.unheard = None
        if attempt.ends < NEVER:
            self._agenda.arm(max(attempt.ends, world.now), GHOST, number, ti)

    def end_stray(self, name: int) -> None:
        """A process that went on under a name of its own is gone with its machine, or killed."""
        if ~name in self._ghosts:
            self._end(~name, "lost")

    def _end_ghost(self, event: Due) -> None:
        course = self._ghosts[event[2]][2]
        done = course is None or course.next is None
        self._end(event[2], "ended" if done else "stopped")

    def _end(self, number: int, how: How) -> None:
        end, stray, course = self._ghosts.pop(number)
        if stray is not None:
            stray.until_us = self._world.now
        if course is not None:
            course.orphaned = False
            self._attempts.leave(course, how)
        if end is not None:
            end()
