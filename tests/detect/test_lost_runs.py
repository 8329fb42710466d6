"""WT220 to WT223: runs that never came to be, of DAGs of which every run matters."""

from __future__ import annotations

import pytest

from data_use import MINUTE, START, append, does, every, minutes, names, read, scenario, span, write
from windtunnel import api
from windtunnel.model import (
    Assets,
    AssetUpdate,
    Cron,
    Dag,
    DagPaused,
    ManualRun,
    ResultLost,
    Rule,
    Task,
    TriggerDagRun,
)


def lost(*dags, matters=("*",), **options):
    result = api.simulate(scenario(*dags, every_run_matters=matters, **options))
    return [one for one in result.findings if one.code in ("WT220", "WT221", "WT222", "WT223")]


# -- intervals -------------------------------------------------------------------------------------

LOAD = Task(task_id="load")
SLOW = {"rules": [Rule(tasks="etl.load", duration_s=25 * MINUTE)], "until": 80}


def etl(**options):
    return every(10, "etl", LOAD, **{"max_active_runs": 1, "catchup": False, **options})


def test_without_catchup_a_slow_run_swallows_the_intervals_after_it():
    (finding,) = lost(etl(), **SLOW)
    assert finding.code == "WT220"
    assert "due at 2026-03-01 00:30:00, 2026-03-01 00:40:00" in finding.summary
    assert span(finding) == (30, 75)
    assert "max_active_runs=1 was reached by scheduled@2026-03-01T00:10:00" in finding.summary
    assert finding.identity == ("WT220", "max_active_runs etl")


@pytest.mark.parametrize("options", [{"catchup": True}, {"max_active_runs": 3}])
def test_with_catchup_or_more_runs_at_once_none_is_lost(options):
    assert not lost(etl(**options), **SLOW)


def test_runs_that_are_quick_enough_and_dags_of_which_nothing_is_said_are_left_alone():
    quick = [Rule(tasks="etl.load", duration_s=9 * MINUTE)]
    assert not lost(etl(), rules=quick, until=55)
    assert not lost(etl(), matters=(), **SLOW)
    assert not lost(etl(), matters=("other*",), **SLOW)


def test_intervals_of_a_pause_are_lost_too():
    paused = DagPaused(dags="etl", at_s=5 * MINUTE, for_s=26 * MINUTE)
    (finding,) = lost(etl(), faults=(paused,), until=55)
    assert "the DAG was paused" in finding.summary
    assert not finding.limits


def test_the_last_interval_of_a_window_may_still_come():
    assert not lost(etl(), rules=SLOW["rules"], until=22)


def test_an_interval_that_a_person_ran_is_not_lost():
    result = api.simulate(
        scenario(etl(), every_run_matters=("etl",), **SLOW).model_copy(
            update={
                "manual_runs": tuple(
                    ManualRun(dag_id="etl", logical_date=START.replace(minute=m), at_s=m * 60 + 5)
                    for m in (30, 40)
                )
            }
        )
    )
    assert "WT220" not in {finding.code for finding in result.findings}


def test_intervals_between_ticks_of_data_intervals_are_counted_right():
    dag = etl().model_copy(
        update={"schedule": Cron(expression="*/10 * * * *", timetable="interval")}
    )
    (finding,) = lost(dag, rules=SLOW["rules"], until=95)
    assert "due at 2026-03-01 00:40:00, 2026-03-01 00:50:00" in finding.summary


def test_of_other_dags_it_is_only_noted():
    result = api.simulate(scenario(etl(), **SLOW))
    assert not result.findings
    (note,) = (one for one in result.assumptions if "without a run" in one.subject)
    assert note.subject == "DAG etl, 2 intervals without a run"
    assert "every_run_matters makes it a finding" in note.assumed


# -- asset events ----------------------------------------------------------------------------------


def sink(condition="a", **options):
    return Dag(dag_id="sink", tasks=(Task(task_id="t"),), asset_condition=condition, **options)


def updated(*at, asset="a"):
    return tuple(AssetUpdate(asset=asset, at_s=minute * MINUTE) for minute in at)


