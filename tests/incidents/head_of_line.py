"""Work that cannot run fills what the scheduler looks at, and hides work that could."""

from __future__ import annotations

from incident import HOUR, MINUTE, NEVER_S, Flight, Incident, on, scenario

from windtunnel.model import (
    CelerySettings,
    Dag,
    ManualRun,
    Pool,
    Scenario,
    SchedulerLoop,
    Task,
    WorkerGroup,
)

LOOP = SchedulerLoop(duration_s=5, per_run_s=0, per_task_s=0, idle_sleep_s=0, hand_over_s=0)


def many(dag_id: str, count: int, *, max_active_tasks: int = 100, **options: object) -> Dag:
    tasks = tuple(Task(task_id=f"t{i}", **options) for i in range(count))
    return Dag(dag_id=dag_id, tasks=tasks, max_active_tasks=max_active_tasks)


# -- a full pool hides an idle one ----------------------------------------------------------------


def two_pools(profile: str = "airflow-2.11", *, window: int = 6, active: int = 100) -> Scenario:
    """80 heavy tasks for four slots, of which every loop finds two open; 8 light tasks for a pool
    that is idle."""
    return scenario(
        many("heavy", 80, pool="busy", priority_weight=2, max_active_tasks=active),
        many("light", 8, pool="idle"),
        runs=["heavy", ManualRun(dag_id="light", at_s=8)],
        seconds={"heavy.t[01]": 8, "heavy.*": 3, "light.*": 3},
        pools={"busy": Pool(slots=4), "idle": Pool(slots=8)},
        loop=LOOP,
        max_tis_per_query=window,
        parallelism=200,
        profile=profile,
        until=30 * MINUTE,
    )


# -- messages behind a long task ------------------------------------------------------------------


def parked(multiplier: int, *, apart: bool = False) -> Scenario:
    """One long task and eight short ones for two workers of one process each."""
    long = Task(task_id="long", queue="long" if apart else "default")
    short = tuple(Task(task_id=f"short{i}") for i in range(8))
    queues = [("long",), ("default",)] if apart else [("default",)] * 2
    return scenario(
        Dag(dag_id="d", tasks=(long, *short)),
        seconds={"d.long": HOUR, "d.*": 10},
        executor="CeleryExecutor",
        celery=CelerySettings(worker_concurrency=1, worker_prefetch_multiplier=multiplier),
        workers=tuple(WorkerGroup(queues=names) for names in queues),
        task_queued_timeout_s=NEVER_S,
        until=2 * HOUR,
    )


def waits_beside_an_idle_worker(flight: Flight) -> bool:
    begun = [flight.began(f"d.short{i}") or 0 for i in range(8)]
    idle_since = max((at for at in begun if at < HOUR), default=0) + 10
    return max(begun) > idle_since + HOUR / 2


# -- a DAG at its limit hides other DAGs ----------------------------------------------------------


def at_its_limit(profile: str) -> Scenario:
    """DAG A may run one of its 50 short tasks at a time; DAG B has 64 tasks and no limit. A loop
    that queues one of A looks no further than the rest of A."""
    return scenario(
        many("a", 50, max_active_tasks=1),
        many("b", 64),
        seconds={"a.*": 4, "b.*": 4},
        loop=LOOP,
        max_tis_per_query=8,
        parallelism=200,
        profile=profile,
        until=30 * MINUTE,
    )


# -- runs at the limit of their task hide the others ----------------------------------------------


def behind_a_limited_task(window: int, profile: str = "airflow-3.3") -> Scenario:
    """One at a time of 20 instances; another task of the same run is free to go."""
    tasks = (
        Task(task_id="limited", expand=(20,), max_active_tis_per_dag=1, priority_weight=5),
        Task(task_id="free"),
    )
    return scenario(
        Dag(dag_id="d", tasks=tasks, max_active_tasks=window), profile=profile, until=60 * MINUTE
    )


INCIDENTS = (
    Incident(
        id="INC-032",
        title="Celery's prefetch parks short tasks behind a long one",
        source="celery/celery#4537, celery/celery#6500",
        broken=parked(4),
        mended={
            "a worker takes only what it runs": parked(1),
            "a queue, and a worker, for the long ones": parked(4, apart=True),
        },
        symptom=waits_beside_an_idle_worker,
    ),
    Incident(
        id="INC-025",
        title="A heavy backlog of a full pool hides tasks of a pool that is idle",
        source="apache/airflow#45636",
        broken=two_pools(),
        mended={
            "a look-ahead longer than the backlog": two_pools(window=100),
            "the query itself respects max_active_tasks (3.x)": two_pools("airflow-3.3", active=4),
        },
        symptom=lambda flight: min(flight.moments("light.*", "running")) > MINUTE,
    ),
    Incident(
        id="INC-026",
        title="A DAG with max_active_tasks=1 and many tasks starves another DAG",
        source="apache/airflow#21473, apache/airflow#19622, apache/airflow#21951",
        broken=at_its_limit("airflow-2.11"),
        mended={
            "the query itself respects max_active_tasks (3.x)": at_its_limit("airflow-3.3"),
            "a look-ahead longer than the backlog": on(
                at_its_limit("airflow-2.11"), max_tis_per_query=200
            ),
        },
        symptom=lambda flight: max(flight.moments("b.*", "running")) > MINUTE,
        leaves_out="before 2.2 the other DAG got nothing at all; in 2.11 it gets half of the loops",
    ),
    Incident(
        id="INC-031",
        title="Work over its own limit fills the look-ahead; work without a limit is late",
        source="PrefectHQ/prefect#19403, PrefectHQ/prefect#21971",
        broken=behind_a_limited_task(window=8),
        mended={
            "a look-ahead longer than the backlog": behind_a_limited_task(window=40),
            "what is at its limit is left out (2.11)": behind_a_limited_task(8, "airflow-2.11"),
        },
        symptom=lambda flight: flight.began("d.free") > 2 * MINUTE,
    ),
)
