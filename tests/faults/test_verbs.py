"""Faults as verbs: each gives the frozen fault that a scenario file would say."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

import windtunnel as wt
from windtunnel import faults
from windtunnel.loaders import parse_fault
from windtunnel.loaders.fault_text import FORMS
from windtunnel.model import Cron, PoolResized, Resource, ResourceResized

SAID = {
    "task fails: etl.load try 1 raising ConnectionError": lambda: wt.fail(
        "etl.load", tries=1, raising="ConnectionError"
    ),
    "task fails: etl.load after 5m not retryable with 10%": lambda: wt.fail(
        "etl.load", after="5m", retryable=False, probability="10%"
    ),
    "task hangs: etl.load tries 1,2": lambda: wt.time_out("etl.load", tries=(1, 2)),
    "task hangs: etl.* at 02:10 for 1h every day": lambda: wt.hang(
        "etl.*", at="02:10", for_="1h", every="1d"
    ),
    "task fails: etl.load raising AirflowTaskTimeout after 10m": lambda: wt.time_out(
        "etl.load", after=timedelta(minutes=10)
    ),
    "task is slow: etl.* x3 with 50%": lambda: wt.slow_down("etl.*", 3, probability=0.5),
    "out of memory: etl.load try 1 after 2m": lambda: wt.run_out_of_memory(
        "etl.load", tries=1, after="2m"
    ),
    "heartbeat lost: etl.load try 1": lambda: wt.lose_heartbeat("etl.load", tries=[1]),
    "result lost: etl.load noticed at once": lambda: wt.lose_result("etl.load", noticed="at once"),
    "task lost by executor: etl.load for 10m": lambda: wt.lose_in_executor("etl.load", for_="10m"),
    "late data: etl.wait by 2h": lambda: wt.delay_data("etl.wait", "2h"),
    "worker lost: 1 at +10m for 30m": lambda: wt.lose_worker(at="+10m", for_="30m"),
    "worker lost: 2 in group big results written": lambda: wt.lose_worker(
        2, group="big", results_written=True
    ),
    "spot loss: a third at 02:10 for 10m notice 1m": lambda: wt.lose_spot_worker(
        share="a third", at="02:10", for_="10m", notice="1m"
    ),
    "workers drained: 2 at +10m": lambda: wt.drain_worker(2, at=600),
    "disk full: half": lambda: wt.fill_disk(share="half"),
    "pool resized: db to 1 at +10m for 1h": lambda: wt.resize_pool(
        "db", 1, at="10m", for_=timedelta(hours=1)
    ),
    "pool deleted: db at +10m": lambda: wt.delete_pool("db", at=timedelta(minutes=10)),
    "resource down: warehouse waiting": lambda: wt.stop_resource("warehouse", waits=True),
    "resource resized: warehouse to 2": lambda: wt.resize_resource("warehouse", 2),
    "dag paused: etl at +10m": lambda: wt.pause_dag("etl", at="+10m"),
    "dag unpaused: nightly at +1h": lambda: wt.unpause_dag("nightly", at="+1h"),
    "cleared: etl.load in any state downstream at +2h": lambda: wt.clear(
        "etl.load", states=(), downstream=True, at="+2h"
    ),
    "task marked: etl.load as success run r1 future at +15m": lambda: wt.mark_task(
        "etl.load", "success", run="r1", future=True, at="+15m"
    ),
    "run marked: etl as failed at +15m": lambda: wt.mark_run("etl", "failed", at="+15m"),
    "dag changed: etl without load at +10m": lambda: wt.change_dag(
        "etl", without="load", at="+10m"
    ),
    "scheduler down: at +10m for 5m": lambda: wt.stop_scheduler(at="+10m", for_="5m"),
    "scheduler paused: 1": wt.pause_scheduler,
    "scheduler lost: 2 at 2026-03-01T02:10": lambda: wt.lose_scheduler(2, at="2026-03-01T02:10"),
    "database down: at 02:10": lambda: wt.stop_database(at=time(2, 10)),
    "database slow: x5 by 2s": lambda: wt.slow_database(5, by="2s"),
    "api server down": wt.stop_api_server,
    "broker down: messages lost": lambda: wt.stop_broker(messages_lost=True),
    "triggerer down: every 1h for 5m 3 times": lambda: wt.stop_triggerer(
        every="1h", for_="5m", times=3
    ),
    "triggerer lost: 1": wt.lose_triggerer,
    "dag processor down: for 30m": lambda: wt.stop_dag_processor(for_=1800),
    "executor slots leaked: 4 at +1h of scheduler 2": lambda: wt.leak_executor_slots(
        4, at="+1h", scheduler=2
    ),
    "clock jump: -1h at +2h": lambda: wt.jump_clock("1h", backwards=True, at="+2h"),
    "limit not kept: etl for 1h": lambda: wt.ignore_max_active_runs("etl", for_="1h"),
}


@pytest.mark.parametrize("said", SAID)
def test_a_verb_gives_the_fault_that_is_said_in_words(said):
    assert SAID[said]() == parse_fault(said)


def test_every_kind_of_fault_has_a_verb():
    assert {type(make()) for make in SAID.values()} == {form.model for form in FORMS}
    named = {name for make in SAID.values() for name in (make.__name__, *make.__code__.co_names)}
    assert {verb.__name__ for verb in faults.VERBS} - named == {"exhaust"}


def test_every_verb_is_public_and_has_a_docstring():
    for verb in faults.VERBS:
        assert getattr(wt, verb.__name__) is verb
        assert verb.__doc__


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: wt.fail("etl.load", tries=0), "fail: tries"),
        (lambda: wt.fail("tga:nightly"), "fail: tasks: 'tga' is nothing .* did you mean 'tag'"),
        (lambda: wt.fail("etl.load", at="soon"), "fail: 'soon' is no duration"),
        (lambda: wt.fail("etl.load", after="-1m"), "'-1m' is no duration"),
        (lambda: wt.fail("etl.load", probability="some"), "fail: 'some' is no share"),
        (lambda: wt.lose_worker(share=2), "lose_worker: share"),
        (lambda: wt.lose_worker(2, share=0.5), "a number of workers or a share of them, not both"),
        (lambda: wt.resize_pool("db", -2), "resize_pool: slots"),
        (lambda: wt.clear("etl.load"), "clear: 'at' is missing"),
        (lambda: wt.exhaust("db", left=-1), "exhaust: left"),
        (wt.slow_database, "nothing is slow"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_its_verb(make, said):
    with pytest.raises(wt.InvalidInput, match=said):
        make()


def test_an_argument_that_does_not_exist_is_refused_with_the_nearest():
    with pytest.raises(
        wt.InvalidInput, match=r"fail\(\) has no argument 'try'; did you mean 'tries'?"
    ):
        wt.fail("etl.load", **{"try": 1})
    with pytest.raises(wt.InvalidInput, match="did you mean 'for_'"):
        wt.stop_database(**{"for": "5m"})
    with pytest.raises(wt.InvalidInput, match="it has at, every, times, for_"):
        wt.stop_database(zzz=1)


@pytest.fixture
def scenario() -> wt.Scenario:
    """etl.load needs the pool ``warehouse`` and the resource ``licence``."""
    tasks = (wt.Task(task_id="load", pool="warehouse"),)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    dag = wt.Dag(dag_id="etl", tasks=tasks, schedule=Cron(expression="0 2 * * *"), start_date=start)
    return wt.Scenario(
        fleet=wt.Fleet(dags=(dag,)),
        cluster=wt.Cluster(pools={"warehouse": wt.Pool(slots=2)}),
        resources={"licence": Resource(slots=1), "warehouse": Resource(slots=3)},
        behavior=wt.Behavior(rules=(wt.Rule(tasks="etl.load", needs={"licence": 1}),)),
        start=start,
    )


def test_exhausted_is_a_pool_or_a_resource_whichever_there_is(scenario):
    asked = [
        wt.exhaust("warehouse", at="02:00", for_="1h"),
        wt.exhaust("licence", left=1),
        wt.exhaust("resource warehouse"),
        wt.exhaust("pool warehouse", left=1),
    ]
    assert wt.simulate(scenario, faults=asked).scenario.faults == (
        PoolResized(pool="warehouse", slots=0, at_time=time(2), for_s=3600),
        ResourceResized(resource="licence", slots=1),
        ResourceResized(resource="warehouse", slots=0),
        PoolResized(pool="warehouse", slots=1),
    )


def test_an_exhausted_pool_holds_tasks_back(scenario):
    result = wt.simulate(scenario, faults=wt.exhaust("warehouse", at="02:00", for_="1h"))
    assert result.task("load").waited_for("pool warehouse") == timedelta(hours=1)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("warehuose", "exhaust.'warehuose'.: .*did you mean 'warehouse'"),
        ("db", "there are: default_pool, warehouse, licence"),
        ("pool licence", "did you mean"),
    ],
)
def test_something_exhausted_that_is_not_there_is_refused(scenario, name, said):
    with pytest.raises(wt.InvalidInput, match=said):
        wt.simulate(scenario, faults=[wt.exhaust(name)])


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda: wt.fail("etl.laod"), "'task fails: etl.laod': no task .* did you mean 'etl.load'"),
        (lambda: wt.pause_dag("elt"), "did you mean 'etl'"),
        (lambda: wt.resize_pool("warehuose", 1), "did you mean 'warehouse'"),
        (wt.lose_worker, "the cluster has no workers"),
    ],
)
def test_names_that_do_not_exist_are_refused_where_they_are_simulated(scenario, fault, said):
    cluster = scenario.cluster.model_copy(update={"workers": ()})
    with pytest.raises(wt.InvalidInput, match=said):
        wt.simulate(scenario, cluster=cluster, faults=fault())


def test_faults_are_frozen_and_compose_in_a_list(scenario):
    both = [
        wt.fail("etl.load", tries=1),
        wt.exhaust("licence", for_="3h"),
        "scheduler down: for 1m",
    ]
    result = wt.simulate(scenario, faults=both)
    assert len(result.scenario.faults) == 3
    with pytest.raises(ValueError, match="frozen"):
        both[0].tasks = "x"
    assert len({wt.fail("a.b"), wt.fail("a.b"), wt.fail("a.c")}) == 2
