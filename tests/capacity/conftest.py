"""What tests of plans share: fleets whose answer is known, and days that nobody has to simulate."""

from __future__ import annotations

import pytest

from windtunnel.model import (
    Behavior,
    Cluster,
    Cron,
    Dag,
    Fleet,
    Pool,
    Rule,
    Scenario,
    Task,
    Uniform,
    WorkerGroup,
)


@pytest.fixture
def night():
    """``night(duration, workers=…, slots=…)``: ten tasks side by side from midnight on, in a window
    of a day."""

    def night(duration=3600.0, *, tasks=10, hours=24, days=1, **group):
        dag = Dag(
            dag_id="report",
            schedule=Cron(expression="0 0 * * *", timetable="trigger"),
            start_date="2026-01-01T00:00:00Z",
            catchup=False,
            tasks=tuple(Task(task_id=f"t{n}", pool="db") for n in range(tasks)),
        )
        return Scenario(
            fleet=Fleet(dags=(dag,)),
            cluster=Cluster(
                workers=(WorkerGroup(**{"count": 1, "slots": 1, **group}),),
                pools={"db": Pool(slots=100)},
                max_active_tasks_per_dag=100,
                task_queued_timeout_s=1e6,
            ),
            behavior=Behavior(rules=(Rule(tasks="*", duration_s=duration),)),
            start="2026-03-01T00:00:00Z",
            duration_s=hours * 3600.0 * days,
        )

    return night


@pytest.fixture
def varied():
    """A duration of which half of the tasks take longer than three quarters of an hour."""
    return Uniform(low=1800, high=3600)
