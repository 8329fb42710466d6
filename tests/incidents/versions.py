"""DAGs that are edited, and timetables that change, while runs are in flight."""

from __future__ import annotations

from itertools import pairwise

from incident import HOUR, MINUTE, Flight, Incident, chain, cron, scenario

from windtunnel.model import Cron, Dag, DagChanged, Scenario, Task

# -- an upstream vanishes in the middle of a run --------------------------------------------------


def renamed(*, forgets_the_past: bool = False, pinned: bool = False) -> Scenario:
    """While `get` runs it is renamed; the new name depends on its own past, which it has not."""
    before = cron("etl", "@hourly", *chain(Task(task_id="get"), Task(task_id="load")))
    new = Task(task_id="fetch", depends_on_past=not forgets_the_past)
    after = before.model_copy(
        update={"tasks": chain(new, Task(task_id="load"))},
    )
    change = DagChanged(dag_id="etl", dag=after, at_s=HOUR + MINUTE, pinned=pinned)
    return scenario(before, faults=[change], seconds={"*": 10 * MINUTE}, until=4 * HOUR)


def stranded(flight: Flight) -> bool:
    """The run in flight has lost what it had, and waits for what never comes."""
    return flight.run_states("etl")[1] == "running" and flight.states("etl.get")[1] == "removed"


# -- another timetable ----------------------------------------------------------------------------


def switched(family: str) -> Scenario:
    """An hourly DAG runs at its ticks; from 5:30 on its runs cover intervals, perhaps."""
    before = hourly("trigger")
    change = DagChanged(dag_id="etl", dag=hourly(family), at_s=5.5 * HOUR)
    return scenario(before, faults=[change], until=10 * HOUR)


def hourly(family: str) -> Dag:
    schedule = Cron(expression="@hourly", timetable=family)  # type: ignore[arg-type]
    return cron("etl", "@hourly", Task(task_id="t"), schedule=schedule, catchup=True)


def one_is_missing(flight: Flight) -> bool:
    """Two hours lie between two runs."""
    made = [run.queued_us / 1e6 for run in flight.runs("etl")]
    return any(after - before > 1.5 * HOUR for before, after in pairwise(made))


INCIDENTS = (
    Incident(
        id="INC-091",
        title="Another timetable after the upgrade, and one run is never made",
        source="apache/airflow#66441",
        broken=switched("interval"),
        mended={"the timetable is named, and stays": switched("trigger")},
        symptom=one_is_missing,
    ),
    Incident(
        id="INC-105",
        title="A DAG is edited while its runs are active, and they deadlock",
        source="apache/airflow#66818, apache/airflow#66819, apache/airflow#26044",
        broken=renamed(),
        mended={
            "the new task does not look at its past": renamed(forgets_the_past=True),
            "runs are pinned to the version with which they began": renamed(pinned=True),
        },
        symptom=stranded,
    ),
)
