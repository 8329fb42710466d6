"""What tasks hand over is too large, or takes too long on its way."""

from __future__ import annotations

from typing import Any

from incident import HOUR, MINUTE, Flight, Incident, scenario

from windtunnel.model import Dag, Rule, Scenario, Task, XComBackend

MB = 1024**2
BLOB = 65_535
"""Bytes of a BLOB column of MySQL, which XComs once had."""


def export(size: int, profile: str = "airflow-2.11", **xcom: Any) -> Scenario:
    """A task that works for ten minutes, then hands over so many bytes; with one retry."""
    task = Task(task_id="export", retries=1, retry_delay_s=60)
    rule = Rule(tasks="d.export", duration_s=10 * MINUTE, result_bytes=size)
    return scenario(
        Dag(dag_id="d", tasks=(task,)),
        rules=[rule],
        profile=profile,
        xcom=XComBackend(**xcom),
        until=2 * HOUR,
    )


def fails_after_its_work(flight: Flight) -> bool:
    """Each try does all of its work first: what it has changed outside is changed twice."""
    worked = flight.moments("d.export", "up_for_retry") == [10 * MINUTE]
    return worked and flight.state("d.export") == "failed"


def taken_for_dead(flight: Flight) -> bool:
    """300 s after the end of its work, while its result is still on its way."""
    return flight.moments("d.export", "up_for_retry") == [15 * MINUTE]


INCIDENTS = (
    Incident(
        id="INC-117",
        title="A result beyond the column's size fails the task after its work",
        source="apache/airflow#9299, apache/airflow#19834, cal-itp/data-infra#167",
        broken=export(70_000, database="mysql", max_bytes=BLOB),
        mended={
            "a reference in the place of the value": export(100, database="mysql", max_bytes=BLOB),
            "object storage": export(
                70_000, database="mysql", max_bytes=BLOB, objectstorage_threshold=50_000
            ),
        },
        symptom=fails_after_its_work,
        says=("WT903",),
    ),
    Incident(
        id="INC-118",
        title="A result of 300 MB holds up heartbeats until the task is taken for dead",
        source="apache/airflow#64628, apache/airflow#48852",
        broken=export(300 * MB, "airflow-3.3", max_bytes=1024 * MB, push_mb_per_s=0.5),
        mended={
            "a reference in the place of the value": export(
                100, "airflow-3.3", max_bytes=1024 * MB, push_mb_per_s=0.5
            ),
            "object storage": export(
                300 * MB, "airflow-3.3", objectstorage_threshold=MB, push_mb_per_s=0.5
            ),
        },
        symptom=taken_for_dead,
    ),
)
