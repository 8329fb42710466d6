"""Rates that others limit."""

from __future__ import annotations

from collections import Counter

from incident import HOUR, MINUTE, Flight, Incident, scenario

from windtunnel.model import (
    Dag,
    ExecutorConfig,
    KubernetesSettings,
    Pool,
    Resource,
    Rule,
    Scenario,
    SchedulerLoop,
    Task,
)


def most_in_a_minute(flight: Flight, name: str) -> int:
    """How many tries of a task began within one minute, at most."""
    return max(Counter(at // MINUTE for at in flight.moments(name, "running")).values())


# -- trying again without end ----------------------------------------------------------------------


def never_fits(retries: int) -> Scenario:
    """A pod that the namespace's quota never admits, asked for again and again."""
    pod = ExecutorConfig(request_cpus=8)
    return scenario(
        Dag(dag_id="d", tasks=(Task(task_id="pod", executor_config=pod),)),
        executor="KubernetesExecutor",
        kubernetes_executor=KubernetesSettings(quota_cpus=4, task_publish_max_retries=retries),
        loop=SchedulerLoop(),
        until=10 * MINUTE,
    )


def asked_in_a_minute(flight: Flight) -> int:
    """How many requests for a pod the quota refused within one minute, at most."""
    events = flight.result.trace.executor_events
    return max(Counter(at // (MINUTE * 1e6) for at, _, _ in events).values())


# -- a quota that makes nobody wait ----------------------------------------------------------------


def quota(*, slots: int = 128, publish: int = 0, **retry: float) -> Scenario:
    """Eight pods of 550m beside each other, and a quota of 3.5 processors."""
    dag = Dag(dag_id="d", tasks=(Task(task_id="pod", expand=(8,), pool="pods", **retry),))
    return scenario(
        dag,
        seconds={"d.pod": 5 * MINUTE},
        executor="KubernetesExecutor",
        kubernetes_executor=KubernetesSettings(
            quota_cpus=3.5,
            pod=ExecutorConfig(request_cpus=0.55),
            task_publish_max_retries=publish,
        ),
        pools={"pods": Pool(slots=slots)},
        until=2 * HOUR,
    )


# -- requests to an API ----------------------------------------------------------------------------


def requests(slots: int, seconds: float) -> Scenario:
    """300 requests to an API that allows 100 in a minute, ten of them at once."""
    task = Task(task_id="get", expand=(300,), pool="api", retries=5, retry_delay_s=1)
    return scenario(
        Dag(dag_id="d", tasks=(task,), max_active_tasks=300),
        rules=[Rule(tasks="d.get", duration_s=seconds, needs={"api": 1})],
        resources={"api": Resource(per_minute=100, burst=10, when_full="fail")},
        pools={"api": Pool(slots=slots)},
        until=HOUR,
    )


INCIDENTS = (
    Incident(
        id="INC-125",
        title="What can never fit is asked for again without a pause",
        source="apache/airflow#35792, apache/airflow#36882",
        broken=never_fits(-1),
        mended={"a limit of attempts": never_fits(5)},
        symptom=lambda flight: asked_in_a_minute(flight) > 30 and flight.state("d.pod") == "queued",
    ),
    Incident(
        id="INC-124",
        title="The namespace's quota turns waiting into failing",
        source="apache/airflow#36348, apache/airflow#16316, apache/airflow#63944",
        broken=quota(),
        mended={
            "a pool of as many slots as the quota has room for": quota(slots=6),
            "asked for again until there is room": quota(publish=-1),
            "retries that last until there is room": quota(retries=3, retry_delay_s=180),
        },
        symptom=lambda flight: flight.states("d.pod").count("failed") == 2,
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
        symptom=lambda flight: (
            len(flight.reasons("d.get")) > 300 and most_in_a_minute(flight, "d.get") > 300
        ),
        says=("WT211",),
    ),
)
