"""A wind tunnel for Airflow: simulate a fleet of DAGs and find what production would.

Importing this stays light: each name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windtunnel import strategies as strategies
    from windtunnel.api import Proof, Report, Result, check, load, prove, replay, simulate
    from windtunnel.detect import Finding, Fix
    from windtunnel.errors import InvalidInput, WindtunnelError
    from windtunnel.faults import (
        change_dag,
        clear,
        delay_data,
        delete_pool,
        drain_worker,
        exhaust,
        fail,
        fill_disk,
        hang,
        ignore_max_active_runs,
        jump_clock,
        leak_executor_slots,
        lose_heartbeat,
        lose_in_executor,
        lose_result,
        lose_scheduler,
        lose_spot_worker,
        lose_triggerer,
        lose_worker,
        mark_run,
        mark_task,
        pause_dag,
        pause_scheduler,
        resize_pool,
        resize_resource,
        run_out_of_memory,
        slow_database,
        slow_down,
        stop_api_server,
        stop_broker,
        stop_dag_processor,
        stop_database,
        stop_resource,
        stop_scheduler,
        stop_triggerer,
        time_out,
        unpause_dag,
    )
    from windtunnel.model import (
        Backfill,
        Behavior,
        Cluster,
        Dag,
        Fleet,
        Isolation,
        ManualRun,
        Pool,
        Rule,
        Scenario,
        SearchProfile,
        Task,
        Uniform,
        When,
        WorkerGroup,
    )

__version__: str

_HOMES = {
    "windtunnel.api": ("Proof", "Report", "Result", "check", "load", "prove", "replay", "simulate"),
    "windtunnel.detect": ("Finding", "Fix"),
    "windtunnel.errors": ("InvalidInput", "WindtunnelError"),
    "windtunnel.faults": (
        "change_dag",
        "clear",
        "delay_data",
        "delete_pool",
        "drain_worker",
        "exhaust",
        "fail",
        "fill_disk",
        "hang",
        "ignore_max_active_runs",
        "jump_clock",
        "leak_executor_slots",
        "lose_heartbeat",
        "lose_in_executor",
        "lose_result",
        "lose_scheduler",
        "lose_spot_worker",
        "lose_triggerer",
        "lose_worker",
        "mark_run",
        "mark_task",
        "pause_dag",
        "pause_scheduler",
        "resize_pool",
        "resize_resource",
        "run_out_of_memory",
        "slow_database",
        "slow_down",
        "stop_api_server",
        "stop_broker",
        "stop_dag_processor",
        "stop_database",
        "stop_resource",
        "stop_scheduler",
        "stop_triggerer",
        "time_out",
        "unpause_dag",
    ),
    "windtunnel.model": (
        "Backfill",
        "Behavior",
        "Cluster",
        "Dag",
        "Fleet",
        "Isolation",
        "ManualRun",
        "Pool",
        "Rule",
        "Scenario",
        "SearchProfile",
        "Task",
        "Uniform",
        "When",
        "WorkerGroup",
    ),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Backfill",
    "Behavior",
    "Cluster",
    "Dag",
    "Finding",
    "Fix",
    "Fleet",
    "InvalidInput",
    "Isolation",
    "ManualRun",
    "Pool",
    "Proof",
    "Report",
    "Result",
    "Rule",
    "Scenario",
    "SearchProfile",
    "Task",
    "Uniform",
    "When",
    "WindtunnelError",
    "WorkerGroup",
    "change_dag",
    "check",
    "clear",
    "delay_data",
    "delete_pool",
    "drain_worker",
    "exhaust",
    "fail",
    "fill_disk",
    "hang",
    "ignore_max_active_runs",
    "jump_clock",
    "leak_executor_slots",
    "load",
    "lose_heartbeat",
    "lose_in_executor",
    "lose_result",
    "lose_scheduler",
    "lose_spot_worker",
    "lose_triggerer",
    "lose_worker",
    "mark_run",
    "mark_task",
    "pause_dag",
    "pause_scheduler",
    "prove",
    "replay",
    "resize_pool",
    "resize_resource",
    "run_out_of_memory",
    "simulate",
    "slow_database",
    "slow_down",
    "stop_api_server",
    "stop_broker",
    "stop_dag_processor",
    "stop_database",
    "stop_resource",
    "stop_scheduler",
    "stop_triggerer",
    "time_out",
    "unpause_dag",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version("windtunnel")
    if name == "strategies":  # it needs Hypothesis, and says so
        return import_module("windtunnel.strategies")
    if name not in _HOME:
        raise AttributeError(f"module 'windtunnel' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
