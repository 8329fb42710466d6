"""More at once than there is: memory, connections, processors."""

from __future__ import annotations

from incident import HOUR, MINUTE, Incident, scenario

from windtunnel.model import Dag, Resource, Rule, Scenario, Step, Task, WorkerGroup

WIDE = {"parallelism": 1000, "default_pool_slots": 1000, "max_tis_per_query": 0}


def many(count: int, **options: float) -> Dag:
    task = Task(task_id="t", expand=(count,), **options)
    return Dag(dag_id="d", tasks=(task,), max_active_tasks=1000)


# -- memory of a worker ----------------------------------------------------------------------------


def small_tasks(slots: int) -> Scenario:
    """200 tasks of 380 MB on workers of 2 GB."""
    return scenario(
        many(200),
        rules=[Rule(tasks="d.t", duration_s=5 * MINUTE, memory_mb=380)],
        workers=(WorkerGroup(count=5, slots=slots, memory_mb=2048),),
        **WIDE,
        until=24 * HOUR,
    )


# -- connections of the database -------------------------------------------------------------------


def connections(database: Resource, **limits: int) -> Scenario:
    """300 tasks with two connections each."""
    return scenario(
        many(300),
        rules=[Rule(tasks="d.t", duration_s=MINUTE, needs={"connections": 2})],
        resources={"connections": database},
        **{**WIDE, **limits},
        until=24 * HOUR,
    )


# -- a database that is busy -----------------------------------------------------------------------


def tiny_tasks(parallelism: int) -> Scenario:
    """A hundred tasks of 2.7 s, all of them work of a database with a single processor."""
    return scenario(
        many(100),
        rules=[Rule(tasks="d.t", duration_s=2.7, needs={"database": 1})],
        resources={"database": Resource(slots=1, when_full="slow")},
        **{**WIDE, "parallelism": parallelism},
        until=HOUR,
    )


# -- a cold cache ----------------------------------------------------------------------------------


def cold_cache(*, locked: bool) -> Scenario:
    """200 tasks that need the parsed project: whoever doesn't find it parses it, which keeps a
    processor busy for a minute."""
    parse = Step(write="manifest", work_s=MINUTE, unless="manifest")
    steps = (Step(acquire="lock:manifest"), parse, Step(release="lock:manifest"))
    return scenario(
        many(200),
        rules=[Rule(tasks="d.t", steps=(*(steps if locked else (parse,)), Step(work_s=1)), cpus=1)],
        workers=(WorkerGroup(count=10, slots=20, cpus=4),),
        **WIDE,
        until=24 * HOUR,
    )


INCIDENTS = (
    Incident(
        id="INC-077",
        title="Many small tasks together are more than the worker's memory",
        source="apache/airflow#61521, apache/airflow#55753, astronomer/astronomer-cosmos#1151",
        broken=small_tasks(6),
        mended={"as many slots as memory has room for": small_tasks(5)},
        symptom=lambda flight: "killed: the worker is out of memory" in flight.reasons("d.t"),
        says=("WT402",),
    ),
    Incident(
        id="INC-120",
        title="300 tasks want more connections than the metadata database has",
        source="airflow-helm/charts#227, bitnami/charts#6148, apache/airflow#65010",
        broken=connections(Resource(slots=100, when_full="fail")),
        mended={
            "a pooler: who finds none free waits": connections(Resource(slots=100)),
            "fewer at once": connections(Resource(slots=100, when_full="fail"), parallelism=50),
        },
        symptom=lambda flight: flight.states("d.t").count("failed") >= 200,
        says=("WT211",),
    ),
    Incident(
        id="INC-121",
        title="A hundred tiny tasks at once: each takes twenty times as long",
        source="apache/airflow#14851",
        broken=tiny_tasks(100),
        mended={"a few at once": tiny_tasks(4)},
        symptom=lambda flight: max(flight.lengths("d.t")) > 20 * 2.7,
    ),
    Incident(
        id="INC-123",
        title="200 tasks fill the same cold cache",
        source="astronomer/astronomer-cosmos#1484",
        broken=cold_cache(locked=False),
        mended={"one fills it, and the others wait for that": cold_cache(locked=True)},
        symptom=lambda flight: (
            flight.writers("manifest") == 200 and max(flight.lengths("d.t")) > 5 * MINUTE
        ),
        says=("WT202",),
    ),
)
