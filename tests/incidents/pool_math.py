"""Slots that a task wants and its pool has not."""

from __future__ import annotations

from incident import HOUR, Flight, Incident, scenario

from windtunnel.model import Dag, Pool, Scenario, Task


def wide(slots: int) -> Scenario:
    dag = Dag(dag_id="d", tasks=(Task(task_id="wide", pool="db", pool_slots=4),))
    return scenario(dag, pools={"db": Pool(slots=slots)}, until=HOUR)


def typo(*pools: str) -> Scenario:
    """Sixteen tasks name a pool, and one of the same run is for the default pool."""
    tasks = tuple(Task(task_id=f"t{i}", pool="typo", priority_weight=2) for i in range(16))
    dag = Dag(dag_id="d", tasks=(*tasks, Task(task_id="other")), max_active_tasks=8)
    return scenario(dag, pools={name: Pool(slots=8) for name in pools}, until=HOUR)


def never_queued(flight: Flight, name: str) -> bool:
    return flight.state(name) == "scheduled" and "WT110" in flight.codes


INCIDENTS = (
    Incident(
        id="INC-034",
        title="A task asks for more slots than its pool has",
        source="apache/airflow#20178",
        broken=wide(2),
        mended={"a pool that is large enough": wide(4)},
        symptom=lambda flight: never_queued(flight, "d.wide"),
        says=("WT110",),
    ),
    Incident(
        id="INC-035",
        title="Tasks of a pool that does not exist hang, and others behind them",
        source="apache/airflow#20788, apache/airflow#795, apache/airflow#21829",
        broken=typo(),
        mended={"the pool is created": typo("typo")},
        symptom=lambda flight: (
            never_queued(flight, "d.t0") and flight.state("d.other") == "scheduled"
        ),
        leaves_out="in old releases other DAGs starve too; in 3.x the tasks of the same run do",
        says=("WT110",),
    ),
)
