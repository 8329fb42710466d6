"""What a search steers at: accesses that did not meet, and could."""

from __future__ import annotations

import pytest

from data_use import MINUTE, append, does, every, read, scenario, work, write
from windtunnel import api
from windtunnel.detect import candidates
from windtunnel.model import (
    Dag,
    ExternalTaskSensor,
    HeartbeatLost,
    Pool,
    Step,
    Task,
    TaskFails,
    TaskGroup,
    TriggerDagRun,
    TriggerRule,
)

T = Task(task_id="t")


def open_pairs(*dags, **options):
    """(task, task, minutes apart) of what could meet."""
    one = scenario(*dags, **options)
    trace = api.simulate(one).trace
    return [
        (
            *(f"{dag}.{task}" for dag, _, task in pair.tasks(trace)),
            round(pair.apart_us / 60e6, 1),
        )
        for pair in candidates(one, trace)
    ]


WRITES = [does("*", write("dim", 2))]


# -- runs of one DAG -------------------------------------------------------------------------------


def test_runs_that_come_one_after_the_other_by_luck_could_meet():
    """Interval 4, duration 2: a run that takes twice as long meets the next one."""
    assert open_pairs(every(4, "etl", T), rules=WRITES) == [("etl.t", "etl.t", 2)]


@pytest.mark.parametrize(
    "change",
    [
        {"max_active_runs": 1},
        {"tasks": (T.model_copy(update={"max_active_tis_per_dag": 1}),)},
        {"tasks": (T.model_copy(update={"depends_on_past": True}),)},
        {"tasks": (T.model_copy(update={"pool": "one"}),)},
    ],
)
def test_what_orders_them_or_keeps_them_apart_is_seen(change):
    dag = every(4, "etl", T).model_copy(update=change)
    assert not open_pairs(dag, rules=WRITES, pools={"one": Pool(slots=1)})


def test_a_lock_keeps_them_apart_and_another_lock_does_not():
    locked = [does("*", Step(acquire="lock:dim"), write("dim", 2))]
    assert not open_pairs(every(4, "etl", T), rules=locked)
    apart = [does("*", Step(acquire="lock:{run}"), write("dim", 2))]
    assert open_pairs(every(4, "etl", T), rules=apart)


def test_max_active_tasks_of_one_holds_over_a_run_or_over_the_dag():
    dag = every(4, "etl", T, max_active_tasks=1)
    assert open_pairs(dag, rules=WRITES)
    assert not open_pairs(dag, rules=WRITES, profile="airflow-2.11")


def test_readers_those_that_add_and_partitions_are_no_candidates():
    for step in (read("dim", 2), append("dim", 2), write("dim/{run}", 2)):
        assert not open_pairs(every(4, "etl", T), rules=[does("*", step)])


# -- within a run ----------------------------------------------------------------------------------


def two_tasks(**second):
    return Dag(dag_id="d", tasks=(Task(task_id="a"), Task(task_id="b", **second)))


APART = [does("d.a", write("x", 2)), does("d.b", work(5), write("x", 2))]


def test_tasks_of_a_run_are_ordered_by_their_edges():
    assert open_pairs(two_tasks(), rules=APART) == [("d.a", "d.b", 3)]
    assert not open_pairs(two_tasks(upstream=("a",)), rules=APART)
    always = two_tasks(upstream=("a",), trigger_rule=TriggerRule.ALWAYS)
    assert open_pairs(always, rules=APART) == [("d.a", "d.b", 3)]


def test_edges_reach_through_tasks_that_touch_nothing():
    chained = [Task(task_id=name, upstream=(up,)) for name, up in {"m": "a", "b": "m"}.items()]
    assert not open_pairs(Dag(dag_id="d", tasks=(Task(task_id="a"), *chained)), rules=APART)


