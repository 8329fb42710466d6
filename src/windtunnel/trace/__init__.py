"""What happened: the contract between the engine and everything that reads its results."""

from windtunnel.trace.snapshot import Actor, Capacity, OpenRun, Snapshot, Wish
from windtunnel.trace.states import RunState, TaskState
from windtunnel.trace.trace import DagRun, Event, RunRecord, TaskInstance, Trace, Wait
from windtunnel.trace.waits import Waits, waits_of

__all__ = [
    "Actor",
    "Capacity",
    "DagRun",
    "Event",
    "OpenRun",
    "RunRecord",
    "RunState",
    "Snapshot",
    "TaskInstance",
    "TaskState",
    "Trace",
    "Wait",
    "Waits",
    "Wish",
    "waits_of",
]
