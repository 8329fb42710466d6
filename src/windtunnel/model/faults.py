"""Faults: what goes wrong, named as an operator would name it. Frozen data; the engine obeys.

Instants are seconds since the scenario's start. Without ``for_s`` a fault lasts until the end.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import Field

from windtunnel.model.base import Value
from windtunnel.model.dag import Seconds

Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(gt=0)]


class _Windowed(Value):
    """Something that begins, and perhaps ends."""

    at_s: Seconds = 0.0
    for_s: Seconds | None = None

    @property
    def until_s(self) -> float | None:
        """When it is over."""
        return None if self.for_s is None else self.at_s + self.for_s


class _OfTasks(_Windowed):
    """Something that strikes tries which begin within its window."""

    tasks: str
    """Glob over ``dag_id.task_id``."""
    tries: tuple[int, ...] = ()
    """Try numbers that it strikes; empty: all."""
    probability: Share = 1.0
    """Of each of these tries; drawn from the scenario's seed."""

    def is_for(self, name: str) -> bool:
        """Whether this fault speaks of the task ``dag_id.task_id``."""
        return fnmatchcase(name, self.tasks)


class TaskFails(_OfTasks):
    """The try runs as long as always and then fails."""

    type: Literal["task_fails"] = "task_fails"
    retryable: bool = True
    """False: as with AirflowFailException."""
    after_s: Seconds | None = None
    """It fails so long after its start, if it has not ended before."""


class TaskHangs(_OfTasks):
    """The try never ends of itself; execution_timeout or dagrun_timeout may end it."""

    type: Literal["task_hangs"] = "task_hangs"


class TaskIsSlow(_OfTasks):
    """The try takes ``factor`` times as long."""

    type: Literal["task_is_slow"] = "task_is_slow"
    factor: Factor


class HeartbeatLost(_OfTasks):
    """The worker of the try goes on working, but nobody hears of it: after
    ``task_instance_heartbeat_timeout`` the try counts as failed, and its result is refused
    (``jobs/scheduler_job_runner.py: _find_and_purge_task_instances_without_heartbeats``)."""

    type: Literal["heartbeat_lost"] = "heartbeat_lost"


class TaskLostByExecutor(_OfTasks):
    """The executor accepts the task instance, and no worker ever gets it: it stays queued."""

    type: Literal["task_lost_by_executor"] = "task_lost_by_executor"


class LateData(Value):
    """What sensors wait for comes later."""

    type: Literal["late_data"] = "late_data"
    tasks: str
    """Glob over ``dag_id.task_id``."""
    by_s: Seconds

    def is_for(self, name: str) -> bool:
        """Whether this fault speaks of the task ``dag_id.task_id``."""
        return fnmatchcase(name, self.tasks)


class WorkerLost(_Windowed):
    """Workers die with all that runs on them; ``for_s`` later as many new ones are there."""

    type: Literal["worker_lost"] = "worker_lost"
    count: Annotated[int, Field(ge=1)] = 1
    of: int | None = None
    """How many workers there are, as the author believes; checked."""
    group: str | None = None
    """Name of the worker group; None: the workers with the most running tries, of any group."""
    noticed: Literal["heartbeat", "at once"] = "heartbeat"
    """``at once``: the executor tells (a pod that is gone); else the heartbeat timeout does."""


class WorkersDrained(_Windowed):
    """Workers take no new tasks; what runs on them ends as always."""

    type: Literal["workers_drained"] = "workers_drained"
    count: Annotated[int, Field(ge=1)] = 1
    of: int | None = None
    group: str | None = None


class PoolResized(_Windowed):
    """Somebody gives a pool another number of slots; the old one is back after ``for_s``."""

    type: Literal["pool_resized"] = "pool_resized"
    pool: str
    slots: Annotated[int, Field(ge=-1)]


class DagPaused(_Windowed):
    """Somebody pauses DAGs, and unpauses them after ``for_s``."""

    type: Literal["dag_paused"] = "dag_paused"
    dags: str
    """Glob over dag_id."""


class SchedulerDown(_Windowed):
    """No scheduler runs: nothing is created, scheduled or queued, and no timeout of the scheduler's
    is enforced. Tasks that run go on."""

    type: Literal["scheduler_down"] = "scheduler_down"


class BrokerDown(_Windowed):
    """What is queued does not reach the workers."""

    type: Literal["broker_down"] = "broker_down"


class TriggererDown(_Windowed):
    """No trigger fires; those that should have fire when it is back."""

    type: Literal["triggerer_down"] = "triggerer_down"


class Cleared(Value):
    """Somebody clears task instances that ended, and so starts their runs anew
    (``models/taskinstance.py: clear_task_instances``)."""

    type: Literal["cleared"] = "cleared"
    tasks: str
    """Glob over ``dag_id.task_id``."""
    at_s: Seconds
    run_id: str | None = None
    """None: all runs."""
    states: tuple[str, ...] = ("failed", "upstream_failed")
    """States of the task instances that are cleared."""

    def is_for(self, name: str) -> bool:
        """Whether this fault speaks of the task ``dag_id.task_id``."""
        return fnmatchcase(name, self.tasks)


Fault = Annotated[
    TaskFails
    | TaskHangs
    | TaskIsSlow
    | HeartbeatLost
    | TaskLostByExecutor
    | LateData
    | WorkerLost
    | WorkersDrained
    | PoolResized
    | DagPaused
    | SchedulerDown
    | BrokerDown
    | TriggererDown
    | Cleared,
    Field(discriminator="type"),
]
