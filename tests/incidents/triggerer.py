"""Deferred work, which depends on one process."""

from __future__ import annotations

from incident import HOUR, MINUTE, Flight, Incident, scenario

from windtunnel.model import Dag, Rule, Scenario, Sensor, Task, TriggererDown


def waits(*faults: TriggererDown, deferrable: bool) -> Scenario:
    """Ten waits of ten minutes."""
    kind = Sensor(mode="reschedule", deferrable=deferrable)
    dag = Dag(dag_id="d", tasks=tuple(Task(task_id=f"t{i}", kind=kind) for i in range(10)))
    return scenario(
        dag,
        faults=faults,
        rules=[Rule(tasks="d.*", true_at_s=10 * MINUTE, duration_s=1)],
        until=6 * HOUR,
    )


BLOCKED = TriggererDown(at_s=5 * MINUTE, for_s=2 * HOUR)
NONE = TriggererDown()


def all_frozen(flight: Flight) -> bool:
    """None of those that came true in the tenth minute goes on within the next hour."""
    return min(flight.moments("d.*", "success")) > 70 * MINUTE


INCIDENTS = (
    Incident(
        id="INC-112",
        title="One blocking trigger stalls the triggerer's loop; all that is deferred freezes",
        source="apache/airflow#52247, apache/airflow#43634",
        broken=waits(BLOCKED, deferrable=True),
        mended={
            "no trigger that blocks": waits(deferrable=True),
            "sensors that reschedule": waits(BLOCKED, deferrable=False),
        },
        symptom=all_frozen,
    ),
    Incident(
        id="INC-113",
        title="No triggerer runs: deferred until the timeout, or for ever",
        source="apache/airflow#34906",
        broken=waits(NONE, deferrable=True),
        mended={
            "a triggerer": waits(deferrable=True),
            "sensors that reschedule": waits(NONE, deferrable=False),
        },
        symptom=lambda flight: set(flight.states("d.*")) == {"deferred"},
    ),
)
