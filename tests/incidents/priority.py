"""Weights that put the wrong task first."""

from __future__ import annotations

from incident import HOUR, Incident, chain, cron, scenario, wait_for

from windtunnel.model import Dag, Pool, Scenario, SchedulerLoop, Task, WeightRule

# -- the producer weighs least --------------------------------------------------------------------


def fan_out(weight: int) -> Scenario:
    """Sensors weigh as much as all that follows them in their DAGs; the producer's DAG ends with
    it. Both are scheduled at once, the producer's DAG first."""
    producer = cron(
        "a_main",
        "@daily",
        *chain(Task(task_id="raw"), Task(task_id="main_summary", priority_weight=weight)),
    )
    consumers = [
        cron(
            f"table_{i}",
            "@daily",
            *chain(wait_for("a_main"), *(Task(task_id=f"t{n}") for n in range(5))),
        )
        for i in range(3)
    ]
    return scenario(producer, *consumers, parallelism=3, until=20 * HOUR)


# -- a chain is interrupted -----------------------------------------------------------------------


def two_chains(examined: int, profile: str = "airflow-3.3") -> Scenario:
    """Two chains of three on one slot; later tasks weigh more, so that a chain that has begun ends
    first. A loop examines only so many runs, but it may queue tasks of any."""
    tasks = chain(
        *(Task(task_id=f"t{i}", weight_rule=WeightRule.UPSTREAM, pool="one") for i in range(3))
    )
    return scenario(
        Dag(dag_id="first", tasks=tasks),
        Dag(dag_id="second", tasks=tasks),
        seconds={"*": 7},
        pools={"one": Pool(slots=1)},
        loop=SchedulerLoop(duration_s=1, per_run_s=0, per_task_s=0, hand_over_s=0),
        max_dagruns_per_loop_to_schedule=examined,
        profile=profile,
        until=HOUR,
    )


INCIDENTS = (
    Incident(
        id="INC-040",
        title="Sensors weigh more than the producer for which they wait",
        source="mozilla/bigquery-etl#1146, apache/airflow#187",
        broken=fan_out(1),
        mended={"a weight for the producer above its consumers'": fan_out(50)},
        symptom=lambda flight: (
            flight.state("a_main.main_summary") in ("none", "scheduled") and "WT101" in flight.codes
        ),
        says=("WT101",),
    ),
    Incident(
        id="INC-041",
        title="A light task comes between two heavy ones of a chain",
        source="apache/airflow#26933, apache/airflow#41835",
        broken=two_chains(examined=1),
        mended={
            "every loop examines all running runs": two_chains(examined=2),
            "the worker schedules what follows (2.x)": two_chains(1, "airflow-2.11"),
        },
        symptom=lambda flight: flight.began("second.t0") < flight.began("first.t1"),
    ),
)
