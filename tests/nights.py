"""Nights: the first one of March 2026 simulated, with one slot in the pool ``db``."""

from __future__ import annotations

from datetime import UTC, datetime

import windtunnel as wt
from windtunnel.model import Cron

START = datetime(2026, 3, 1, tzinfo=UTC)


def simulated(fleet: wt.Fleet, rules: tuple[wt.Rule, ...] = (), **changes) -> wt.Result:
    """The fleet with these rules, for a day or as *changes* say."""
    cluster = wt.Cluster(profile="airflow-3.3", pools={"db": wt.Pool(slots=1)})
    changes = {"start": START, "window": "1d", **changes}
    return wt.simulate(fleet, cluster=cluster, behavior=wt.Behavior(rules=rules), **changes)


def dag(dag_id: str, *tasks: wt.Task, at: str = "0 2 * * *", **more) -> wt.Dag:
    """A DAG of these tasks, at two in the night."""
    schedule = Cron(expression=at) if at else None
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return wt.Dag(dag_id=dag_id, tasks=tasks, schedule=schedule, start_date=start, **more)


def task(task_id: str, *upstream: str, **more) -> wt.Task:
    """A task after these."""
    return wt.Task(task_id=task_id, upstream=upstream, **more)


def takes(**seconds: float) -> tuple[wt.Rule, ...]:
    """A rule for each ``dag__task``."""
    return tuple(
        wt.Rule(tasks=name.replace("__", "."), duration_s=float(s)) for name, s in seconds.items()
    )
