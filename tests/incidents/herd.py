"""Many that start, or start again, at one instant."""

from __future__ import annotations

from typing import Any

from incident import DAY, HOUR, MINUTE, NEVER_S, Incident, cron, scenario

from windtunnel.model import (
    Dag,
    ManualRun,
    Pool,
    Resource,
    Rule,
    Scenario,
    Sensor,
    Task,
    TaskFails,
    WorkerGroup,
)

# -- everything at :00 ----------------------------------------------------------------------------


def hourly(jitter: int) -> Scenario:
    """Twelve DAGs, each with five minutes of work an hour, and one slot: an hour's worth."""
    dags = [cron(f"d{i:02}", f"{i * jitter} * * * *", Task(task_id="t")) for i in range(12)]
    return scenario(*dags, seconds={"*": 4 * MINUTE}, default_pool_slots=1, until=4 * HOUR)


# -- sensors tick together ------------------------------------------------------------------------


def ticks(apart_s: float) -> Scenario:
    """Twenty sensors look for ten seconds each, every five minutes, with one worker."""
    kind = Sensor(mode="reschedule", poke_interval_s=5 * MINUTE)
    dags = [Dag(dag_id=f"s{i:02}", tasks=(Task(task_id="s", kind=kind),)) for i in range(20)]
    return scenario(
        *dags,
        runs=[ManualRun(dag_id=dag.dag_id, at_s=i * apart_s) for i, dag in enumerate(dags)],
        seconds={"*": 10},
        workers=(WorkerGroup(slots=1),),
        task_queued_timeout_s=NEVER_S,
        until=20 * MINUTE,
    )


# -- retries come back together -------------------------------------------------------------------


def outage(*, at_once: int = 1000, **retry: Any) -> Scenario:
    """An API that admits fifty is down for ten minutes; three hundred tasks meet it at once."""
    tasks = tuple(
        Task(task_id=f"load_{i}", pool="api", retries=3, retry_delay_s=5 * MINUTE, **retry)
        for i in range(300)
    )
    return scenario(
        Dag(dag_id="d", tasks=tasks, max_active_tasks=1000),
        rules=[Rule(tasks="d.load*", duration_s=MINUTE, needs={"api": 1})],
        resources={"api": Resource(slots=50, when_full="fail")},
        faults=[TaskFails(tasks="d.*", for_s=10 * MINUTE, after_s=0)],
        pools={"api": Pool(slots=at_once)},
        parallelism=1000,
        max_tis_per_query=0,
        until=DAY,
    )


# -- backoff that grows beyond all reason ---------------------------------------------------------


def backoff(multiplier: float, **limit: float) -> Scenario:
    task = Task(
        task_id="t", retries=5, retry_delay_s=300, retry_exponential_backoff=multiplier, **limit
    )
    return scenario(
        Dag(dag_id="d", tasks=(task,)),
        faults=[TaskFails(tasks="d.t", for_s=2 * DAY)],
        max_task_retry_delay_s=NEVER_S * 100,
        until=30 * DAY,
    )


INCIDENTS = (
    Incident(
        id="INC-086",
        title="Everything is due at minute 0, and waits for the rest",
        source="'Lessons Learned From Running Apache Airflow at Scale', shopify.engineering; "
        "apache/airflow#69705",
        broken=hourly(jitter=0),
        mended={"an offset for each DAG": hourly(jitter=5)},
        symptom=lambda flight: flight.longest_wait("d*", "pool default_pool") > 30 * MINUTE,
    ),
    Incident(
        id="INC-087",
        title="Sensors of equal interval tick at once",
        source="dagster-io/dagster#20484, kubernetes/test-infra#12148",
        broken=ticks(apart_s=0),
        mended={"the first tick of each at another time": ticks(apart_s=10)},
        symptom=lambda flight: flight.longest_wait("s*", "worker slots") > 2 * MINUTE,
    ),
    Incident(
        id="INC-088",
        title="Retries of many tasks come back together after an outage",
        source="apache/airflow#1639",
        broken=outage(),
        mended={
            "exponential backoff, which has jitter": outage(retry_exponential_backoff=2),
            "a pool of as many as the API admits": outage(at_once=50),
        },
        symptom=lambda flight: flight.states("d.load*").count("failed") >= 150,
        says=("WT211",),
    ),
    Incident(
        id="INC-089",
        title="A backoff that grows as a power of the delay: the retry comes in months",
        source="apache/airflow#2196, apache/airflow#47971, apache/airflow#28172",
        broken=backoff(300),
        mended={
            "doubled each time": backoff(2),
            "max_retry_delay": backoff(300, max_retry_delay_s=HOUR),
        },
        symptom=lambda flight: flight.state("d.t") == "up_for_retry",
    ),
)
