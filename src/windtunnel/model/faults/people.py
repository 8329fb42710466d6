"""Faults of people: what somebody does by hand, in the UI or with a command."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from windtunnel.model.dag import Dag
from windtunnel.model.faults.times import Moment, Windowed
from windtunnel.model.pattern import TaskPattern

TaskStateName = Literal[
    "none",
    "scheduled",
    "queued",
    "running",
    "success",
    "failed",
    "skipped",
    "upstream_failed",
    "removed",
    "up_for_retry",
    "up_for_reschedule",
    "deferred",
]


class PoolResized(Windowed):
    """Somebody gives a pool another number of slots; the old one is back after ``for_s``."""

    type: Literal["pool_resized"] = "pool_resized"
    pool: str
    """The pool's name."""
    slots: Annotated[int, Field(ge=-1)]
    """How many slots it has then."""


class PoolDeleted(Windowed):
    """Somebody deletes a pool: what is scheduled in it waits until it is there again. What runs
    goes on."""

    type: Literal["pool_deleted"] = "pool_deleted"
    pool: str
    """The pool's name."""


class DagPaused(Windowed):
    """Somebody pauses DAGs, and unpauses them after ``for_s``."""

    type: Literal["dag_paused"] = "dag_paused"
    dags: str
    """Glob over dag_id."""


class DagUnpaused(Windowed):
    """Somebody unpauses DAGs, and pauses them again after ``for_s``."""

    type: Literal["dag_unpaused"] = "dag_unpaused"
    dags: str
    """Glob over dag_id."""


class _ByHand(Moment):
    """Something that somebody does at an instant."""

    @model_validator(mode="after")
    def _has_an_instant(self) -> Self:
        if not {"at_s", "at_time"} & self.model_fields_set:
            raise ValueError("'at' is missing")
        return self


class _OfInstances(_ByHand):
    """Something that somebody does to task instances."""

    tasks: TaskPattern
    """Glob over ``dag_id.task_id``, or such as ``tag:nightly``; see `windtunnel.model.pattern`."""
    run_id: str | None = None
    """None: all runs."""
    upstream: bool = False
    """With all tasks upstream of these."""
    downstream: bool = False
    """With all tasks downstream of these."""
    past: bool = False
    """With these tasks in all runs of an earlier logical date."""
    future: bool = False
    """With these tasks in all runs of a later logical date."""

    @model_validator(mode="after")
    def _is_before_or_after_a_run(self) -> Self:
        if (self.past or self.future) and self.run_id is None:
            which = "past" if self.past else "future"
            raise ValueError(f"{which} of which run? Name it with run; without, all are taken")
        return self


class Cleared(_OfInstances):
    """Somebody clears task instances, and so starts their runs anew; those that run are stopped
    first (``models/taskinstance.py: clear_task_instances``)."""

    type: Literal["cleared"] = "cleared"
    states: tuple[TaskStateName, ...] = ("failed", "upstream_failed")
    """States of the task instances that are cleared; empty: any."""


class TaskMarked(_OfInstances):
    """Somebody marks task instances as success, failed or skipped, whatever they do; what failed
    downstream of them is cleared (``SerializedDAG.set_task_instance_state``)."""

    type: Literal["task_marked"] = "task_marked"
    state: Literal["success", "failed", "skipped"]
    """The state that they get."""


class RunMarked(_ByHand):
    """Somebody marks runs as success or failed: what runs gets that state, what has not begun is
    skipped, teardowns still run, and with them the run (``api/common/mark_tasks.py``)."""

    type: Literal["run_marked"] = "run_marked"
    dags: str
    """Glob over dag_id."""
    state: Literal["success", "failed"]
    """The state that they get."""
    run_id: str | None = None
    """None: all runs that are not over."""


class DagChanged(Moment):
    """Somebody deploys another version of a DAG while its runs are in flight: tasks that it has no
    more become removed, new ones get task instances, and its schedule counts from now on
    (``models/dagrun.py: verify_integrity``). The scheduler knows it at the next parse."""

    type: Literal["dag_changed"] = "dag_changed"
    dag_id: str
    """The DAG that changes."""
    dag: Dag | None = None
    """The new version; None: the one before, without the tasks of ``without``."""
    folder: str | None = None
    """A folder of DAG files from which the new version was, or is to be, loaded."""
    without: tuple[str, ...] = ()
    """Ids of tasks that the new version lacks."""
    pinned: bool = False
    """3.x with a versioned bundle: runs keep the version with which they were created."""
