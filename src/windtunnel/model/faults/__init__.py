"""Faults: what goes wrong, named as an operator would name it. Frozen data; the engine obeys."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from windtunnel.model.faults.control_plane import (
    ApiServerDown,
    BrokerDown,
    ClockJump,
    DagProcessorDown,
    DatabaseDown,
    DatabaseSlow,
    ExecutorSlotsLeaked,
    LimitNotKept,
    SchedulerDown,
    SchedulerLost,
    SchedulerPaused,
    TriggererDown,
    TriggererLost,
)
from windtunnel.model.faults.people import (
    Cleared,
    DagChanged,
    DagPaused,
    DagUnpaused,
    PoolDeleted,
    PoolResized,
    RunMarked,
    TaskMarked,
)
from windtunnel.model.faults.resources import ResourceDown, ResourceResized
from windtunnel.model.faults.tasks import (
    HeartbeatLost,
    LateData,
    OfTasks,
    OutOfMemory,
    ResultLost,
    TaskFails,
    TaskHangs,
    TaskIsSlow,
    TaskLostByExecutor,
)
from windtunnel.model.faults.times import Moment, Windowed
from windtunnel.model.faults.workers import (
    DiskFull,
    OfWorkers,
    SpotLoss,
    WorkerLost,
    WorkersDrained,
)

Fault = Annotated[
    TaskFails
    | TaskHangs
    | TaskIsSlow
    | OutOfMemory
    | HeartbeatLost
    | ResultLost
    | TaskLostByExecutor
    | LateData
    | WorkerLost
    | SpotLoss
    | WorkersDrained
    | DiskFull
    | PoolResized
    | PoolDeleted
    | ResourceDown
    | ResourceResized
    | DagPaused
    | DagUnpaused
    | Cleared
    | DagChanged
    | TaskMarked
    | RunMarked
    | SchedulerDown
    | SchedulerPaused
    | SchedulerLost
    | DatabaseDown
    | DatabaseSlow
    | ApiServerDown
    | BrokerDown
    | TriggererDown
    | TriggererLost
    | DagProcessorDown
    | ExecutorSlotsLeaked
    | LimitNotKept
    | ClockJump,
    Field(discriminator="type"),
]

__all__ = [
    "ApiServerDown", "BrokerDown", "Cleared", "ClockJump", "DagChanged", "DagPaused",
    "DagProcessorDown", "DagUnpaused", "DatabaseDown", "DatabaseSlow", "DiskFull",
    "ExecutorSlotsLeaked", "Fault", "HeartbeatLost", "LateData", "LimitNotKept", "Moment",
    "OfTasks", "OfWorkers", "OutOfMemory", "PoolDeleted", "PoolResized", "ResourceDown",
    "ResourceResized", "ResultLost", "RunMarked", "SchedulerDown", "SchedulerLost",
    "SchedulerPaused", "SpotLoss", "TaskFails", "TaskHangs", "TaskIsSlow", "TaskLostByExecutor",
    "TaskMarked", "TriggererDown", "TriggererLost", "Windowed", "WorkerLost", "WorkersDrained",
]  # fmt: skip
