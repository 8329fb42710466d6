"""Limits that mean something else than they seem to."""

from __future__ import annotations

from typing import Any

from incident import HOUR, MINUTE, Flight, Incident, cron, on, scenario, without_faults

from windtunnel.model import (
    Dag,
    Deferrable,
    LimitNotKept,
    LocalSettings,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    SchedulerLoop,
    Task,
)

ON_THEIR_WAY = ("deferred", "scheduled", "queued", "running")
FIRES = Rule(duration_s=2, fire_after_s=20 * MINUTE, resume_duration_s=2)

# -- deferred tasks and pools ---------------------------------------------------------------------


def every_minute(pool: Pool) -> Scenario:
    """A wait of 20 minutes, begun every minute, in a pool of one slot."""
    dag = cron("d", "* * * * *", Task(task_id="wait", pool="async", kind=Deferrable()))
    return scenario(dag, rules=[FIRES], pools={"async": pool}, until=HOUR)


# -- deferred tasks and max_active_tis_per_dag ----------------------------------------------------


def forty_waits(profile: str, **limit: int) -> Scenario:
    tasks = (Task(task_id="wait", kind=Deferrable(), expand=(40,), **limit),)
    return scenario(Dag(dag_id="d", tasks=tasks), rules=[FIRES], profile=profile, until=15 * MINUTE)


# -- between the event and the next turn ----------------------------------------------------------


def semaphore(weight: int) -> Scenario:
    """A pool of one slot that counts deferred tasks; the second DAG arrives while the first
    waits."""
    job = {"task_id": "job", "pool": "one", "kind": Deferrable()}
    return scenario(
        Dag(dag_id="first", tasks=(Task(**job),)),
        Dag(dag_id="second", tasks=(Task(**job, priority_weight=weight),)),
        runs=["first", ManualRun(dag_id="second", at_s=60)],
        rules=[FIRES],
        pools={"one": Pool(slots=1, include_deferred=True)},
        until=2 * HOUR,
    )


def both_are_under_way(flight: Flight) -> bool:
    return flight.began("second.job") is not None and flight.moments("second.job", "running")[
        0
    ] < flight.ended("first.job")


# -- max_active_tasks, 2.x and 3.x ----------------------------------------------------------------


def four_runs(profile: str, **options: Any) -> Scenario:
    task = Task(task_id="query", expand=(8,), pool="warehouse")
    dag = Dag(dag_id="d", tasks=(task,), max_active_tasks=4)
    return scenario(
        dag, runs=["d"] * 4, profile=profile, until=HOUR,
        pools={"warehouse": Pool(slots=100)} | options,
    )  # fmt: skip


# -- parallelism of several schedulers ------------------------------------------------------------


def three_schedulers(parallelism: int) -> Scenario:
    dag = Dag(dag_id="d", tasks=(Task(task_id="t", expand=(60,)),), max_active_tasks=100)
    return scenario(dag, schedulers=3, parallelism=parallelism, until=HOUR)


# -- an executor that does not count ---------------------------------------------------------------


def local_executor(**settings: Any) -> Scenario:
    dag = Dag(dag_id="d", tasks=(Task(task_id="t", expand=(20,)),), max_active_tasks=100)
    return scenario(
        dag, executor="LocalExecutor", parallelism=4, loop=SchedulerLoop(), until=HOUR, **settings
    )


# -- max_active_runs that some releases let be overrun --------------------------------------------


def overrun(**of_task: int) -> Scenario:
    """Hourly with catchup, one run at a time; after the first run all the rest starts together."""
    task = Task(task_id="load", **of_task)
    dag = cron("d", "0 * * * *", task, catchup=True, max_active_runs=1)
    return scenario(
        dag,
        runs=[],
        seconds={"d.load": 3 * HOUR},
        faults=[LimitNotKept(dags="d", at_s=HOUR)],
        until=12 * HOUR,
    )


INCIDENTS = (
    Incident(
        id="INC-055",
        title="Deferred tasks hold no slot of their pool: sixteen jobs at once in the place of one",
        source="apache/airflow#20940, apache/airflow#29416, apache/airflow#32709",
        broken=every_minute(Pool(slots=1)),
        mended={"include_deferred": every_minute(Pool(slots=1, include_deferred=True))},
        symptom=lambda flight: flight.peak("d.wait", "running", "deferred") > 1,
    ),
    Incident(
        id="INC-056",
        title="Limits on a task do not count its deferred instances",
        source="apache/airflow#40528, apache/airflow#33212, apache/airflow#61769",
        broken=forty_waits("airflow-2.11", max_active_tis_per_dag=10),
        mended={"deferred counts (3.x)": forty_waits("airflow-3.3", max_active_tis_per_dag=10)},
        symptom=lambda flight: flight.peak("d.wait", "deferred") > 10,
    ),
    Incident(
        id="INC-057",
        title="Between its trigger and its next turn a task has no slot, and another one takes it",
        source="apache/airflow#69187",
        broken=semaphore(weight=5),
        mended={"nobody in the pool weighs more than another": semaphore(weight=1)},
        symptom=both_are_under_way,
    ),
    Incident(
        id="INC-060",
        title="max_active_tasks counts over a run and no longer over the DAG",
        source="apache/airflow#42953, apache/airflow#63217",
        broken=four_runs("airflow-3.3"),
        mended={
            "2.x": four_runs("airflow-2.11"),
            "a pool": four_runs("airflow-3.3", warehouse=Pool(slots=4)),
        },
        symptom=lambda flight: flight.peak("d.query", "running") > 4,
    ),
    Incident(
        id="INC-061",
        title="LocalExecutor takes twenty task instances with parallelism=4",
        source="apache/airflow#71914",
        broken=local_executor(),
        mended={
            "what was handed out is counted": local_executor(
                local_executor=LocalSettings(counts_running=True)
            ),
            "2.x": local_executor(profile="airflow-2.11"),
        },
        symptom=lambda flight: flight.peak("d.t", "queued", "running") == 20,
    ),
    Incident(
        id="INC-062",
        title="parallelism is for each scheduler, not for all of them",
        source="astronomer/airflow-guides#397, apache/airflow#42383",
        broken=three_schedulers(15),
        mended={
            "divided by the number of schedulers": three_schedulers(5),
            "a pool": on(three_schedulers(15), default_pool_slots=15),
        },
        symptom=lambda flight: flight.peak("d.t", "running") > 15,
    ),
    Incident(
        id="INC-058",
        title="Several runs at once in spite of max_active_runs=1",
        source="apache/airflow#9975, apache/airflow#22193, apache/airflow#56646",
        broken=overrun(),
        mended={
            "one at a time by the task's own limit": overrun(max_active_tis_per_dag=1),
            "a release that keeps it": without_faults(overrun()),
        },
        symptom=lambda flight: flight.peak("d.load", "running") > 1,
        leaves_out="that the limit is not kept is stated as a fault, and does not emerge",
    ),
)
