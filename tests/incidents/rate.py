"""Rates that others limit."""

from __future__ import annotations

from collections import Counter

from incident import HOUR, Incident, scenario

from windtunnel.model import Dag, Pool, Scenario, Task


def requests(slots: int, seconds: float) -> Scenario:
    """Requests to an API that allows 100 in a minute."""
    dag = Dag(
        dag_id="d", tasks=(Task(task_id="get", expand=(300,), pool="api"),), max_active_tasks=300
    )
    return scenario(dag, seconds={"d.get": seconds}, pools={"api": Pool(slots=slots)}, until=HOUR)


INCIDENTS = (
    Incident(
        id="INC-133",
        title="A pool limits how many at once; the API limits how many in a minute",
        source="apache/airflow#15082, PrefectHQ/prefect#12252",
        broken=requests(10, 1),
        mended={
            "a pool of as many slots as the rate allows": requests(1, 1),
            "longer tasks": requests(10, 6),
        },
        symptom=lambda flight: (
            max(Counter(at // 60 for at in flight.moments("d.get", "running")).values()) > 100
        ),
    ),
)
