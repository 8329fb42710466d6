"""The same work, twice at once."""

from __future__ import annotations

from incident import HOUR, MINUTE, Incident, call, chain, cron, scenario

from windtunnel.model import Dag, ManualRun, Scenario, Task

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


def check_then_act(runs: int) -> Scenario:
    """Each run looks whether the output is there, and makes it if it isn't."""
    tasks = chain(Task(task_id="complete"), Task(task_id="run"))
    dag = Dag(dag_id="d", tasks=tasks, max_active_runs=runs)
    return scenario(
        dag, runs=["d", ManualRun(dag_id="d", at_s=10)], seconds={"d.complete": 1}, until=HOUR
    )


INCIDENTS = (
    Incident(
        id="INC-067",
        title="The schedule is quicker than the work: the queue grows without end",
        source="celery/django-celery-beat#331, celery/celery#2856",
        broken=beat(max_active_runs=1000),
        mended={"never twice at once": beat(max_active_runs=1)},
        symptom=lambda flight: flight.run_states("beat").count("running") > 30,
        leaves_out="a second process that makes the same runs once more",
    ),
    Incident(
        id="INC-069",
        title="Two look whether the work is done before either has done it; both do it",
        source="spotify/luigi#2644",
        broken=check_then_act(2),
        mended={"one at a time": check_then_act(1)},
        symptom=lambda flight: flight.ended("d.complete", run=1) < flight.ended("d.run", run=0),
        leaves_out="what the second look would have found is read from the order of the tasks",
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
