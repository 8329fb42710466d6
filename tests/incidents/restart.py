"""Workers and schedulers that die at the wrong moment."""

from __future__ import annotations

from incident import DAY, HOUR, MINUTE, NEVER_S, Incident, scenario

from windtunnel.model import Dag, Scenario, Task, TaskLostByExecutor, WorkerGroup


def lost_between_fetch_and_start(task_queued_timeout_s: float) -> Scenario:
    dag = Dag(dag_id="d", tasks=(Task(task_id="t"),), dagrun_timeout_s=20 * HOUR)
    return scenario(
        dag,
        faults=[TaskLostByExecutor(tasks="d.t", for_s=MINUTE)],
        workers=(WorkerGroup(),),
        task_queued_timeout_s=task_queued_timeout_s,
        until=DAY,
    )


INCIDENTS = (
    Incident(
        id="INC-075",
        title="A worker dies between fetching a task and starting it: queued for ever",
        source="apache/airflow#26015, apache/airflow#21225, apache/airflow#28120",
        broken=lost_between_fetch_and_start(NEVER_S),
        mended={"task_queued_timeout (2.6)": lost_between_fetch_and_start(600)},
        symptom=lambda flight: not flight.moments("d.t", "running"),
    ),
)
