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
from windtunnel.strategies.settings import Setting

__all__ = [
    "FEATURES",
    "Feature",
    "FleetMachine",
    "Setting",
    "behaviors",
    "clusters",
    "dags",
    "durations",
    "exceeded",
    "faults",
    "fleets",
    "flights",
    "manual_runs",
    "pools",
    "resources",
    "scenarios",
    "worker_groups",
]
