"""Steps that are right one by one, and wrong between each other's."""

from __future__ import annotations

from incident import HOUR, MINUTE, Flight, Incident, chain, scenario

from windtunnel.model import Dag, Pool, Resource, Rule, Scenario, Step, Task, TaskIsSlow

# -- a slot is not a lock over two tasks ----------------------------------------------------------


def refresh(together: bool) -> Scenario:
    """Two DAGs refresh one index: each starts it and waits for it, in a pool of one slot."""
    pool = {"pool": "index"}
    if together:
        tasks = (Task(task_id="start", **pool),)
    else:
        tasks = chain(Task(task_id="start", **pool), Task(task_id="wait", **pool))
    dags = [Dag(dag_id=name, tasks=tasks) for name in ("a", "b")]
    return scenario(
        *dags,
        seconds={"*.start": 10 * MINUTE if together else 10, "*.wait": 10 * MINUTE},
        pools={"index": Pool(slots=1)},
        until=HOUR,
    )


def two_refreshes_at_once(flight: Flight) -> bool:
    last = "wait" if any(ti.task_id == "wait" for ti in flight.instances) else "start"
    return flight.began("b.start") < flight.ended(f"a.{last}")


# -- many write one table -------------------------------------------------------------------------


def models(*, one_grant: bool) -> Scenario:
    """Four models, each followed by granting rights on the one schema; or one grant after all. The
    database refuses a second change of the schema while one goes on."""
    built = [Task(task_id=f"model_{i}") for i in range(4)]
    names = tuple(task.task_id for task in built)
    if one_grant:
        grants = [Task(task_id="grant", upstream=names)]
    else:
        grants = [Task(task_id=f"grant_{i}", upstream=(name,)) for i, name in enumerate(names)]
    return scenario(
        Dag(dag_id="d", tasks=(*built, *grants)),
        rules=[Rule(tasks="d.grant*", needs={"schema": 1})],
        resources={"schema": Resource(slots=1, when_full="fail")},
        until=HOUR,
    )


# -- a retry loads twice ---------------------------------------------------------------------------


def load(*, in_two: bool) -> Scenario:
    """A file is appended to a table in one minute, then merged, which takes too long at first."""
    retried = {"execution_timeout_s": 10 * MINUTE, "retries": 2}
    append, merge = Step(append="loading", work_s=MINUTE), Step(write="media", work_s=4 * MINUTE)
    parts = {"append": (append,), "merge": (merge,)} if in_two else {"load": (append, merge)}
    tasks = chain(*(Task(task_id=name, **retried) for name in parts))
    return scenario(
        Dag(dag_id="d", tasks=tasks),
        rules=[Rule(tasks=f"d.{name}", steps=steps) for name, steps in parts.items()],
        faults=[TaskIsSlow(tasks="d.*", tries=(1,), factor=4)],
        until=HOUR,
    )


# -- delete, then insert --------------------------------------------------------------------------


def delete_then_insert(runs: int, *, one_task: bool = False) -> Scenario:
    """Two runs of one table at once: each deletes what is there and then inserts a row."""
    parts = ("replace",) if one_task else ("delete", "insert")
    tasks = chain(*(Task(task_id=part, max_active_tis_per_dag=1) for part in parts))
    dag = Dag(dag_id="d", tasks=tasks, max_active_runs=runs)
    insert = Step(append="table", work_s=MINUTE)
    delete = Step(write="table", work_s=MINUTE)
    return scenario(
        dag,
        rules=[
            Rule(tasks="d.insert", steps=(insert,)),
            Rule(tasks="d.delete", steps=(delete,)),
            Rule(tasks="d.replace", steps=(delete, insert)),
        ],
        runs=["d", "d"],
        until=HOUR,
    )


INCIDENTS = (
    Incident(
        id="INC-127",
        title="A task that appends and merges times out in the merge; its retry appends again",
        source="WordPress/openverse-catalog#800",
        broken=load(in_two=False),
        mended={"a task for what must not be repeated": load(in_two=True)},
        symptom=lambda flight: len(flight.rows("loading")) > 1,
        says=("WT204",),
    ),
    Incident(
        id="INC-128",
        title="A pool of one slot does not hold two tasks together",
        source="WordPress/openverse-catalog#397",
        broken=refresh(together=False),
        mended={"one task that starts it and waits": refresh(together=True)},
        symptom=two_refreshes_at_once,
    ),
    Incident(
        id="INC-130",
        title="Parallel models change the same schema at once",
        source="astronomer/astronomer-cosmos#1338, stellar/stellar-etl-airflow#301",
        broken=models(one_grant=False),
        mended={"one task for the grant": models(one_grant=True)},
        symptom=lambda flight: "no room: schema" in flight.reasons("d.grant*"),
        says=("WT211",),
    ),
    Incident(
        id="INC-131",
        title="Delete and insert as two tasks: two runs delete, then both insert",
        source="stellar/stellar-etl-airflow#421, stellar/stellar-etl-airflow#56",
        broken=delete_then_insert(2),
        mended={
            "one task": delete_then_insert(2, one_task=True),
            "one run at a time": delete_then_insert(1),
        },
        symptom=lambda flight: flight.rows("table").count("d.insert") > 1,
        says=("WT202",),
    ),
)
