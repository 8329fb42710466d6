"""Rates that others limit."""

from __future__ import annotations

from collections import Counter

from incident import HOUR, MINUTE, Flight, Incident, scenario

from windtunnel.model import Dag, Pool, Scenario, SchedulerLoop, Task, TaskFails


def most_in_a_minute(flight: Flight, name: str) -> int:
    """How many tries of a task began within one minute, at most."""
    return max(Counter(at // MINUTE for at in flight.moments(name, "running")).values())


# -- trying again without end ----------------------------------------------------------------------


def never_fits(**retry: float) -> Scenario:
    """A pod that the namespace's quota never admits, asked for again and again."""
    dag = Dag(dag_id="d", tasks=(Task(task_id="pod", **retry),))
    refused = TaskFails(tasks="d.pod", after_s=0.2)
    return scenario(dag, faults=[refused], loop=SchedulerLoop(), until=10 * MINUTE)


# -- requests to an API ----------------------------------------------------------------------------


def requests(slots: int, seconds: float) -> Scenario:
    """300 requests to an API that allows 100 in a minute."""
    dag = Dag(
        dag_id="d", tasks=(Task(task_id="get", expand=(300,), pool="api"),), max_active_tasks=300
    )
    pools = {"api": Pool(slots=slots)}
    return scenario(dag, seconds={"d.get": seconds}, pools=pools, until=HOUR)


INCIDENTS = (
    Incident(
        id="INC-125",
        title="What can never fit is asked for again without a pause",
        source="apache/airflow#35792, apache/airflow#36882",
        broken=never_fits(retries=2000, retry_delay_s=0),
        mended={
            "a limit of attempts": never_fits(retries=3, retry_delay_s=0),
            "a pause that grows": never_fits(
                retries=2000, retry_delay_s=10, retry_exponential_backoff=2
            ),
        },
        symptom=lambda flight: most_in_a_minute(flight, "d.pod") > 15,
        leaves_out="the quota is given as a failure; Airflow tries again here, not its executor",
    ),
    Incident(
        id="INC-133",
        title="A pool limits how many at once; the API limits how many in a minute",
        source="apache/airflow#15082, PrefectHQ/prefect#12252",
        broken=requests(10, 1),
        mended={
            "a pool of as many slots as the rate allows": requests(1, 1),
            "longer tasks": requests(10, 6),
        },
        symptom=lambda flight: most_in_a_minute(flight, "d.get") > 100,
        leaves_out="what the API refuses, and the retries of that",
    ),
)
