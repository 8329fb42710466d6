"""Limits on runs that meet depends_on_past, or a run that got stuck."""

from __future__ import annotations

from typing import Any

from incident import DAY, HOUR, MINUTE, START, Flight, Incident, chain, cron, scenario

from windtunnel.model import Cleared, Dag, DagPaused, Fault, Scenario, Task, TaskFails

# -- clear of an old failed run -------------------------------------------------------------------


def cleared(*faults: Fault, runs: int = 1, **past: Any) -> Scenario:
    """Three hourly runs; B of the first one fails, somebody clears it when the second one waits."""
    tasks = chain(*(Task(task_id=name, depends_on_past=True, **past) for name in "abc"))
    dag = cron(
        "etl", "@hourly", *tasks, catchup=True, max_active_runs=runs,
        end_date=START.replace(hour=2),
    )  # fmt: skip
    return scenario(
        dag,
        faults=(TaskFails(tasks="etl.b", for_s=10 * MINUTE), *faults),
        until=DAY,
    )


CLEAR_LATE = Cleared(tasks="etl.*", at_s=1.5 * HOUR)
BEFORE_THE_NEXT_RUN = (
    DagPaused(dags="etl", at_s=0.5 * HOUR, for_s=0.75 * HOUR),
    Cleared(tasks="etl.*", at_s=0.75 * HOUR),
)


def both_wait_for_each_other(flight: Flight) -> bool:
    """The cleared run waits for a place; the one that has it waits for the cleared run."""
    return (
        flight.run_states("etl")[:2] == ["queued", "running"]
        and flight.state("etl.b", run=1) == "none"
    )


# -- one failure stops the schedule ---------------------------------------------------------------


def experiments(depends_on_past: bool) -> Dag:
    task = Task(task_id="live", depends_on_past=depends_on_past)
    return cron("experiments", "*/10 * * * *", task, max_active_runs=1)


def pod_start_fails(dag: Dag) -> Scenario:
    return scenario(dag, faults=[TaskFails(tasks="*", at_s=1 * HOUR, for_s=60)], until=6 * HOUR)


INCIDENTS = (
    Incident(
        id="INC-016",
        title="A cleared run waits for a place in max_active_runs; who has it, for the cleared run",
        source="apache/airflow#29524, apache/airflow#18304",
        broken=cleared(CLEAR_LATE),
        mended={
            "room for the cleared run": cleared(CLEAR_LATE, runs=3),
            "cleared before the next run starts": cleared(*BEFORE_THE_NEXT_RUN),
        },
        symptom=both_wait_for_each_other,
        says=("WT101",),
    ),
    Incident(
        id="INC-017",
        title="The same with wait_for_downstream",
        source="apache/airflow#17375",
        broken=cleared(CLEAR_LATE, wait_for_downstream=True),
        mended={
            "room for the cleared run": cleared(CLEAR_LATE, runs=3, wait_for_downstream=True),
            "cleared before the next run starts": cleared(
                *BEFORE_THE_NEXT_RUN, wait_for_downstream=True
            ),
        },
        symptom=lambda flight: (
            flight.run_states("etl")[:2] == ["queued", "running"]
            and flight.state("etl.a", run=1) in ("none", "success")
            and flight.state("etl.c", run=1) == "none"
        ),
        says=("WT101",),
    ),
    Incident(
        id="INC-023",
        title="One failed task with depends_on_past stops every later run",
        source="mozilla/telemetry-airflow#1255",
        broken=pod_start_fails(experiments(depends_on_past=True)),
        mended={
            "max_active_runs=1 without depends_on_past": pod_start_fails(
                experiments(depends_on_past=False)
            )
        },
        symptom=lambda flight: max(flight.moments("experiments.live", "success")) < 2 * HOUR,
        says=("WT102",),
    ),
)
