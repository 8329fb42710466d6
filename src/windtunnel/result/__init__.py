"""What simulations came to, with the questions that people ask of them."""

from windtunnel.result.assumed import assumed
from windtunnel.result.changes import ChangedRun, ChangedTask
from windtunnel.result.dag_runs import DagRun, DagRuns, Landing, Landings
from windtunnel.result.difference import Difference, diff, moved_runs
from windtunnel.result.naming import find_task
from windtunnel.result.outcome import Outcome
from windtunnel.result.path import CriticalPath, Spent
from windtunnel.result.report import Report
from windtunnel.result.result import Result
from windtunnel.result.tasks import Failure, State, Task, Waited

__all__ = [
    "ChangedRun",
    "ChangedTask",
    "CriticalPath",
    "DagRun",
    "DagRuns",
    "Difference",
    "Failure",
    "Landing",
    "Landings",
    "Outcome",
    "Report",
    "Result",
    "Spent",
    "State",
    "Task",
    "Waited",
    "assumed",
    "diff",
    "find_task",
    "moved_runs",
]
