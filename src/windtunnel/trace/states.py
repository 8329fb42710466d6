"""The states of runs and task instances, as small integers that fit a trace column."""

from __future__ import annotations

from enum import IntEnum


class TaskState(IntEnum):
    """State of a task instance (``airflow/utils/state.py``); ``NONE`` is Airflow's missing
    state."""

    NONE = 0
    SCHEDULED = 1
    QUEUED = 2
    RUNNING = 3
    SUCCESS = 4
    FAILED = 5
    SKIPPED = 6
    UPSTREAM_FAILED = 7
    REMOVED = 8
    UP_FOR_RETRY = 9
    UP_FOR_RESCHEDULE = 10
    DEFERRED = 11
    RESTARTING = 12
    """Cleared while it ran: its process is not gone yet."""

    @property
    def label(self) -> str:
        """Airflow's own word for it."""
        return self.name.lower()

    @property
    def finished(self) -> bool:
        """Whether a trigger rule counts it as done."""
        return TaskState.SUCCESS <= self <= TaskState.REMOVED


class RunState(IntEnum):
    """State of a dag run."""

    QUEUED = 0
    RUNNING = 1
    SUCCESS = 2
    FAILED = 3

    @property
    def label(self) -> str:
        """Airflow's own word for it."""
        return self.name.lower()

    @property
    def finished(self) -> bool:
        """Whether the run is over."""
        return self >= RunState.SUCCESS
