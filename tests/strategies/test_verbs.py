"""The verbs as strategies: ranges, strategies in arguments, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

import windtunnel as wt
from effort import examples
from windtunnel import faults, strategies
from windtunnel.model import Cron

DAG = wt.Dag(
    dag_id="etl",
    tasks=(wt.Task(task_id="load", pool="db", retries=1),),
    schedule=Cron(expression="0 2 * * *"),
    start_date="2026-01-01T00:00:00Z",
)
FLEET = wt.Fleet(dags=(DAG,))
CLUSTER = wt.Cluster(pools={"db": wt.Pool(slots=2)}, workers=(wt.WorkerGroup(count=2, slots=2),))
NIGHT = wt.simulate(FLEET, cluster=CLUSTER, start="2026-01-01", window="6h").scenario


def least(strategy, condition=lambda _: True):
    return find(strategy, condition, settings=settings(database=None, derandomize=True))


def test_there_is_one_for_each_verb():
    for verb in faults.VERBS:
        assert getattr(strategies, verb.__name__).__doc__ == verb.__doc__


def test_without_anything_to_draw_it_is_the_fault_itself():
    assert least(strategies.fail("etl.load", tries=(1, 2))) == wt.fail("etl.load", tries=(1, 2))


def test_a_range_of_instants_shrinks_to_its_beginning():
    lost = strategies.lose_worker(at=("+10m", "+4h"), for_=("5m", "1h"))
    assert least(lost) == wt.lose_worker(at="+10m", for_="5m")
    assert least(lost, lambda one: one.at_s >= 7000).at_s < 7100
    with pytest.raises(NoSuchExample):
        least(lost, lambda one: not 600 <= one.at_s <= 4 * 3600)


def test_a_range_of_times_of_day_goes_over_midnight():
    paused = strategies.pause_dag("etl", at=("23:30", "01:00"))
    assert least(paused) == wt.pause_dag("etl", at="23:30")
    assert least(paused, lambda one: one.at_time.hour == 0) == wt.pause_dag("etl", at="00:00")
    with pytest.raises(NoSuchExample):
        least(paused, lambda one: one.at_time.hour == 2)


def test_any_argument_may_be_a_strategy():
    slow = strategies.slow_down(st.sampled_from(["etl.load", "etl.*"]), st.floats(2, 9))
    assert least(slow) == wt.slow_down("etl.load", 2)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: strategies.fail("etl.load", at=("soon", "later")), "fail: at=.* no duration"),
        (lambda: strategies.fail("etl.load", after=("2m", "1m")), "fail: after=.* not in order"),
        (lambda: strategies.resize_pool("db", -3), "resize_pool: slots"),
    ],
)
def test_what_cannot_be_drawn_is_refused_at_once(make, said):
    with pytest.raises(wt.InvalidInput, match=said):
        make()


@examples(10)
@given(
    strategies.windtunnel_scenarios(
        NIGHT,
        faults=[strategies.exhaust("db", at=("+0m", "+3h")), wt.fail("etl.load", tries=1)],
        ties=0,
    )
)
def test_of_a_list_each_strikes_once_or_not_at_all(scenario):
    assert scenario.start == NIGHT.start
    assert scenario.duration_s == NIGHT.duration_s
    kinds = [fault.type for fault in scenario.faults]
    assert kinds in ([], ["pool_resized"], ["task_fails"], ["pool_resized", "task_fails"])
    wt.simulate(scenario)


def test_a_failure_shrinks_to_the_fault_that_matters():
    drawn = strategies.windtunnel_scenarios(
        NIGHT, faults=[strategies.exhaust("db", at=("+0m", "+3h")), wt.fail("etl.load")]
    )
    found = least(drawn, lambda one: wt.simulate(one).task("load").state == "failed")
    assert found.faults == (wt.fail("etl.load"),)
    assert found.choices is None


def test_a_scenario_keeps_its_own_faults():
    broken = wt.simulate(NIGHT, faults=wt.fail("etl.load", tries=1)).scenario
    assert least(strategies.windtunnel_scenarios(broken)) == broken


def test_names_that_do_not_exist_are_refused_when_they_are_drawn():
    drawn = strategies.windtunnel_scenarios(NIGHT, faults=[wt.exhaust("bd")])
    with pytest.raises(wt.InvalidInput, match="there is no such pool or resource; there are: db"):
        least(drawn, lambda one: one.faults)


def test_paths_are_read_when_the_first_scenario_is_drawn(tmp_path, monkeypatch):
    drawn = strategies.windtunnel_scenarios("dags", window="1d")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "one.py").write_text(
        "from airflow.sdk import DAG, task\n"
        "with DAG('one', schedule='@daily'):\n    task(lambda: None).override(task_id='a')()\n"
    )
    monkeypatch.chdir(tmp_path)
    assert [dag.dag_id for dag in least(drawn).fleet.dags] == ["one"]


def test_nothing_named_says_what_to_name():
    with pytest.raises(wt.InvalidInput, match="name the DAGs"):
        least(strategies.windtunnel_scenarios())