def test_updates_that_come_while_one_waits_share_a_run():
    slow = [Rule(tasks="sink.t", duration_s=10 * MINUTE)]
    one_at_a_time = sink(max_active_runs=1)
    (finding,) = lost(one_at_a_time, rules=slow, asset_updates=updated(0, 2, 4, 40))
    assert finding.code == "WT221"
    assert "2 updates of a made one run of sink, assets#3" in finding.summary
    (left,) = lost(one_at_a_time, rules=slow, asset_updates=updated(0, 2, 4))
    assert "1 update made no run of sink at all" in left.summary
    alone = sink(Assets(of=("a",)), max_active_runs=1)  # as DAG files with schedule=Asset("a") are
    assert lost(alone, rules=slow, asset_updates=updated(0, 2, 4)) == [left]
    assert not lost(sink(), rules=slow, asset_updates=updated(0, 2, 4))
    assert not lost(one_at_a_time, rules=slow, asset_updates=updated(0, 20, 40))


def test_who_made_the_updates_is_told():
    sources = [
        Dag(dag_id=name, tasks=(Task(task_id="make", outlets=("a",)),)) for name in ("x", "y")
    ]
    dag = sink(max_active_runs=1)
    options = {"rules": [Rule(tasks="sink.t", duration_s=10 * MINUTE)]}
    runs = [("x", 0), ("x", 2), ("y", 3), ("x", 30)]
    (finding,) = lost(*sources, dag, runs=runs, **options)
    assert {"sink", "x.make", "y.make"} == set(names(finding))


def test_one_update_of_each_asset_makes_the_one_run_it_should():
    both = Assets(type="all", of=("a", "b"))
    updates = (*updated(0), *updated(5, asset="b"))
    assert not lost(sink(both), asset_updates=updates)
    twice = (*updated(0, 1), *updated(5, asset="b"), *updated(30), *updated(31, asset="b"))
    (finding,) = lost(sink(both), asset_updates=twice)
    assert finding.code == "WT221"


# -- triggers --------------------------------------------------------------------------------------


def parent(dag_id, **trigger):
    kind = TriggerDagRun(trigger_dag_id="child", **trigger)
    return Dag(dag_id=dag_id, tasks=(Task(task_id="call", kind=kind, retries=1),))


CHILD = Dag(dag_id="child", tasks=(Task(task_id="run"),))
SAME = {"trigger_run_id": "today"}


@pytest.mark.parametrize("options", [{"skip_when_already_exists": True}, {}])
def test_a_second_trigger_of_the_same_run_id_comes_to_nothing(options):
    dags = [parent(name, **SAME, **options) for name in ("p1", "p2")]
    (finding,) = lost(*dags, CHILD, runs=[("p1", 0), ("p2", 4)], matters=("child",))
    assert finding.code == "WT222"
    assert names(finding) == ["p2.call", "child"]
    assert int(minutes(finding.since)) == 4


def test_triggers_with_run_ids_of_their_own_and_those_that_reset_are_left_alone():
    runs = [("p1", 0), ("p2", 4)]
    assert not lost(*(parent(name) for name in ("p1", "p2")), CHILD, runs=runs)
    own = [parent(name, trigger_run_id=name) for name in ("p1", "p2")]
    assert not lost(*own, CHILD, runs=runs)
    reset = [parent(name, **SAME, reset_dag_run=True) for name in ("p1", "p2")]
    assert not lost(*reset, CHILD, runs=runs)
    skips = [parent(name, **SAME, skip_when_already_exists=True) for name in ("p1", "p2")]
    assert not lost(*skips, CHILD, runs=runs, matters=("p*",))


def test_a_retry_that_finds_the_run_of_its_first_try_has_lost_nothing():
    unheard = ResultLost(tasks="p1.call", tries=(1,))
    dag = parent("p1", **SAME, skip_when_already_exists=True)
    assert not lost(dag, CHILD, runs=[("p1", 0)], faults=(unheard,), until=120)


# -- runs that time out ----------------------------------------------------------------------------


def timed_out(minutes, verb=append, **options):
    """A run that fails after ten minutes, and its task, which hears of it within a minute."""
    dag = Dag(dag_id="etl", tasks=(LOAD,), dagrun_timeout_s=10 * MINUTE)
    rules = [does("etl.load", verb("fact", minutes))]
    return lost(dag, rules=rules, min_heartbeat_interval_s=45, **options)


def test_a_task_that_comes_to_its_end_after_its_run_has_failed():
    (finding,) = timed_out(10.25)
    assert finding.code == "WT223"
    assert "added to fact 15 s later" in finding.summary
    assert names(finding) == ["etl.load"]
    (finding,) = timed_out(10.25, verb=write)
    assert "wrote fact" in finding.summary


def test_work_that_is_done_before_or_cut_off_or_only_read_is_left_alone():
    assert not timed_out(9.9)
    assert not timed_out(12)
    assert not timed_out(10.25, verb=read)
    assert not timed_out(10.25, matters=())
