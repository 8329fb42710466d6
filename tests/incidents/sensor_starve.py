"""Sensors that hold the slots which the tasks they wait for would need."""

from __future__ import annotations

from typing import Any

from incident import DAY, HOUR, MINUTE, Flight, Incident, chain, cron, on, scenario, wait_for

from windtunnel.model import Dag, Deferrable, ManualRun, Pool, Rule, Scenario, Task

# -- many DAGs wait for one -----------------------------------------------------------------------


def waiting_dags(
    count: int, *, slots: int = 4, weight: int = 1, kind: Any = None, **options: Any
) -> Scenario:
    consumers = [
        cron(
            f"user_{i}", "@daily", *chain(wait_for("etl", kind=kind, **options), Task(task_id="t"))
        )
        for i in range(count)
    ]
    producer = cron("etl", "@daily", Task(task_id="load", priority_weight=weight))
    return scenario(
        *consumers,
        producer,
        parallelism=slots,
        pools={"sensors": Pool(slots=slots - 1)},
        seconds={"etl.load": 10 * MINUTE},
    )


def producer_never_starts(flight: Flight) -> bool:
    return flight.state("etl.load") == "scheduled" and "WT101" in flight.codes


# -- the producer comes an hour after its consumers -----------------------------------------------


def telemetry(**kind: Any) -> Scenario:
    """Consumers at midnight wait for the run of 01:00."""
    delta = {"execution_delta_s": -HOUR, **kind}
    pool = {"pool": "sensors"} if kind else {}
    consumers = [
        cron(
            f"table_{i}",
            "0 0 * * *",
            *chain(wait_for("copy", kind=delta, **pool), Task(task_id="t")),
        )
        for i in range(6)
    ]
    producer = cron("copy", "0 1 * * *", Task(task_id="deduplicate"))
    pools = {"sensors": Pool(slots=6)}
    return scenario(*consumers, producer, default_pool_slots=5, pools=pools, until=20 * HOUR)


# -- parse DAGs wait for the load DAG -------------------------------------------------------------


def parse_and_load(parse_at: int) -> Scenario:
    delta = {"execution_delta_s": parse_at * HOUR}
    parsers = [
        cron(
            f"a_parse_{i}",
            f"0 {parse_at} * * *",
            *chain(wait_for("load", kind=delta), Task(task_id="t")),
        )
        for i in range(3)
    ]
    load = cron("load", "0 0 * * *", *chain(Task(task_id="extract"), Task(task_id="load")))
    return scenario(
        *parsers, load, parallelism=3, until=DAY - 1, seconds={"load.*": 30 * MINUTE}
    )  # fmt: skip


# -- finished work waits for the slot in which it could say so ------------------------------------


def databricks(urgent: int) -> Scenario:
    """One slot that counts deferred tasks; others queue for it while the job of the first runs."""
    pool = {"pool": "jobs", "kind": Deferrable()}
    first = Dag(dag_id="first", tasks=(Task(task_id="job", **pool),))
    others = Dag(
        dag_id="others",
        tasks=tuple(Task(task_id=f"job_{i}", priority_weight=urgent, **pool) for i in range(3)),
    )
    return scenario(
        first,
        others,
        rules=[Rule(duration_s=5, fire_after_s=30 * MINUTE, resume_duration_s=5)],
        runs=["first", ManualRun(dag_id="others", at_s=60)],
        pools={"jobs": Pool(slots=1, include_deferred=True)},
    )


def resumes_an_hour_late(flight: Flight) -> bool:
    fired = flight.moments("first.job", "scheduled")[1]
    return flight.moments("first.job", "running")[-1] - fired > HOUR


INCIDENTS = (
    Incident(
        id="INC-001",
        title="Only ExternalTaskSensors are picked; the DAGs that they wait for never get a slot",
        source="apache/airflow#21892",
        broken=waiting_dags(4),
        mended={
            "one consumer less than slots": waiting_dags(3),
            "sensors in a pool smaller than the executor": waiting_dags(40, pool="sensors"),
            "deferrable sensors": waiting_dags(40, kind={"deferrable": True}),
            "the producer weighs more than all its consumers": waiting_dags(40, weight=100),
        },
        symptom=producer_never_starts,
        says=("WT101",),
    ),
    Incident(
        id="INC-002",
        title="The producer starts an hour late and finds its pool full of sensors",
        source="mozilla/telemetry-airflow#1233",
        broken=telemetry(),
        mended={"sensors in a pool of their own, rescheduled": telemetry(mode="reschedule")},
        symptom=lambda flight: (
            flight.state("copy.deduplicate") == "scheduled"
            and flight.waited("copy.deduplicate", "pool default_pool") > 18 * HOUR
        ),
        says=("WT101",),
    ),
    Incident(
        id="INC-004",
        title="Parse DAGs wait for one load DAG and block its second task",
        source="blockchain-etl/ethereum-etl-airflow#75",
        broken=parse_and_load(0),
        mended={
            "parse DAGs some hours later": parse_and_load(3),
            "one slot more": on(parse_and_load(0), parallelism=4),
        },
        symptom=lambda flight: (
            flight.states("a_parse_*.wait") == ["running"] * 3
            and flight.state("load.load") in ("none", "scheduled")
        ),
        says=("WT101",),
    ),
    Incident(
        id="INC-005",
        title="A deferred job is done, and its task waits for a slot to notice",
        source="apache/airflow#44759",
        broken=databricks(urgent=10),
        mended={
            "no heavier tasks in the pool": databricks(urgent=1),
            "the pool does not count deferred tasks": on(
                databricks(urgent=10), pools={"jobs": Pool(slots=1)}
            ),
        },
        symptom=resumes_an_hour_late,
        leaves_out="the task's execution_timeout, which passes meanwhile in 2.x",
    ),
)
