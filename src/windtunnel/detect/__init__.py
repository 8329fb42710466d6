"""Trace in, findings out: one file per family, none of them knows the engine."""

from windtunnel.detect.deadlock import find_deadlocks
from windtunnel.detect.double_run import find_double_runs
from windtunnel.detect.finding import Finding, Fix, Limit, Party
from windtunnel.detect.never_queued import find_never_queued, find_unknown_pools
from windtunnel.detect.not_given_back import find_not_given_back
from windtunnel.detect.redelivered import find_redelivered
from windtunnel.detect.xcom import find_not_carried
from windtunnel.model import Scenario
from windtunnel.trace import Trace

__all__ = [
    "Finding",
    "Fix",
    "Limit",
    "Party",
    "detect",
    "find_deadlocks",
    "find_double_runs",
    "find_never_queued",
    "find_not_carried",
    "find_not_given_back",
    "find_redelivered",
    "find_unknown_pools",
]


def detect(scenario: Scenario, trace: Trace) -> tuple[Finding, ...]:
    """Everything that is wrong with a scenario, as its trace and its settings show; in a fixed
    order."""
    return (
        *find_deadlocks(scenario, trace),
        *find_never_queued(scenario),
        *find_unknown_pools(scenario),
        *find_redelivered(scenario, trace),
        *find_not_given_back(scenario, trace),
        *find_not_carried(scenario, trace),
        *find_double_runs(scenario, trace),
    )
