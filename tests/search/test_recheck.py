"""What was stored, simulated again: still there, gone, or something else; with today's DAGs."""

from __future__ import annotations

import pytest

import windtunnel as wt
from windtunnel.errors import InvalidInput
from windtunnel.model import Cluster, Dag, Fleet, ManualRun, Task
from windtunnel.search import names, recall


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


def check(scenario, store, **changes):
    return wt.check(scenario, seeds=20, store=store, again=True, **changes)


@pytest.fixture
def name(by_tie, store):
    """Stored by a check."""
    (finding,) = check(by_tie, store).findings
    return finding.counterexample


def wide(scenario, slots=2):
    return scenario.model_copy(update={"cluster": Cluster(default_pool_slots=slots)})


def verdicts(report):
    return [(one.name, one.verdict) for one in report.rechecked]


def test_what_is_stored_holds_the_smallest_case_and_what_it_left_out(by_tie, store):
    etl, mart = by_tie.fleet.dags
    more = mart.model_copy(
        update={"tasks": (*mart.tasks, Task(task_id="x", weight_rule="absolute"))}
    )
    other = Dag(dag_id="other", tasks=(Task(task_id="t", priority_weight=9),))
    fleet = Fleet(dags=(etl, more, other))
    (finding,) = check(by_tie.model_copy(update={"fleet": fleet}), store).findings
    kept = recall(store, finding.counterexample)
    assert [dag.dag_id for dag in kept.scenario.fleet.dags] == ["etl", "mart"]
    assert kept.left_out == (("mart", "x"),)
    assert kept.finding == finding
    assert finding.case.after.tasks == 2


def test_a_check_tells_what_is_still_there_and_keeps_its_id(by_tie, store, name):
    again = check(by_tie, store)
    assert verdicts(again) == [(name, "FAILED")]
    assert [f.counterexample for f in again.findings] == [name]
    assert names(store) == [name]


def test_what_is_stored_is_found_again_even_if_the_search_finds_nothing(by_tie, store, name):
    again = wt.check(by_tie, seeds=0, store=store, again=True)
    assert again.simulations == 1
    assert [f.counterexample for f in again.findings] == [name]


def test_a_check_drops_what_is_fixed(by_tie, store, name):
    again = check(wide(by_tie), store)
    assert verdicts(again) == [(name, "FIXED")]
    assert again.findings == ()
    assert names(store) == []


def test_a_check_that_is_not_asked_to_leaves_the_store_alone(by_tie, store, name):
    again = wt.check(wide(by_tie), seeds=3, store=store)
    assert again.rechecked == ()
    assert names(store) == [name]


@pytest.mark.parametrize("change", ["name", "dags"])
def test_what_is_stored_of_another_scenario_is_left_alone(by_tie, store, name, change):
    other = wide(by_tie)
    if change == "name":
        other = other.model_copy(update={"name": "another"})
    else:
        fleet = Fleet(dags=(Dag(dag_id="x", tasks=(Task(task_id="t"),)),))
        runs = (ManualRun(dag_id="x"),)
        other = other.model_copy(update={"fleet": fleet, "manual_runs": runs})
    assert check(other, store).rechecked == ()
    assert names(store) == [name]


def test_replay_says_failed_and_tells_the_finding_as_it_was_stored(by_tie, store, name):
    report = wt.replay(name, store=store)
    assert verdicts(report) == [(name, "FAILED")]
    assert report.findings == (recall(store, name).finding,)


def test_replay_with_todays_settings_says_fixed_and_drops_nothing(by_tie, store, name):
    report = wt.replay(name, wide(by_tie), store=store)
    assert verdicts(report) == [(name, "FIXED")]
    assert report.findings == ()
    assert names(store) == [name]
    assert verdicts(wt.replay(name, by_tie, store=store)) == [(name, "FAILED")]


def test_replay_with_a_dag_that_has_changed(by_tie, store, name):
    etl, mart = by_tie.fleet.dags
    (wait,) = mart.tasks
    kind = wait.kind.model_copy(update={"mode": "reschedule"})
    cured = mart.model_copy(update={"tasks": (wait.model_copy(update={"kind": kind}),)})
    today = by_tie.model_copy(update={"fleet": Fleet(dags=(etl, cured))})
    assert verdicts(wt.replay(name, today, store=store)) == [(name, "FIXED")]


def test_replay_with_a_task_that_is_gone_says_which(by_tie, store, name):
    etl, mart = by_tie.fleet.dags
    today = by_tie.model_copy(
        update={"fleet": Fleet(dags=(etl, mart.model_copy(update={"tasks": ()})))}
    )
    (one,) = wt.replay(name, today, store=store).rechecked
    assert (one.verdict, one.why) == ("CHANGED", "mart.wait not there any more")


def test_replay_with_none_of_its_dags_is_refused(by_tie, store, name):
    fleet = Fleet(dags=(Dag(dag_id="x", tasks=(Task(task_id="t"),)),))
    other = by_tie.model_copy(update={"fleet": fleet, "manual_runs": ()})
    with pytest.raises(InvalidInput, match="none of its DAGs is here: DAG etl and DAG mart"):
        wt.replay(name, other, store=store)


def test_replay_that_shows_something_else_says_what(parents, store):
    """With a pool of one slot it is another circle: one parent, not two."""
    (finding,) = check(parents, store).findings
    smaller = parents.model_copy(update={"cluster": Cluster(default_pool_slots=0, parallelism=2)})
    pools = parents.model_copy(update={"cluster": Cluster(default_pool_slots=9, parallelism=2)})
    (one,) = wt.replay(finding.counterexample, pools, store=store).rechecked
    assert (one.verdict, one.why) == ("CHANGED", "it shows WT101 Parallelism deadlock instead")
    assert smaller != pools


def test_a_file_that_was_edited_shows_what_it_says_now(by_tie, store, name):
    path = store / f"{name}.json"
    path.write_text(path.read_text().replace('"default_pool_slots": 1', '"default_pool_slots": 2'))
    report = wt.replay(name, store=store)
    (one,) = report.rechecked
    assert (one.verdict, one.why) == ("FIXED", "its file was changed since it was stored")
    assert "its file is not as windtunnel stored it" in report.covered


def test_a_stored_file_that_cannot_be_read_does_not_stop_a_check(by_tie, store, name):
    (store / "wt1-broken.json").write_text("{")
    assert verdicts(check(by_tie, store)) == [(name, "FAILED")]
    assert "wt1-broken" in names(store)


def test_changes_without_dags_are_refused(store, name):
    with pytest.raises(InvalidInput, match="of which DAGs"):
        wt.replay(name, store=store, window="2h")
