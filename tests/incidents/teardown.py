"""Cleaning up too early, or not at all."""

from __future__ import annotations

from incident import HOUR, Incident, scenario

from windtunnel.model import Dag, Fault, Rule, RunMarked, Scenario, Task, TaskHangs, TriggerRule

# -- other work of the same scope -----------------------------------------------------------------


def cluster(profile: str, *before_teardown: str) -> Scenario:
    """A setup, a short and a long task side by side, what joins them, and the teardown. The short
    one fails, so that the join will not run."""
    tasks = (
        Task(task_id="create", is_setup=True),
        Task(task_id="short", upstream=("create",)),
        Task(task_id="long", upstream=("create",)),
        Task(task_id="join", upstream=("short", "long")),
        Task(
            task_id="delete",
            is_teardown=True,
            trigger_rule=TriggerRule.ALL_DONE_SETUP_SUCCESS,
            upstream=("create", "join", *before_teardown),
        ),
    )
    return scenario(
        Dag(dag_id="d", tasks=tasks),
        rules=[Rule(tasks="d.short", outcome="fail"), Rule(tasks="d.long", duration_s=1200)],
        profile=profile,
        until=HOUR,
    )


# -- a run that is ended by force -----------------------------------------------------------------


def ended_by_force(*faults: Fault, **of_work: float) -> Scenario:
    """A cluster is created, work on it hangs, and the run is given up after two hours."""
    tasks = (
        Task(task_id="create", is_setup=True),
        Task(task_id="work", upstream=("create",), **of_work),
        Task(
            task_id="delete",
            is_teardown=True,
            trigger_rule=TriggerRule.ALL_DONE_SETUP_SUCCESS,
            upstream=("create", "work"),
        ),
    )
    dag = Dag(dag_id="d", tasks=tasks, dagrun_timeout_s=2 * HOUR)
    return scenario(dag, faults=[TaskHangs(tasks="d.work"), *faults], until=4 * HOUR)


INCIDENTS = (
    Incident(
        id="INC-110",
        title="A run is ended while work is under way; the teardown does not run, the bill does",
        source="apache/airflow#45530, apache/airflow#68184",
        broken=ended_by_force(),
        mended={
            "the task is ended, not the run": ended_by_force(execution_timeout_s=HOUR),
            "ended by hand, which spares teardowns (2.10.5)": ended_by_force(
                RunMarked(dags="d", state="failed", at_s=HOUR)
            ),
        },
        symptom=lambda flight: (
            flight.state("d.create") == "success" and flight.state("d.delete") == "skipped"
        ),
        leaves_out="that older releases skipped it by hand, too; here dagrun_timeout does",
        says=("WT102", "WT302"),
    ),
    Incident(
        id="INC-111",
        title="The teardown starts while other work of its scope is still running",
        source="apache/airflow#29332",
        broken=cluster("airflow-2.11"),
        mended={
            "all work directly before the teardown": cluster("airflow-2.11", "long"),
            "a teardown waits for its whole scope (3.x)": cluster("airflow-3.3"),
        },
        symptom=lambda flight: flight.began("d.delete") < flight.ended("d.long"),
    ),
)
