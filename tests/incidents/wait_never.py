"""Waits for what can never come."""

from __future__ import annotations

from typing import Any

from incident import DAY, HOUR, MINUTE, START, Incident, chain, cron, scenario, wait_for

from windtunnel.model import Pool, Rule, Scenario, Sensor, Task

# -- an exact logical date that there never is ----------------------------------------------------


def hour_before(delta_s: float) -> Scenario:
    """Daily at 1:00, waits for a run of a DAG that runs hourly, at minute 10."""
    kind = {"execution_delta_s": delta_s, "timeout_s": 6 * HOUR, "mode": "reschedule"}
    daily = cron("daily", "0 1 * * *", wait_for("hourly", kind=kind))
    return scenario(daily, cron("hourly", "10 * * * *", Task(task_id="t")), until=12 * HOUR)


# -- the upstream DAG has ended -------------------------------------------------------------------


def after_the_end(depends: bool) -> Scenario:
    """The upstream DAG's last run is of the first day; its consumer goes on for five days, in a
    pool of three, which another DAG uses too."""
    upstream = cron("upstream", "@daily", Task(task_id="t"), end_date=START)
    waits = (wait_for("upstream", pool="shared"),) if depends else ()
    consumer = cron("consumer", "@daily", *chain(*waits, Task(task_id="t")))
    other = cron("other", "@daily", Task(task_id="t", pool="shared"))
    return scenario(consumer, other, upstream, pools={"shared": Pool(slots=3)}, until=5 * DAY)


# -- sensors without a short timeout --------------------------------------------------------------


def upstream_gone(**kind: Any) -> Scenario:
    """Five sensors each day, whose data does not come any more."""
    tasks = tuple(Task(task_id=f"s{i}", kind=Sensor(**kind)) for i in range(5))
    dag = cron("d", "@daily", *tasks)
    return scenario(
        dag, rules=[Rule(tasks="d.*", true_at_s=None, duration_s=1)], parallelism=100, until=8 * DAY
    )


INCIDENTS = (
    Incident(
        id="INC-095",
        title="ExternalTaskSensor looks for a logical date that no run has",
        source="apache/airflow#13681, apache/airflow#1060, apache/airflow#268",
        broken=hour_before(HOUR),
        mended={"the distance of the two schedules": hour_before(50 * MINUTE)},
        symptom=lambda flight: (
            flight.state("daily.wait") == "failed"
            and set(flight.states("hourly.t")) <= {"success", "running"}
        ),
        says=("WT113",),
    ),
    Incident(
        id="INC-096",
        title="The upstream DAG has reached its end_date; day by day another slot is lost",
        source="mozilla/bigquery-etl#1638",
        broken=after_the_end(depends=True),
        mended={"the dependency is removed": after_the_end(depends=False)},
        symptom=lambda flight: (
            flight.states("consumer.*").count("running") == 3
            and flight.state("other.t", run=-1) == "scheduled"
        ),
        says=("WT113",),
    ),
    Incident(
        id="INC-098",
        title="Sensors with the default timeout of a week pile up, run after run",
        source="apache/airflow#23647",
        broken=upstream_gone(),
        mended={"a timeout of six hours": upstream_gone(timeout_s=6 * HOUR)},
        symptom=lambda flight: flight.peak("d.*", "running") >= 35,
        says=("WT102",),
    ),
)
