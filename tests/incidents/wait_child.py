"""Parents that hold a slot while they wait for a child that needs one."""

from __future__ import annotations

from typing import Any

from incident import HOUR, Flight, Incident, call, chain, cron, scenario

from windtunnel.model import Dag, Scenario, Task, WorkerGroup


def work(dag_id: str, **options: Any) -> Dag:
    return Dag(dag_id=dag_id, tasks=(Task(task_id="t", **options),))


# -- levels of sub-DAGs ---------------------------------------------------------------------------


def levels(parents: int, *, processes: int = 5, queue: str = "default") -> Scenario:
    """Each parent runs a DAG of one more level, whose tasks run a third one."""
    nested = Dag(dag_id="nested", tasks=(call("leaf", queue=queue),))
    outer = [
        Dag(dag_id=f"parent_{i}", tasks=(call("nested", queue=queue),)) for i in range(parents)
    ]
    groups = [WorkerGroup(name="workers", slots=processes)]
    if queue != "default":
        groups.append(WorkerGroup(name="parents", slots=2 * parents, queues=(queue,)))
    return scenario(
        *outer,
        nested,
        work("leaf"),
        runs=[dag.dag_id for dag in outer],
        workers=tuple(groups),
        until=HOUR / 2,
    )


def one_task_group(parents: int) -> Scenario:
    """The same work without a task that waits for it."""
    dags = [work(f"parent_{i}") for i in range(parents)]
    return scenario(*dags, workers=(WorkerGroup(slots=5),), until=HOUR / 2)


def no_leaf_ever_runs(flight: Flight) -> bool:
    return "WT101" in flight.codes and not [
        ti for ti in flight.instances if ti.dag_id == "leaf" and ti.started_us is not None
    ]


# -- one slot -------------------------------------------------------------------------------------


def trigger_and_wait(parents: int, parallelism: int, **kind: Any) -> Scenario:
    dags = [Dag(dag_id=f"parent_{i}", tasks=(call("child", kind=kind),)) for i in range(parents)]
    return scenario(
        *dags, work("child"), runs=[dag.dag_id for dag in dags], parallelism=parallelism, until=HOUR
    )


def parents_run_for_ever(flight: Flight) -> bool:
    return set(flight.states("parent_*.call")) == {"running"} and set(flight.states("child.t")) == {
        "scheduled"
    }


# -- a Python task that polls another DAG ---------------------------------------------------------


def three_deep(slots: int, **kind: Any) -> Scenario:
    """DAG 1 waits for DAG 2, whose third task waits for DAG 3; DAG 4 runs every ten minutes."""
    first = Dag(dag_id="dag_1", tasks=(call("dag_2", kind=kind),))
    second = Dag(
        dag_id="dag_2",
        tasks=chain(Task(task_id="a"), Task(task_id="b"), call("dag_3", kind=kind)),
    )
    fourth = cron("dag_4", "*/10 * * * *", Task(task_id="t"))
    return scenario(
        first,
        second,
        work("dag_3"),
        fourth,
        runs=["dag_1"],
        workers=(WorkerGroup(slots=slots),),
        until=HOUR / 2,
    )


# -- launchers and the jobs that they launch ------------------------------------------------------


def fork(slots: int, launcher_queue: str = "default") -> Scenario:
    launchers = tuple(call("job", task_id=f"launch_{i}", queue=launcher_queue) for i in range(2))
    groups = [WorkerGroup(name="yarn", slots=slots)]
    if launcher_queue != "default":
        groups.append(WorkerGroup(name="launchers", slots=2, queues=(launcher_queue,)))
    return scenario(
        Dag(dag_id="workflow", tasks=launchers),
        work("job"),
        runs=["workflow"],
        workers=tuple(groups),
        until=HOUR / 2,
    )


INCIDENTS = (
    Incident(
        id="INC-006",
        title="SubDagOperators occupy every worker process; what they run never starts",
        source="apache/airflow#1350",
        broken=levels(5),
        mended={
            "fewer parents than processes": levels(2),
            "parents on a queue of their own": levels(5, queue="parents"),
            "one task group in the place of sub-DAGs": one_task_group(5),
        },
        symptom=no_leaf_ever_runs,
        says=("WT101",),
    ),
    Incident(
        id="INC-007",
        title="TriggerDagRunOperator(wait_for_completion=True) hangs where there is one slot",
        source="apache/airflow#16157",
        broken=trigger_and_wait(1, parallelism=1),
        mended={
            "a second slot": trigger_and_wait(1, parallelism=2),
            "a deferrable trigger": trigger_and_wait(1, parallelism=1, deferrable=True),
        },
        symptom=parents_run_for_ever,
        says=("WT101",),
    ),
    Incident(
        id="INC-010",
        title="A task polls another DAG from Python; the third DAG of the chain stays queued",
        source="apache/airflow#50939",
        broken=three_deep(2),
        mended={
            "one slot more than the chain is deep": three_deep(3),
            "deferrable waits": three_deep(1, deferrable=True),
        },
        symptom=lambda flight: (
            flight.state("dag_3.t") == "queued"
            and {flight.state("dag_1.call"), flight.state("dag_2.call")} == {"running"}
        ),
        says=("WT101",),
    ),
    Incident(
        id="INC-013",
        title="As many tasks as slots wait for subtasks of their own",
        source="celery/celery#3031, celery/celery#2165",
        broken=trigger_and_wait(4, parallelism=4),
        mended={
            "subtasks that nobody waits for": trigger_and_wait(
                4, parallelism=4, wait_for_completion=False
            ),
            "one slot more": trigger_and_wait(4, parallelism=5),
        },
        symptom=parents_run_for_ever,
        says=("WT101",),
    ),
    Incident(
        id="INC-015",
        title="Launchers fill the queue in which the jobs that they launch wait",
        source="'Oozie hangs on a single node for work flow with fork', thecloudavenue.com",
        broken=fork(2),
        mended={"launchers on a queue of their own": fork(2, "launchers"), "a third slot": fork(3)},
        symptom=lambda flight: (
            flight.states("workflow.*") == ["running"] * 2
            and set(flight.states("job.t")) == {"queued"}
        ),
        says=("WT101",),
    ),
)