def test_in_a_mapped_group_each_waits_for_its_own_index_only():
    group = TaskGroup(group_id="g", expand=(2,))
    tasks = Task(task_id="g.a", group="g"), Task(task_id="g.b", group="g", upstream=("g.a",))
    rules = [does("d.g.a", write("x/{map_index}", 2)), does("d.g.b", write("x/{map_index}", 2))]
    assert not open_pairs(Dag(dag_id="d", tasks=tasks, groups=(group,)), rules=rules)
    rules = [does("d.g.a", work(1), write("x", 0)), does("d.g.b", work(1), write("x", 0))]
    found = open_pairs(Dag(dag_id="d", tasks=tasks, groups=(group,)), rules=rules)
    assert ("d.g.a", "d.g.b") in {pair[:2] for pair in found}


# -- DAGs beside each other ------------------------------------------------------------------------


def test_dags_without_an_order_could_meet():
    dags = [Dag(dag_id=name, tasks=(T,)) for name in ("a", "b")]
    runs = [("a", 0), ("b", 10)]
    assert open_pairs(*dags, rules=WRITES, runs=runs) == [("a.t", "b.t", 8)]


def test_a_sensor_orders_what_comes_after_it():
    wait = ExternalTaskSensor(external_dag_id="a", external_task_ids=("t",))
    after = every(30, "b", Task(task_id="wait", kind=wait), Task(task_id="t", upstream=("wait",)))
    rules = [does("*.t", write("dim", 2))]
    assert not open_pairs(every(30, "a", T), after, rules=rules, until=29)


def test_a_trigger_orders_the_run_after_what_came_before_it():
    call = TriggerDagRun(trigger_dag_id="b", wait_for_completion=True)
    tasks = (
        T,
        Task(task_id="call", kind=call, upstream=("t",)),
        Task(task_id="then", upstream=("call",)),
    )
    dags = Dag(dag_id="a", tasks=tasks), Dag(dag_id="b", tasks=(T,))
    rules = [does("*.t", write("dim", 2)), does("a.then", write("dim", 2))]
    assert not open_pairs(*dags, rules=rules, runs=[("a", 0)])
    not_waiting = tasks[1].model_copy(update={"kind": TriggerDagRun(trigger_dag_id="b")})
    loose = Dag(dag_id="a", tasks=(tasks[0], not_waiting, tasks[2]))
    late = [*rules[:1], does("a.then", work(9), write("dim", 2))]
    assert open_pairs(loose, dags[1], rules=late, runs=[("a", 0)]) == [("b.t", "a.then", 7)]


def test_an_asset_orders_the_run_that_it_starts():
    first = Dag(dag_id="a", tasks=(Task(task_id="t", outlets=("x",)),))
    second = Dag(dag_id="b", tasks=(T,), asset_condition="x")
    assert not open_pairs(first, second, rules=WRITES)


# -- tries -----------------------------------------------------------------------------------------

RETRIED = Dag(dag_id="d", tasks=(Task(task_id="t", retries=1, retry_delay_s=20 * MINUTE),))


def test_a_retry_comes_after_a_try_that_is_known_to_be_over():
    fails = TaskFails(tasks="d.t", tries=(1,))
    assert not open_pairs(RETRIED, rules=WRITES, faults=(fails,))


def test_and_not_after_one_that_was_given_up_whose_process_went_on():
    lost = HeartbeatLost(tasks="d.t", tries=(1,))
    slow = [does("d.t", write("dim", 10))]
    (pair,) = open_pairs(RETRIED, rules=slow, faults=(lost,), until=120)
    assert pair[:2] == ("d.t", "d.t")
    one = RETRIED.tasks[0].model_copy(update={"pool": "one", "max_active_tis_per_dag": 1})
    dag = RETRIED.model_copy(update={"tasks": (one,)})
    assert open_pairs(dag, rules=slow, faults=(lost,), until=120, pools={"one": Pool(slots=1)})
    fenced = [does("d.t", Step(acquire="lock:x"), write("dim", 10))]
    assert not open_pairs(RETRIED, rules=fenced, faults=(lost,), until=120)
