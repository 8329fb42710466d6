"""Steps that are right one by one, and wrong between each other's."""

from __future__ import annotations

from incident import HOUR, MINUTE, Flight, Incident, chain, scenario

from windtunnel.model import Dag, Pool, Scenario, Task, TaskIsSlow

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
    """Four models, each followed by granting rights on the one schema; or one grant after all."""
    built = [Task(task_id=f"model_{i}") for i in range(4)]
    names = tuple(task.task_id for task in built)
    if one_grant:
        grants = [Task(task_id="grant", upstream=names)]
    else:
        grants = [Task(task_id=f"grant_{i}", upstream=(name,)) for i, name in enumerate(names)]
    return scenario(Dag(dag_id="d", tasks=(*built, *grants)), until=HOUR)


# -- a retry loads twice ---------------------------------------------------------------------------


def load(*, in_two: bool) -> Scenario:
    """A file is appended to a table in one minute, then merged, which takes too long at first."""
    retried = {"execution_timeout_s": 10 * MINUTE, "retries": 2}
    steps = ("append", "merge") if in_two else ("append_and_merge",)
    tasks = chain(*(Task(task_id=step, **retried) for step in steps))
    return scenario(
        Dag(dag_id="d", tasks=tasks),
        seconds={"d.append": MINUTE, "d.merge": 4 * MINUTE, "d.append_and_merge": 5 * MINUTE},
        faults=[TaskIsSlow(tasks="d.*merge", tries=(1,), factor=5)],
        until=HOUR,
    )


def appended_twice(flight: Flight) -> bool:
    """All tries that append ran for longer than that takes."""
    return len(flight.moments("d.append*", "running")) > 1


# -- delete, then insert --------------------------------------------------------------------------


def delete_then_insert(runs: int, *, one_task: bool = False) -> Scenario:
    """Two runs of one table at once: each deletes what is there and then inserts a row."""
    steps = ("replace",) if one_task else ("delete", "insert")
    tasks = chain(*(Task(task_id=step, max_active_tis_per_dag=1) for step in steps))
    dag = Dag(dag_id="d", tasks=tasks, max_active_runs=runs)
    return scenario(dag, runs=["d", "d"], until=HOUR)


def rows_twice(flight: Flight) -> bool:
    """What the table holds after all that ended, in that order."""
    rows = 0
    for event in flight.result.trace.events():
        if event.state == "success" and event.task_id is not None:
            rows = {"delete": 0, "insert": rows + 1, "replace": 1}[event.task_id]
    return rows > 1


INCIDENTS = (
    Incident(
        id="INC-127",
        title="A task that appends and merges times out in the merge; its retry appends again",
        source="WordPress/openverse-catalog#800",
        broken=load(in_two=False),
        mended={"a task for what must not be repeated": load(in_two=True)},
        symptom=appended_twice,
        leaves_out="what is in the table is read from which tries ran",
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
        symptom=lambda flight: flight.peak("d.grant*", "running") > 1,
        leaves_out="that the second change fails",
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
        symptom=rows_twice,
        leaves_out="what is in the table is read from the order of the tasks",
    ),
)
