"""A night with what exports tell of: a pool that is waited for, a retry, a triggered run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import windtunnel as wt
from windtunnel.model import TriggerDagRun
from windtunnel.model.schedule import Cron


@pytest.fixture(scope="package")
def night() -> wt.Result:
    load = [wt.Task(task_id=f"load_{n}", pool="db") for n in range(3)]
    save = wt.Task(task_id="save", upstream=("load_0",), retries=1)
    go = wt.Task(task_id="go", kind=TriggerDagRun(trigger_dag_id="mart"), upstream=("save",))
    etl = wt.Dag(
        dag_id="etl",
        tasks=(*load, save, go),
        schedule=Cron(expression="0 2 * * *"),
        catchup=False,
    )
    mart = wt.Dag(dag_id="mart", tasks=(wt.Task(task_id="build"),))
    rules = (wt.Rule(tasks="etl.save", when=wt.When(try_number=1), outcome="fail", duration_s=30),)
    return wt.simulate(
        wt.Fleet(dags=(etl, mart)),
        cluster=wt.Cluster(pools={"db": wt.Pool(slots=1)}),
        behavior=wt.Behavior(rules=rules),
        start=datetime(2026, 3, 1, tzinfo=UTC),
        window="1d",
    )
