"""Reports: how tries reach those who keep their states, and what becomes of them when they can't.

In 3.x a try reports to the API server, in 2.x to the database. From Airflow:
``sdk/execution_time/supervisor.py: _handle_heartbeat_failures`` and ``sdk/api/client.py`` (3.x),
``jobs/local_task_job_runner.py`` (2.x).
"""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.engine.agenda import NEVER
from windtunnel.engine.program import micros
from windtunnel.engine.tries.attempts import Attempt, Attempts, Doom
from windtunnel.engine.tries.losses import Losses
from windtunnel.engine.world import World

CALL_RETRIES_S = 15.0
"""How long a start or a result is reported again in 3.x: four waits of one to eight seconds."""
NOT_HEARD = "its reports reached nobody"


@dataclass(frozen=True, slots=True)
class Outage:
    """Nobody hears reports."""

    begins: int
    until: int | None
    schedulers_too: bool
    """Whether no scheduler works either, so that nothing at all changes state."""


class Reports:
    """Starts, results and heartbeats of tries while something is wrong with who hears them."""

    def __init__(self, world: World, attempts: Attempts, losses: Losses) -> None:
        self._world = world
        self._attempts = attempts
        self._losses = losses
        cluster, by_api = world.cluster, world.profile.tasks_use_api_server
        beats = micros(cluster.min_heartbeat_interval_s) * cluster.max_failed_heartbeats
        silence = micros(cluster.task_instance_heartbeat_timeout_s)
        self._dies_after = beats if by_api else silence
        """How long a process goes on that can't send heartbeats."""
        self._repeats = micros(CALL_RETRIES_S) if by_api else 0
        self._outages: list[Outage] = []
        self.late_us = 0
        """How much later each start and each result is heard."""
        self._late: dict[int, int] = {}
        """Task instances whose start is late, and when it is due: then it is not put off again."""

    # -- what is wrong ------------------------------------------------------------------------

    def begin(self, until: int | None, *, schedulers_too: bool) -> Outage:
        """From now on nobody hears anything."""
        now = self._world.now
        outage = Outage(now, until, schedulers_too)
        self._outages.append(outage)
        dies = now + self._dies_after
        if until is None or until > dies:
            for ti, attempt in list(self._attempts.running.items()):
                self._attempts.doom(ti, attempt, Doom(dies, "lost", NOT_HEARD))
        return outage

    def end(self, outage: Outage) -> None:
        """They are heard again."""
        self._outages.remove(outage)

    @property
    def _outage(self) -> Outage | None:
        """The one that lasts longest."""
        return max(
            self._outages,
            key=lambda one: NEVER if one.until is None else one.until,
            default=None,
        )

    # -- what comes of it ---------------------------------------------------------------------

    def holds_start(self, ti: int) -> int | None:
        """Microseconds by which the start of a try is put off; None: it begins now. One that can't
        be reported at all is over before it has begun."""
        outage, now = self._outage, self._world.now
        was_late = self._late.pop(ti, None) == now
        if outage is None:
            if not self.late_us or was_late:
                return None
            self._late[ti] = now + self.late_us
            return self.late_us
        if outage.until is not None and outage.until <= now + self._repeats:
            if was_late:
                self._late[ti] = outage.until
            return outage.until - now
        gone = now + self._repeats
        self._losses.leave(ti, gone=gone, seen=self._seen(outage, gone, runs=False), why=NOT_HEARD)
        return NEVER

    def holds_end(self, ti: int, attempt: Attempt) -> bool:
        """A try is over; returns whether nobody hears of it yet, or ever."""
        if attempt.plan.sleeping or attempt.asleep:
            return False
        outage, now = self._outage, self._world.now
        if attempt.doomed and attempt.doom is not None and attempt.doom.outcome == "lost":
            self._lose(ti, outage, now)
        elif outage is None:
            if not self.late_us or attempt.is_late:
                return False
            attempt.is_late = True
            self._attempts.put_off(ti, attempt, now + self.late_us)
        elif outage.until is not None and outage.until <= now + self._repeats:
            self._attempts.put_off(ti, attempt, outage.until)
        else:
            self._lose(ti, outage, now + self._repeats)
        return True

    def _lose(self, ti: int, outage: Outage | None, gone: int) -> None:
        seen = gone if outage is None else self._seen(outage, gone, runs=True)
        self._losses.leave(ti, gone=gone, seen=seen, why=NOT_HEARD)

    def _seen(self, outage: Outage, gone: int, *, runs: bool) -> int | None:
        """When it is noticed that a process is gone; None: never."""
        if outage.schedulers_too:
            if outage.until is None:
                return None
            gone = max(gone, outage.until)
        if runs and not self._world.profile.executor_report_ends_running:
            timeout = micros(self._world.cluster.task_instance_heartbeat_timeout_s)
            return max(gone, outage.begins + timeout)
        # at the instant at which schedulers come back they don't work yet when it is seen to
        return gone + 1 if gone == outage.until else gone
