"""Work sent to a queue that nobody reads, or that waits longer than it may."""

from __future__ import annotations

from incident import DAY, HOUR, MINUTE, NEVER_S, START, Flight, Incident, cron, on, scenario

from windtunnel.model import Dag, ManualRun, Scenario, Task, WorkerGroup, WorkersDrained

# -- a queue without workers ----------------------------------------------------------------------


def team_queue(*queues: str) -> Scenario:
    """Three tasks of team X fill the executor; nothing withdraws what no worker takes."""
    team = Dag(dag_id="team", tasks=tuple(Task(task_id=f"t{i}", queue="team_x") for i in range(3)))
    others = Dag(dag_id="others", tasks=(Task(task_id="t"),))
    return scenario(
        team,
        others,
        runs=["team", ManualRun(dag_id="others", at_s=10 * MINUTE)],
        workers=(WorkerGroup(queues=("default", *queues)),),
        parallelism=3,
        task_queued_timeout_s=NEVER_S,
        until=DAY,
    )


# -- workers scaled to zero -----------------------------------------------------------------------


def scaled_to_zero(task_queued_timeout_s: float) -> Scenario:
    dag = cron("sync", "@daily", Task(task_id="t"), dagrun_timeout_s=24 * HOUR, end_date=START)
    return scenario(
        dag,
        faults=[WorkersDrained()],
        workers=(WorkerGroup(),),
        task_queued_timeout_s=task_queued_timeout_s,
        until=2 * DAY,
    )


def nobody_told_for_a_day(flight: Flight) -> bool:
    return min(flight.moments("sync.t", "failed") + flight.moments("sync.t", "skipped")) >= DAY


# -- a backlog longer than the timeout ------------------------------------------------------------


def scarce(task_queued_timeout_s: float) -> Scenario:
    tasks = tuple(Task(task_id=f"train_{i}", queue="gpu", retries=1) for i in range(6))
    return scenario(
        Dag(dag_id="models", tasks=tasks),
        seconds={"models.*": 30 * MINUTE},
        workers=(WorkerGroup(name="gpu", slots=1, queues=("gpu",)),),
        task_queued_timeout_s=task_queued_timeout_s,
    )


INCIDENTS = (
    Incident(
        id="INC-042",
        title="A queue without workers takes executor slots until nothing runs at all",
        source="apache/airflow#57832",
        broken=team_queue(),
        mended={
            "workers for the queue": team_queue("team_x"),
            "a timeout for queued tasks": on(team_queue(), task_queued_timeout_s=10 * MINUTE),
        },
        symptom=lambda flight: (
            flight.state("others.t") == "scheduled"
            and flight.waited("others.t", "parallelism") > 23 * HOUR
        ),
        says=("WT110",),
    ),
    Incident(
        id="INC-043",
        title="Workers are scaled to zero; what is queued waits a day before anybody hears of it",
        source="atlanhq/application-sdk#2094",
        broken=scaled_to_zero(NEVER_S),
        mended={"300 s from queued to running at most": scaled_to_zero(300)},
        symptom=nobody_told_for_a_day,
        says=("WT102",),
    ),
    Incident(
        id="INC-045",
        title="task_queued_timeout is shorter than the backlog of scarce workers",
        source="apache/airflow#59553",
        broken=scarce(10 * MINUTE),
        mended={"a timeout longer than the backlog takes": scarce(6 * 30 * MINUTE)},
        symptom=lambda flight: any(
            ti.state == "failed" and ti.started_us is None for ti in flight.all("models.*")
        ),
        says=("WT404",),
    ),
)
