"""Faults of what runs Airflow itself: schedulers, database, API server, broker, triggerers."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from windtunnel.model.base import Seconds
from windtunnel.model.faults.times import Factor, Moment, Windowed

Count = Annotated[int, Field(ge=1)]


class SchedulerDown(Windowed):
    """No scheduler runs: nothing is created, scheduled or queued, and no timeout of the scheduler's
    is enforced. Tasks that run go on."""

    type: Literal["scheduler_down"] = "scheduler_down"


class SchedulerPaused(Windowed):
    """One scheduler stands still: no loop, no heartbeat. Silent for
    ``scheduler_health_check_threshold``, it counts as dead, and another one adopts or resets what
    it had queued (``adopt_or_reset_orphaned_tasks``)."""

    type: Literal["scheduler_paused"] = "scheduler_paused"
    scheduler: Count = 1
    """Which one."""


class SchedulerLost(Windowed):
    """One scheduler dies, and its executor's memory with it; what LocalExecutor runs dies, too.
    ``for_s`` later a new one is there. Orphans are adopted or reset by the next scheduler that
    looks (``adopt_or_reset_orphaned_tasks``)."""

    type: Literal["scheduler_lost"] = "scheduler_lost"
    scheduler: Count = 1
    """Which one."""


class DatabaseDown(Windowed):
    """Nobody reaches the metadata database: no scheduler works, no trigger fires, no worker
    reports. Tries that can't report for too long die, and what they did is not known."""

    type: Literal["database_down"] = "database_down"


class DatabaseSlow(Windowed):
    """The metadata database is slow: loops of the schedulers take ``factor`` times as long, and
    each start and each report of a try takes ``by_s`` more."""

    type: Literal["database_slow"] = "database_slow"
    factor: Factor = 1.0
    """How many times as long the loops of the schedulers take."""
    by_s: Seconds = 0.0
    """How much more each start and each report of a try takes."""

    @model_validator(mode="after")
    def _is_slow(self) -> Self:
        if self.factor == 1 and not self.by_s:
            raise ValueError("nothing is slow: say 'x5', or 'by 2s' (factor, by), or both")
        return self


class ApiServerDown(Windowed):
    """Workers can't reach the API server (3.x): no try begins or reports, and those that can't
    report for too long die (``[workers] max_failed_heartbeats``)."""

    type: Literal["api_server_down"] = "api_server_down"


class BrokerDown(Windowed):
    """What is queued does not reach the workers."""

    type: Literal["broker_down"] = "broker_down"
    messages_lost: bool = False
    """What lay in it when it went down is gone: those task instances stay queued until
    ``task_queued_timeout``."""


class TriggererDown(Windowed):
    """No trigger fires; those that should have fire when it is back."""

    type: Literal["triggerer_down"] = "triggerer_down"


class TriggererLost(Windowed):
    """One triggerer dies; ``for_s`` later a new one is there. Its triggers go to others with
    capacity when it has been silent for ``triggerer_health_check_threshold``."""

    type: Literal["triggerer_lost"] = "triggerer_lost"
    triggerer: Count = 1
    """Which one."""


class DagProcessorDown(Windowed):
    """No DAG file is parsed: what depends on a parse waits for it."""

    type: Literal["dag_processor_down"] = "dag_processor_down"


class ExecutorSlotsLeaked(Moment):
    """The executor of a scheduler counts slots as taken that nothing occupies, until that scheduler
    is started anew (``scheduler lost`` with ``for``)."""

    type: Literal["executor_slots_leaked"] = "executor_slots_leaked"
    slots: Count
    """How many slots count as taken."""
    scheduler: Count = 1
    """Of which scheduler's executor; the first is 1."""


class LimitNotKept(Windowed):
    """max_active_runs of DAGs is not looked at where runs are created and started, as in releases
    where two schedulers or a mistake let too many start."""

    type: Literal["limit_not_kept"] = "limit_not_kept"
    dags: str
    """Glob over dag_id."""


class ClockJump(Windowed):
    """The clock of the schedulers jumps, and jumps back after ``for_s``: what is due is done
    earlier or later by so much. Far ahead, healthy tries look as if their heartbeats had
    stopped."""

    type: Literal["clock_jump"] = "clock_jump"
    by_s: float
    """Seconds; negative: backwards."""

    @model_validator(mode="after")
    def _jumps(self) -> Self:
        if not self.by_s:
            raise ValueError("the clock jumps by nothing: say how far, such as '+1h' or '-30m'")
        return self
