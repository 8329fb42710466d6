"""Fan-out beyond what the scheduler can hand out."""

from __future__ import annotations

from incident import HOUR, Incident, on, scenario

from windtunnel.model import Dag, Scenario, SchedulerLoop, Task


def mapped(count: int, loop_s: float) -> Scenario:
    """Three mapped tasks of six seconds, one after the other; a loop takes the longer the more
    instances there are (8 s at 500, as reported)."""
    tasks = (
        Task(task_id="a", expand=(count,)),
        Task(task_id="b", expand=(count,), upstream=("a",)),
    )
    loop = SchedulerLoop(
        duration_s=loop_s, per_run_s=0, per_task_s=0, idle_sleep_s=0, hand_over_s=0
    )
    return scenario(
        Dag(dag_id="d", tasks=tasks, max_active_tasks=100),
        seconds={"*": 6},
        parallelism=32,
        loop=loop,
        until=HOUR,
    )


INCIDENTS = (
    Incident(
        id="INC-115",
        title="With 500 mapped instances the scheduler's loop is the limit, and workers idle",
        source="apache/airflow#45991, apache/airflow#35267",
        broken=mapped(500, loop_s=8),
        mended={
            "100 instances, a quicker loop": mapped(100, loop_s=2),
            "more task instances a loop": on(mapped(500, loop_s=8), max_tis_per_query=64),
        },
        symptom=lambda flight: flight.peak("d.*", "running") < 20,
        leaves_out="that the loop becomes longer with more instances is given, not worked out",
    ),
)
