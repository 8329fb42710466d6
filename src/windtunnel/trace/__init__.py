"""What happened: the contract between the engine and everything that reads its results."""

from windtunnel.trace.accesses import Access, accesses, told_accesses
from windtunnel.trace.decisions import Decision
from windtunnel.trace.holds import Holds
from windtunnel.trace.snapshot import Actor, Capacity, OpenRun, Snapshot, Wish
from windtunnel.trace.states import RunState, TaskState
from windtunnel.trace.touches import Touch, Touches
from windtunnel.trace.trace import (
    AssetEvent,
    DagRun,
    Event,
    LostRun,
    NotCarried,
    Output,
    RunRecord,
    Stray,
    TaskInstance,
    Trace,
    Wait,
)
from windtunnel.trace.waits import Waits, waits_of

__all__ = [
    "Access",
    "Actor",
    "AssetEvent",
    "Capacity",
    "DagRun",
    "Decision",
    "Event",
    "Holds",
    "LostRun",
    "NotCarried",
    "OpenRun",
    "Output",
    "RunRecord",
    "RunState",
    "Snapshot",
    "Stray",
    "TaskInstance",
    "TaskState",
    "Touch",
    "Touches",
    "Trace",
    "Wait",
    "Waits",
    "Wish",
    "accesses",
    "told_accesses",
    "waits_of",
]
