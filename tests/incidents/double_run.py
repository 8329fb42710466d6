"""The same work, twice at once."""

from __future__ import annotations

from incident import (
    DAY,
    HOUR,
    MINUTE,
    NEVER_S,
    Flight,
    Incident,
    call,
    cron,
    scenario,
)

from windtunnel.model import (
    CelerySettings,
    Dag,
    ManualRun,
    Rule,
    Scenario,
    Step,
    Task,
    WorkerGroup,
)

# -- an interval shorter than the work ------------------------------------------------------------


def beat(**limits: object) -> Scenario:
    """Every minute, two minutes of work on one slot."""
    dag = cron("beat", "* * * * *", Task(task_id="t"), **limits)
    return scenario(dag, seconds={"beat.t": 2 * MINUTE}, parallelism=1, until=2 * HOUR)


# -- runs that others trigger ---------------------------------------------------------------------


def triggered_each_minute() -> Scenario:
    """A DAG that triggers another one, of which one run may be active, and that takes longer."""
    trigger = call("report", kind={"wait_for_completion": False})
    report = Dag(dag_id="report", tasks=(Task(task_id="t"),), max_active_runs=1)
    return scenario(
        cron("cron", "* * * * *", trigger), report, runs=[],
        seconds={"report.t": 10 * MINUTE}, until=2 * HOUR,
    )  # fmt: skip


def scheduled_itself() -> Scenario:
    dag = cron("report", "* * * * *", Task(task_id="t"), max_active_runs=1)
    return scenario(dag, seconds={"report.t": 10 * MINUTE}, until=2 * HOUR)


# -- looked at, then done --------------------------------------------------------------------------


def check_then_act(*lock: Step) -> Scenario:
    """Each run looks whether the output is there, and makes it if it isn't."""
    steps = (*lock, Step(work_s=1), Step(done_if="out"), Step(work_s=MINUTE), Step(write="out"))
    return scenario(
        Dag(dag_id="d", tasks=(Task(task_id="make"),)),
        runs=["d", ManualRun(dag_id="d", at_s=10)],
        rules=[Rule(tasks="d.make", steps=steps)],
        until=HOUR,
    )


# -- messages that come again ----------------------------------------------------------------------


def chromosomes(timeout_s: float, multiplier: int = 0) -> Scenario:
    """22 tasks of 95 minutes, and one process that has taken the messages of all of them."""
    dag = Dag(dag_id="d", tasks=(Task(task_id="t", expand=(22,)),), max_active_tasks=22)
    return scenario(
        dag,
        seconds={"d.t": 95 * MINUTE},
        executor="CeleryExecutor",
        celery=CelerySettings(
            worker_concurrency=1,
            worker_prefetch_multiplier=multiplier,
            visibility_timeout_s=timeout_s,
        ),
        task_queued_timeout_s=NEVER_S,
        until=2 * DAY,
    )


def redelivered(flight: Flight) -> int:
    events = flight.result.trace.executor_events
    return sum(what == "redelivered" for _, _, what in events)


def longer_than_visible(timeout_s: float, profile: str = "airflow-3.3") -> Scenario:
    """Seven hours of work, and a second worker that is idle."""
    return scenario(
        Dag(dag_id="d", tasks=(Task(task_id="long"),)),
        seconds={"d.long": 7 * HOUR},
        executor="CeleryExecutor",
        celery=CelerySettings(worker_concurrency=1, visibility_timeout_s=timeout_s),
        workers=(WorkerGroup(count=2),),
        profile=profile,
    )


INCIDENTS = (
    Incident(
        id="INC-063",
        title="Redis redelivers what is still running, every hour",
        source="celery/celery#5935, celery/celery#2599, arvkevi/openhumansimputer#38",
        broken=chromosomes(HOUR),
        mended={
            "a timeout longer than wait and run together": chromosomes(40 * HOUR),
            "a worker takes only what it runs, in less than the timeout": chromosomes(2 * HOUR, 1),
        },
        symptom=lambda flight: redelivered(flight) > 700,
    ),
    Incident(
        id="INC-064",
        title="A visibility timeout shorter than the task: a second worker gets it",
        source="apache/airflow#62869, apache/airflow#58441, mozilla/telemetry-airflow#251",
        broken=longer_than_visible(6 * HOUR),
        mended={
            "a timeout longer than the longest task": longer_than_visible(8 * HOUR),
            "2.x, which refuses the second start and leaves the first alone": longer_than_visible(
                6 * HOUR, "airflow-2.11"
            ),
        },
        symptom=lambda flight: (
            redelivered(flight) == 1
            and flight.state("d.long") == "failed"
            and flight.ended("d.long") == 6 * HOUR
        ),
        says=("WT120",),
    ),
    Incident(
        id="INC-067",
        title="The schedule is quicker than the work: the queue grows without end",
        source="celery/django-celery-beat#331, celery/celery#2856",
        broken=beat(max_active_runs=1000),
        mended={"never twice at once": beat(max_active_runs=1)},
        symptom=lambda flight: flight.run_states("beat").count("running") > 30,
        leaves_out="a second process that makes the same runs once more",
        says=("WT403",),
    ),
    Incident(
        id="INC-069",
        title="Two look whether the work is done before either has done it; both do it",
        source="spotify/luigi#2644",
        broken=check_then_act(),
        mended={"a lock around look and work": check_then_act(Step(acquire="lock:out"))},
        symptom=lambda flight: flight.writers("out") > 1,
    ),
    Incident(
        id="INC-070",
        title="One at a time is promised, and runs that wait for it pile up",
        source="argoproj/argo-workflows#12778, argoproj/argo-workflows#4392",
        broken=triggered_each_minute(),
        mended={"the DAG has the schedule, without catchup": scheduled_itself()},
        symptom=lambda flight: flight.run_states("report").count("queued") > 60,
        leaves_out="that two run at once, which was one product's mistake",
    ),
)
