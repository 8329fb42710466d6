"""Task instances: by which name, how they read, what they waited for, and why they failed."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta

import pytest

import windtunnel as wt
from windtunnel.model import ExternalTaskSensor, Sensor, TriggerDagRun


def test_a_task_id_that_only_one_dag_has_is_enough(night):
    assert night.task("load") == night.task("etl.load")
    assert [task.name for task in night.tasks("load")] == ["etl.load"]
    assert night.explain("load", search=False).name == "etl.load"


def test_a_task_id_that_several_dags_have_is_refused_with_their_names():
    dags = [wt.Dag(dag_id=name, tasks=(wt.Task(task_id="load"),)) for name in ("a", "b.c")]
    result = wt.simulate(wt.Fleet(dags=tuple(dags)), runs=["a", "b.c"])
    with pytest.raises(wt.InvalidInput, match=r"'load'; say which: a\.load, b\.c\.load"):
        result.task("load")
    assert result.task("b.c.load").state == "success"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("laod", "no DAG has a task 'laod'; there are: etl.extract, etl.load, "),
        ("etl.laod", "no task 'etl.laod'; of this DAG: etl.extract, etl.load, etl.publish"),
        ("elt.load", "DAG 'elt' is not in the fleet; DAGs: etl, report"),
        ("load[3]", r"etl.load\[3\] has no task instance; of this DAG: etl.extract, etl.load, "),
    ],
)
def test_a_task_that_does_not_exist_is_refused_with_what_there_is(night, name, said):
    for ask in (night.task, lambda name: night.explain(name, search=False)):
        with pytest.raises(wt.InvalidInput, match=said):
            ask(name)


def test_tasks_of_a_name_that_does_not_exist_are_not_just_none(night):
    with pytest.raises(wt.InvalidInput, match="no DAG has a task 'laod'"):
        night.tasks("laod")


def test_a_task_says_when_it_was_queued_and_how_long_it_ran(night):
    load = night.task("load")
    assert load.queued == load.started == datetime(2026, 3, 1, 3, 30, tzinfo=UTC)
    assert load.took == timedelta(minutes=1)
    assert (load.try_number, load.max_tries, load.why) == (1, 2, "")


def test_what_it_waited_for_is_a_timedelta(night):
    load = night.task("load")
    assert load.waited_for("pool db") == timedelta(minutes=89)
    assert load.waited_for("upstream") == timedelta(minutes=1)
    assert not load.waited_for("worker slots")
    assert load.waited == timedelta(minutes=89)
    assert repr(load.waited_for("pool db")) == "<1h 29m for pool db>"


@pytest.mark.parametrize(
    ("limit", "said"),
    [("db", "did you mean 'pool db'"), ("pool bd", "did you mean 'pool db'"), ("x", "there are: ")],
)
def test_a_limit_that_does_not_exist_was_not_just_never_waited_for(night, limit, said):
    with pytest.raises(wt.InvalidInput, match=said):
        night.task("load").waited_for(limit)


def test_a_task_reads_as_what_became_of_it(night, failed):
    assert repr(night.task("load")) == (
        "<Task etl.load of scheduled@2026-03-01T02:00:00+00:00: success in try 1 of 2; "
        "waited 1h 29m for pool db>"
    )
    assert repr(failed.task("load")) == (
        "<Task etl.load of scheduled@2026-03-01T02:00:00+00:00: failed in try 2 of 2 "
        "(raised ValueError); waited 5m for retry delay>"
    )


def test_what_failed_upstream_is_why_a_task_did_not_run(failed):
    assert failed.task("publish").state == "upstream_failed"
    assert failed.task("publish").why == "etl.load failed: raised ValueError"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("task fails: etl.load", "fault 'task fails: etl.load'"),
        ("out of memory: etl.load", "killed: out of memory (exit code -9)"),
        ("result lost: etl.load", "its report was lost"),
    ],
)
def test_a_failed_task_knows_why(nightly, fault, why):
    load = wt.simulate(nightly, start="2026-03-01", window="1d", faults=fault).task("load")
    assert (load.state, load.why) == ("failed", why)


def test_a_state_is_text_and_knows_how_it_came_to_that(failed):
    state = failed.task("load").state
    assert state == "failed"
    assert {state: 1} == {"failed": 1}
    assert json.dumps({"state": state}) == '{"state": "failed"}'
    assert state.told() == [
        "etl.load of scheduled@2026-03-01T02:00:00+00:00: failed in try 2 of 2 (raised ValueError)",
        "  02:00:00       1m  waited for upstream tasks; the last to end was etl.extract",
        "  02:01:00       1m  ran (try 1, failed: raised ValueError)",
        "  02:02:00       5m  waited for its retry (retry_delay)",
        "  02:07:00       1m  ran (try 2, failed: raised ValueError)",
    ]
    for alike in (copy.deepcopy(state), pickle.loads(pickle.dumps(state))):
        assert type(alike) is str, "the simulation stays behind"


@pytest.mark.parametrize(
    ("kind", "does"),
    [
        (ExternalTaskSensor(external_dag_id="b", external_task_ids=("t",)), "poked for b.t"),
        (ExternalTaskSensor(external_dag_id="b"), "poked for b"),
        (Sensor(), "poked"),
        (TriggerDagRun(trigger_dag_id="b", wait_for_completion=True), "its run of b to end"),
        (TriggerDagRun(trigger_dag_id="b"), "ran"),
    ],
)
def test_what_only_waits_says_for_what(kind, does):
    dags = [
        wt.Dag(dag_id="a", tasks=(wt.Task(task_id="wait", kind=kind),)),
        wt.Dag(dag_id="b", tasks=(wt.Task(task_id="t"),)),
    ]
    result = wt.simulate(wt.Fleet(dags=tuple(dags)), runs=["a", "b"], window="1h")
    assert any(line.endswith(does) for line in result.task("a.wait").told())


def test_results_read_as_what_was_found(night, nightly):
    assert repr(night) == (
        "<Result of 2 DAGs, 2 dag runs in 1d from 2026-03-01 00:00:00 UTC: no findings>"
    )
    cluster = wt.Cluster(pools={"other": wt.Pool(slots=1)})
    report = wt.check(nightly, cluster=cluster, start="2026-03-01", window="1d", seeds=1)
    assert repr(report) == "<Report of 2 simulations: 2 findings (WT110)>"
