"""A recount finds limits that are exceeded, and only these."""

from __future__ import annotations

import windtunnel
from windtunnel import strategies
from windtunnel.model import Cluster, Dag, Fleet, LimitNotKept, ManualRun, Pool, PoolResized, Task

TASKS = tuple(Task(task_id=f"t{n}", pool="db") for n in range(4))
RUNS = [ManualRun(dag_id="a", at_s=second) for second in range(3)]
PLAIN = Cluster()


def exceeded(dag: Dag, cluster: Cluster = PLAIN, **given):
    result = windtunnel.simulate(
        Fleet(dags=(dag,)), cluster=cluster, window="1h", runs=RUNS, **given
    )
    return strategies.exceeded(result)


def test_a_limit_that_is_not_kept_is_told_with_its_instant():
    dag = Dag(dag_id="a", tasks=TASKS[:1], max_active_runs=1)
    cluster = Cluster(pools={"db": Pool(slots=8)})
    assert exceeded(dag, cluster) == ()
    (said,) = exceeded(dag, cluster, faults=[LimitNotKept(dags="a")])
    assert said == "max_active_runs a: 2 of 1 at 2026-01-01T00:00:01+00:00"


def test_a_pool_that_is_made_smaller_may_hold_what_it_holds():
    dag = Dag(dag_id="a", tasks=TASKS)
    cluster = Cluster(pools={"db": Pool(slots=4)})
    smaller = PoolResized(pool="db", slots=1, at_s=30)
    assert exceeded(dag, cluster, faults=[smaller]) == ()


def test_a_full_pool_is_not_exceeded_and_an_unlimited_one_never_is():
    dag = Dag(dag_id="a", tasks=TASKS)
    for slots in (1, 4, -1):
        assert exceeded(dag, Cluster(pools={"db": Pool(slots=slots)})) == ()
