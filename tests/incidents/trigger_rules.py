"""Skips, branches and trigger rules that surprise."""

from __future__ import annotations

from incident import HOUR, Flight, Incident, scenario

from windtunnel.model import Branch, Dag, Rule, Scenario, Sensor, Task, TriggerRule

# -- the join after a branch ----------------------------------------------------------------------


def join(rule: TriggerRule) -> Scenario:
    tasks = (
        Task(task_id="choose", kind=Branch()),
        Task(task_id="a", upstream=("choose",)),
        Task(task_id="b", upstream=("choose",)),
        Task(task_id="join", upstream=("a", "b"), trigger_rule=rule),
        Task(task_id="report", upstream=("join",)),
    )
    return scenario(
        Dag(dag_id="d", tasks=tasks), rules=[Rule(tasks="d.choose", follow=("a",))], until=HOUR
    )


# -- a branch in a branch -------------------------------------------------------------------------


def nested_branches(buffer: bool) -> Scenario:
    """Both branches decide against ``problematic``, which also stands directly below the first."""
    above = "buffer" if buffer else "branch_1"
    tasks = [
        Task(task_id="branch_1", kind=Branch()),
        Task(task_id="branch_2", kind=Branch(), upstream=("branch_1",)),
        Task(task_id="dummy", upstream=("branch_2",)),
        Task(task_id="deadend", upstream=("branch_2",)),
        Task(
            task_id="problematic",
            upstream=(above, "dummy"),
            trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        ),
    ]
    if buffer:
        tasks.insert(1, Task(task_id="buffer", upstream=("branch_1",)))
    rules = [
        Rule(tasks="d.branch_1", follow=("branch_2",) if buffer else ("branch_2", "problematic")),
        Rule(tasks="d.branch_2", follow=("deadend",)),
    ]
    return scenario(Dag(dag_id="d", tasks=tuple(tasks)), rules=rules, until=HOUR)


# -- a green run that did nothing -----------------------------------------------------------------


def credential_missing(soft_fail: bool) -> Scenario:
    """A sensor that can't look at all: its condition never comes true."""
    tasks = (
        Task(task_id="wait", kind=Sensor(timeout_s=600, soft_fail=soft_fail)),
        Task(task_id="load", upstream=("wait",)),
    )
    return scenario(
        Dag(dag_id="d", tasks=tasks), rules=[Rule(tasks="d.wait", true_at_s=None)], until=HOUR
    )


def green_and_empty(flight: Flight, name: str) -> bool:
    return flight.state(name) == "skipped" and flight.run_states("d") == ["success"]


INCIDENTS = (
    Incident(
        id="INC-099",
        title="The join after a branch is skipped, and all below it; the run is a success",
        source="apache/airflow#7885, apache/airflow#19222, apache/airflow#11768",
        broken=join(TriggerRule.ALL_SUCCESS),
        mended={
            "none_failed_min_one_success": join(TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS),
        },
        symptom=lambda flight: green_and_empty(flight, "d.report"),
    ),
    Incident(
        id="INC-100",
        title="A task below two branches runs although what it waits for was skipped",
        source="apache/airflow#55187",
        broken=nested_branches(buffer=False),
        mended={"a task between the first branch and it": nested_branches(buffer=True)},
        symptom=lambda flight: (
            flight.state("d.dummy") == "skipped" and flight.state("d.problematic") == "success"
        ),
    ),
    Incident(
        id="INC-102",
        title="soft_fail turns a sensor that cannot look into a green run",
        source="apache/airflow#40787",
        broken=credential_missing(soft_fail=True),
        mended={"soft_fail=False": credential_missing(soft_fail=False)},
        symptom=lambda flight: green_and_empty(flight, "d.load"),
        leaves_out="an error in the poke, which fails since 2.10; a timeout still skips",
    ),
)
