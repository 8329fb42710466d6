"""Trace in, findings out: one file per family, none of them knows the engine."""

from windtunnel.detect.case import Case, Moment, Size
from windtunnel.detect.data.candidates import Candidate, candidates
from windtunnel.detect.data.double_effect import find_double_effects
from windtunnel.detect.data.double_run import find_double_runs
from windtunnel.detect.data.lock_order import Circle, find_lock_orders, lock_circles, noted
from windtunnel.detect.data.overlap import find_overlaps
from windtunnel.detect.data.redelivered import find_redelivered
from windtunnel.detect.finding import FAMILIES, Edit, Finding, Fix, Limit, Party
from windtunnel.detect.limits.exhausted import find_exhaustion
from windtunnel.detect.limits.given_up import find_given_up
from windtunnel.detect.limits.overcommit import find_overcommits
from windtunnel.detect.limits.overload import find_overload
from windtunnel.detect.limits.pool_overrun import find_pool_overruns
from windtunnel.detect.limits.starvation import find_starvation
from windtunnel.detect.runs.given_up_runs import find_given_up_runs
from windtunnel.detect.runs.left_setups import find_left_setups
from windtunnel.detect.runs.lost_runs import find_lost_runs
from windtunnel.detect.runs.runaway import find_runaways
from windtunnel.detect.stuck.cores import WaitGraph
from windtunnel.detect.stuck.deadlock import find_deadlocks
from windtunnel.detect.stuck.in_vain import find_waits_in_vain
from windtunnel.detect.stuck.livelock import find_livelocks
from windtunnel.detect.stuck.not_given_back import find_not_given_back
from windtunnel.detect.stuck.stall import find_stalls
from windtunnel.detect.verdicts import Accepted, Verdicts, judge, sort_out, unused
from windtunnel.detect.xcom import find_not_carried
from windtunnel.model import Scenario
from windtunnel.trace import Trace

__all__ = [
    "FAMILIES",
    "Accepted",
    "Candidate",
    "Case",
    "Circle",
    "Edit",
    "Finding",
    "Fix",
    "Limit",
    "Moment",
    "Party",
    "Size",
    "Verdicts",
    "candidates",
    "detect",
    "find_deadlocks",
    "find_double_effects",
    "find_double_runs",
    "find_exhaustion",
    "find_given_up",
    "find_given_up_runs",
    "find_left_setups",
    "find_livelocks",
    "find_lock_orders",
    "find_lost_runs",
    "find_not_carried",
    "find_not_given_back",
    "find_overcommits",
    "find_overlaps",
    "find_overload",
    "find_pool_overruns",
    "find_redelivered",
    "find_runaways",
    "find_stalls",
    "find_starvation",
    "find_waits_in_vain",
    "judge",
    "lock_circles",
    "sort_out",
    "unused",
]


def detect(scenario: Scenario, trace: Trace) -> tuple[Finding, ...]:
    """Everything that is wrong with a scenario, as its trace shows; in a fixed order."""
    graphs = [WaitGraph(snapshot) for snapshot in trace.snapshots]
    blocked: tuple[Finding, ...] = (
        *find_deadlocks(scenario, trace, graphs),
        *find_stalls(scenario, trace, graphs),
    )
    blocked, circles = noted(scenario, trace, blocked, lock_circles(scenario, trace))
    blocked = (
        *blocked,
        *find_waits_in_vain(scenario, trace, graphs, blocked),
        *find_livelocks(scenario, trace, graphs),
    )
    return (
        *blocked,
        *find_starvation(scenario, trace, blocked),
        *find_exhaustion(scenario, trace),
        *find_given_up(scenario, trace, blocked),
        *find_overload(scenario, trace),
        *find_redelivered(scenario, trace),
        *find_not_given_back(scenario, trace),
        *find_not_carried(scenario, trace),
        *find_double_runs(scenario, trace),
        *find_overlaps(scenario, trace),
        *find_double_effects(scenario, trace),
        *find_lock_orders(scenario, trace, circles),
        *find_overcommits(scenario, trace),
        *find_pool_overruns(scenario, trace),
        *find_lost_runs(scenario, trace),
        *find_given_up_runs(scenario, trace),
        *find_left_setups(scenario, trace),
        *find_runaways(scenario, trace),
    )
