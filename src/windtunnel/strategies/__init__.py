"""Hypothesis strategies: fleets, clusters, behaviors, faults and whole scenarios; and a state
machine over what an operator does.

Everything that is drawn is valid as it is: nothing is filtered, and `windtunnel.simulate` takes it.
What shrinks, shrinks to few DAGs, tasks, runs and faults, and to Airflow's defaults.
"""

try:
    import hypothesis as _hypothesis  # noqa: F401
except ImportError as error:
    raise ImportError(
        "windtunnel.strategies needs Hypothesis; install it with: pip install "
        "'windtunnel[hypothesis]'"
    ) from error

from windtunnel.strategies.accounts import exceeded
from windtunnel.strategies.behaviors import behaviors, resources
from windtunnel.strategies.clusters import clusters, pools, worker_groups
from windtunnel.strategies.drawing import durations
from windtunnel.strategies.faults import faults
from windtunnel.strategies.features import FEATURES, Feature
from windtunnel.strategies.fleets import dags, fleets
from windtunnel.strategies.flights import flights
from windtunnel.strategies.machine import FleetMachine
from windtunnel.strategies.runs import manual_runs
from windtunnel.strategies.scenarios import scenarios
from windtunnel.strategies.searched import ScenariosOf, windtunnel_scenarios
from windtunnel.strategies.settings import Setting
from windtunnel.strategies.verbs import (
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

__all__ = [
    "FEATURES",
    "Feature",
    "FleetMachine",
    "ScenariosOf",
    "Setting",
    "behaviors",
    "change_dag",
    "clear",
    "clusters",
    "dags",
    "delay_data",
    "delete_pool",
    "drain_worker",
    "durations",
    "exceeded",
    "exhaust",
    "fail",
    "faults",
    "fill_disk",
    "fleets",
    "flights",
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
    "manual_runs",
    "mark_run",
    "mark_task",
    "pause_dag",
    "pause_scheduler",
    "pools",
    "resize_pool",
    "resize_resource",
    "resources",
    "run_out_of_memory",
    "scenarios",
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
    "windtunnel_scenarios",
    "worker_groups",
]
