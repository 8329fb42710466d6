"""Timeouts that do not do what was meant."""

from __future__ import annotations

from typing import Any

from incident import DAY, HOUR, Incident, scenario

from windtunnel.model import Dag, Rule, Scenario, Sensor, Task

# -- dagrun_timeout -------------------------------------------------------------------------------


def five_hours_of_work(**of_task: Any) -> Scenario:
    dag = Dag(dag_id="d", tasks=(Task(task_id="t", **of_task),), dagrun_timeout_s=4 * HOUR)
    return scenario(dag, seconds={"d.t": 5 * HOUR})


# -- execution_timeout and reschedule -------------------------------------------------------------


def file_sensor(timeout_s: float) -> Scenario:
    """A file that never comes, and an execution_timeout of 30 s that was meant to end the wait."""
    kind = Sensor(mode="reschedule", timeout_s=timeout_s)
    task = Task(task_id="wait", kind=kind, execution_timeout_s=30)
    return scenario(
        Dag(dag_id="d", tasks=(task,)),
        rules=[Rule(tasks="d.wait", true_at_s=None, duration_s=1)],
        until=2 * HOUR,
    )


INCIDENTS = (
    Incident(
        id="INC-106",
        title="dagrun_timeout marks the running task skipped: it has not failed, nobody is told",
        source="apache/airflow#30264, apache/airflow#19005, WordPress/openverse-catalog#348",
        broken=five_hours_of_work(),
        mended={
            "execution_timeout of the task": five_hours_of_work(execution_timeout_s=3.5 * HOUR)
        },
        symptom=lambda flight: (
            flight.states("d.t") == ["skipped"] and flight.run_states("d") == ["failed"]
        ),
        leaves_out="callbacks, and the job outside that goes on",
    ),
    Incident(
        id="INC-107",
        title="execution_timeout does not end a sensor that reschedules",
        source="apache/airflow#32512",
        broken=file_sensor(7 * DAY),
        mended={"the sensor's own timeout": file_sensor(30)},
        symptom=lambda flight: flight.state("d.wait") in ("up_for_reschedule", "running"),
    ),
)
