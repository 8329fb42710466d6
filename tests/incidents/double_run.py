"""The same work, twice at once."""

from __future__ import annotations

from incident import HOUR, MINUTE, Incident, call, cron, scenario

from windtunnel.model import Dag, Scenario, Task

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


INCIDENTS = (
    Incident(
        id="INC-067",
        title="The schedule is quicker than the work: the queue grows without end",
        source="celery/django-celery-beat#331, celery/celery#2856",
        broken=beat(max_active_runs=1000),
        mended={"never twice at once": beat(max_active_runs=1)},
        symptom=lambda flight: flight.run_states("beat").count("running") > 30,
    ),
    Incident(
        id="INC-070",
        title="One at a time is promised, and runs that wait for it pile up",
        source="argoproj/argo-workflows#12778, argoproj/argo-workflows#4392",
        broken=triggered_each_minute(),
        mended={"the DAG has the schedule, without catchup": scheduled_itself()},
        symptom=lambda flight: flight.run_states("report").count("queued") > 60,
    ),
)
