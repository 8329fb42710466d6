"""Limits that hold for a DAG on a cluster, and how close together its runs are."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise

from windtunnel.engine.dag_runs.timetable import CronTicks
from windtunnel.model import Cluster, Cron, Dag, Every, Scenario

TICKS = 60
"""Ticks of a cron expression among which the closest are looked for."""


def most_runs(dag: Dag, cluster: Cluster) -> int:
    """``max_active_runs``."""
    own = dag.max_active_runs
    return cluster.max_active_runs_per_dag if own is None else own


def most_tasks(dag: Dag, cluster: Cluster) -> int:
    """``max_active_tasks``."""
    own = dag.max_active_tasks
    return cluster.max_active_tasks_per_dag if own is None else own


def catches_up(dag: Dag, cluster: Cluster) -> bool:
    """Whether all runs that were due are created at once when the DAG is switched on."""
    if dag.catchup is not None:
        return dag.catchup
    own = cluster.catchup_by_default
    return cluster.airflow.catchup_default if own is None else own


def interval_s(scenario: Scenario, dag: Dag) -> float | None:
    """Seconds between two runs, where they are closest; None if they follow no clock. The hour
    that a clock leaves out or repeats is no reason to call a day short."""
    schedule = dag.schedule
    if isinstance(schedule, Every):
        return schedule.seconds
    if not isinstance(schedule, Cron):
        return None
    return _closest_s(schedule.expression, scenario.start.astimezone(UTC))


@lru_cache(maxsize=1024)
def _closest_s(expression: str, start: datetime) -> float | None:
    ticks, at = CronTicks(expression, "UTC"), start
    found: list[datetime] = []
    try:
        for _ in range(TICKS):
            at = ticks.after(at)
            found.append(at)
    except (OverflowError, ValueError):
        pass  # the calendar ends, as for a schedule of the 29th of February
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(found)]
    return min(gaps, default=None)
