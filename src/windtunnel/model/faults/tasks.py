"""Faults of tasks: what goes wrong in tries, and with what is known of them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from windtunnel.model.base import Seconds, Value
from windtunnel.model.faults.times import Factor, Share, Windowed
from windtunnel.model.pattern import TaskPattern

ExceptionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w.]*$")]
Noticed = Literal["heartbeat", "at once"]

FINAL = frozenset({"AirflowFailException", "AirflowSensorTimeout"})
"""Exceptions after which no retry follows (``task_runner.py: run``)."""
SKIPS = "AirflowSkipException"
TERMINATED = "AirflowTaskTerminated"
NO_FAILURES = frozenset(
    {"AirflowRescheduleException", "TaskDeferred", "TaskAwaitingInput", "DownstreamTasksSkipped"}
)


class OfTasks(Windowed):
    """Something that strikes tries which begin within its window."""

    tasks: TaskPattern
    """Glob over ``dag_id.task_id``, or such as ``tag:nightly``; see `windtunnel.model.pattern`."""
    tries: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Try numbers that it strikes; empty: all."""
    probability: Share = 1.0
    """Of each of these tries; drawn from the scenario's seed."""

    @model_validator(mode="after")
    def _ends_if_it_comes_again(self) -> Self:
        if self.every_s is not None and self.for_s is None:
            raise ValueError("what comes again must end: say how long it lasts")
        return self


class TaskFails(OfTasks):
    """The try runs as long as always and then fails."""

    type: Literal["task_fails"] = "task_fails"
    retryable: bool = True
    """False: as with AirflowFailException."""
    after_s: Seconds | None = None
    """It fails so long after its start, if it has not ended before."""
    raising: ExceptionName | None = None
    """Class of the exception; it decides what Airflow does: AirflowSkipException skips, after
    AirflowFailException and AirflowSensorTimeout no retry follows."""

    @model_validator(mode="after")
    def _raises_a_failure(self) -> Self:
        if self.exception in NO_FAILURES:
            raise ValueError(f"{self.exception} is no failure")
        if self.exception == SKIPS and not self.retryable:
            raise ValueError(f"{SKIPS} skips and is never retried: leave 'not retryable' out")
        return self

    @property
    def exception(self) -> str | None:
        """The class, without its module."""
        return None if self.raising is None else self.raising.rpartition(".")[2]


class TaskHangs(OfTasks):
    """The try never ends of itself; execution_timeout or dagrun_timeout may end it."""

    type: Literal["task_hangs"] = "task_hangs"


class TaskIsSlow(OfTasks):
    """The try takes ``factor`` times as long."""

    type: Literal["task_is_slow"] = "task_is_slow"
    factor: Factor
    """How many times as long the try takes."""


class OutOfMemory(OfTasks):
    """The kernel kills the process of the try, which is too large: exit code -9, a failure that may
    be retried, where it would have ended or ``after_s`` its start."""

    type: Literal["out_of_memory"] = "out_of_memory"
    after_s: Seconds | None = None
    """So long after its start; ``None``: where it would have ended."""


class HeartbeatLost(OfTasks):
    """The worker of the try goes on working, but nobody hears of it: after
    ``task_instance_heartbeat_timeout`` the try counts as failed, and its result is refused
    (``jobs/scheduler_job_runner.py: _find_and_purge_task_instances_without_heartbeats``)."""

    type: Literal["heartbeat_lost"] = "heartbeat_lost"


class ResultLost(OfTasks):
    """The work of the try is done, but its report is lost or refused: the try counts as failed, and
    the retry does the work again (``execution_api/routes/task_instances.py: ti_update_state``)."""

    type: Literal["result_lost"] = "result_lost"
    noticed: Noticed | None = None
    """``at once``: the process ends with an error, of which the executor tells; ``heartbeat``: by
    the timeout. None: at once in 3.x, where what the executor tells of a running try counts; by the
    heartbeat in 2.x, where it doesn't."""


class TaskLostByExecutor(OfTasks):
    """The executor accepts the task instance, and no worker ever gets it: it stays queued."""

    type: Literal["task_lost_by_executor"] = "task_lost_by_executor"


class LateData(Value):
    """What sensors wait for comes later."""

    type: Literal["late_data"] = "late_data"
    tasks: TaskPattern
    """Glob over ``dag_id.task_id``, or such as ``tag:nightly``; see `windtunnel.model.pattern`."""
    by_s: Annotated[float, Field(ge=0)]
    """How much later."""
