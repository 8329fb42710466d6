"""Workers and schedulers that die at the wrong moment."""

from __future__ import annotations

from incident import DAY, HOUR, MINUTE, NEVER_S, Incident, scenario

from windtunnel.model import (
    Dag,
    HeartbeatLost,
    Rule,
    Scenario,
    Task,
    TaskLostByExecutor,
    WorkerGroup,
)


def lost_between_fetch_and_start(task_queued_timeout_s: float) -> Scenario:
    dag = Dag(dag_id="d", tasks=(Task(task_id="t"),), dagrun_timeout_s=20 * HOUR)
    return scenario(
        dag,
        faults=[TaskLostByExecutor(tasks="d.t", for_s=MINUTE)],
        workers=(WorkerGroup(),),
        task_queued_timeout_s=task_queued_timeout_s,
        until=DAY,
    )


def lost_message(task_queued_timeout_s: float) -> Scenario:
    """The broker loses the message of one task out of three; workers have slots for all."""
    dag = Dag(dag_id="d", tasks=tuple(Task(task_id=f"t{i}") for i in range(3)))
    return scenario(
        dag,
        faults=[TaskLostByExecutor(tasks="d.t1", for_s=MINUTE)],
        workers=(WorkerGroup(),),
        task_queued_timeout_s=task_queued_timeout_s,
        task_queued_timeout_check_interval_s=30,
        until=HOUR,
    )


def late_heartbeats(threshold_s: float) -> Scenario:
    """Ten healthy tasks of 20 minutes, of which nothing is heard."""
    dag = Dag(dag_id="d", tasks=tuple(Task(task_id=f"t{i}") for i in range(10)))
    return scenario(
        dag,
        seconds={"d.*": 20 * MINUTE},
        faults=[HeartbeatLost(tasks="d.*", probability=0.5)],
        task_instance_heartbeat_timeout_s=threshold_s,
        until=HOUR,
    )


def too_large(retries: int) -> Scenario:
    """A task that needs more memory than any worker has, and starts anew whenever it is killed."""
    hungry = Task(task_id="hungry", retries=retries, retry_delay_s=MINUTE)
    return scenario(
        Dag(dag_id="d", tasks=(hungry, Task(task_id="other"))),
        rules=[Rule(tasks="d.hungry", memory_mb=3000, duration_s=10 * MINUTE)],
        executor="CeleryExecutor",
        workers=(WorkerGroup(count=2, memory_mb=2000),),
        until=6 * HOUR,
    )


INCIDENTS = (
    Incident(
        id="INC-076",
        title="A task that runs out of memory is delivered again and again, and takes its "
        "neighbours along",
        source="OasisLMF/OasisPlatform#975",
        broken=too_large(100_000),
        mended={"at most three times": too_large(3)},
        symptom=lambda flight: len(flight.moments("d.hungry", "running")) > 100,
        leaves_out="retries stand for the broker's redeliveries, which Airflow would refuse; the "
        "neighbours, which the kernel spares here as long as they need less",
    ),
    Incident(
        id="INC-046",
        title="A task stays queued for many minutes, with capacity free, and then runs as always",
        source="apache/airflow#51284",
        broken=lost_message(15 * MINUTE),
        mended={"a shorter task_queued_timeout": lost_message(MINUTE)},
        symptom=lambda flight: (
            flight.states("d.*") == ["success"] * 3
            and flight.waited("d.t1", "executor") > 15 * MINUTE
        ),
    ),
    Incident(
        id="INC-071",
        title="Heartbeats are late, and healthy tasks are taken for dead, many at once",
        source="apache/airflow#16023",
        broken=late_heartbeats(300),
        mended={"a threshold beyond the longest silence": late_heartbeats(30 * MINUTE)},
        symptom=lambda flight: flight.states("d.*").count("failed") >= 3,
        leaves_out="it was the scheduler's own heartbeat, and orphans were reset; here the tasks'",
    ),
    Incident(
        id="INC-075",
        title="A worker dies between fetching a task and starting it: queued for ever",
        source="apache/airflow#26015, apache/airflow#21225, apache/airflow#28120",
        broken=lost_between_fetch_and_start(NEVER_S),
        mended={"task_queued_timeout (2.6)": lost_between_fetch_and_start(600)},
        symptom=lambda flight: not flight.moments("d.t", "running"),
    ),
)
