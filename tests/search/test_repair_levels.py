"""How sure a fix is, what it costs, and what is tried in vain."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from windtunnel.detect import Finding
from windtunnel.explain import pages
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Every,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Resource,
    Rule,
    Scenario,
    Step,
    Task,
    TaskFails,
    TriggerDagRun,
    Uniform,
)
from windtunnel.search import explore, repair
from windtunnel.search.repair.data import sorted_locks
from windtunnel.search.repair.offers import BY_CODE
from windtunnel.slices.certificate import has_solver


def scenario_of(*dags, runs=None, **options):
    if runs is None:
        runs = tuple(ManualRun(dag_id=dag.dag_id) for dag in dags)
    return Scenario(fleet=Fleet(dags=dags), start=START, manual_runs=runs, **options)


def repaired(scenario, code, seeds=8, **options):
    exploration = explore(scenario, seeds)
    found, variant = next(pair for pair in exploration.found if pair[0].code == code)
    known = [one for one, _ in exploration.found]
    return repair(scenario, found, seeds, known, shown_by=variant, **options)


def by_setting(result):
    return {fix.setting: fix for fix in result.fixes}


START = datetime(2026, 3, 1, tzinfo=UTC)
needs_solver = pytest.mark.skipif(not has_solver(), reason="z3 is not installed")


@needs_solver
def test_what_is_proved_is_said_and_comes_first(by_tie):
    result = repaired(by_tie, "WT101")
    assert result.fixes[0].level == "proved"
    fixes = by_setting(result)
    assert fixes["deferrable of mart.wait"].level == "proved"
    assert fixes["pool default_pool"].level == "proved"


@pytest.fixture
def hourly():
    """A parent each hour in a pool of one, at most three of its runs at once."""
    call = TriggerDagRun(trigger_dag_id="child", wait_for_completion=True)
    parent = Dag(
        dag_id="parent",
        schedule=Every(seconds=3600),
        max_active_runs=3,
        catchup=False,
        tasks=(Task(task_id="call", kind=call),),
    )
    child = Dag(dag_id="child", tasks=(Task(task_id="run"),))
    return scenario_of(
        parent, child, runs=(), duration_s=6 * 3600, cluster=Cluster(default_pool_slots=1)
    )


@needs_solver
def test_a_pool_that_is_enough_only_while_runs_come_one_by_one_is_not_proved(hourly):
    """Three runs could wait at once, and in this window two of them do."""
    result = repaired(hourly, "WT101")
    fixes = by_setting(result)
    assert fixes["pool default_pool"].by_timing
    assert fixes["deferrable of parent.call"].level == "proved"
    assert result.fixes.index(fixes["pool default_pool"]) > result.fixes.index(
        fixes["deferrable of parent.call"]
    )


def test_priority_is_no_cure_of_a_deadlock(by_tie):
    """The producer first is only a matter of who comes in time."""
    result = repaired(by_tie, "WT101")
    fixes = by_setting(result)
    weight = fixes.get("priority_weight of etl.load")
    assert weight is None or weight.by_timing


def test_what_was_tried_in_vain_is_said(parents):
    result = repaired(parents, "WT101")
    assert "priority_weight of parent.call, child.run: 1 -> 10000" in result.no_help
    assert not [setting for setting in by_setting(result) if setting.startswith("priority")]


def test_a_fix_says_how_many_simulations_it_stood(by_tie):
    assert all(
        fix.simulations >= 2 for fix in repaired(by_tie, "WT101").fixes if fix.level != "shortens"
    )


def test_a_fix_says_how_much_later_runs_end():
    """One at a time takes twice as long."""
    write = Rule(tasks="*.t", steps=(Step(write="dim", work_s=600),))
    dags = [Dag(dag_id=name, tasks=(Task(task_id="t"),)) for name in ("a", "b")]
    one = scenario_of(*dags, behavior=Behavior(rules=(write,)))
    fix = by_setting(repaired(one, "WT202"))["pool of a.t, b.t"]
    assert (fix.later_s, fix.later) == (600.0, "b")


def test_a_wait_that_nothing_cures_is_told_to_end_sooner():
    """Two DAGs wait for each other: no size, no mode helps, and a timeout only ends it."""
    dags = [
        Dag(
            dag_id=one,
            tasks=(
                Task(task_id="wait", kind=ExternalTaskSensor(external_dag_id=other)),
                Task(task_id="x", upstream=("wait",)),
            ),
        )
        for one, other in ("ab", "ba")
    ]
    (fix,) = repaired(scenario_of(*dags), "WT101").fixes
    assert (fix.setting, fix.level) == ("timeout of a.wait, b.wait", "shortens")


# -- smaller is safer where locks are taken one after the other ------------------------------------

FORKS = ("a", "b", "c")


@pytest.fixture
def philosophers():
    """Three tasks in a pool of three, two of three locks each: with two seats nobody starves."""
    steps = {
        "p0": ("lock:a", "lock:b"),
        "p1": ("lock:b", "lock:c"),
        "p2": ("lock:c", "lock:a"),
    }
    rules = tuple(
        Rule(
            tasks=f"{name}.t",
            steps=(
                Step(acquire=first),
                Step(work_s=Uniform(low=60, high=120)),
                Step(acquire=second),
                Step(work_s=60),
            ),
        )
        for name, (first, second) in steps.items()
    )
    dags = [Dag(dag_id=name, tasks=(Task(task_id="t", pool="seats"),)) for name in steps]
    return scenario_of(
        *dags,
        behavior=Behavior(rules=rules),
        cluster=Cluster(pools={"seats": Pool(slots=3)}),
        faults_up_to=0,
    )


def test_a_smaller_pool_is_named_where_a_larger_one_does_not_help(philosophers):
    fix = by_setting(repaired(philosophers, "WT101"))["pool seats"]
    assert (fix.before, fix.after) == ("3", "2")


def test_another_order_of_locks_is_named(philosophers):
    orders = [s for s in by_setting(repaired(philosophers, "WT101")) if s.startswith("order of")]
    assert orders == ["order of locks in p2.t"]


def test_locks_are_sorted_only_where_nothing_was_given_back_between():
    a, b, work = Step(acquire="lock:a"), Step(acquire="lock:b"), Step(work_s=1)
    assert sorted_locks((work, b, work, a)) == (work, a, b, work)
    assert sorted_locks((a, work, b)) == (a, work, b)
    given_back = (b, Step(release="lock:b"), a)
    assert sorted_locks(given_back) == given_back


# -- a few other codes -------------------------------------------------------------------------


def test_a_sensor_is_told_which_states_end_its_wait():
    wait = ExternalTaskSensor(external_dag_id="etl", external_task_ids=("load",))
    one = scenario_of(
        Dag(dag_id="etl", tasks=(Task(task_id="load"),)),
        Dag(dag_id="mart", tasks=(Task(task_id="wait", kind=wait),)),
        faults=(TaskFails(tasks="etl.load", tries=(1,)),),
    )
    fixes = by_setting(repaired(one, "WT103"))
    assert fixes["failed_states of mart.wait"].after == "['failed', 'upstream_failed']"
    assert fixes["retries of etl.load"].by_timing
    assert "skipped_states of mart.wait" not in fixes


def test_a_lease_gives_back_what_a_dead_worker_held():

    lock = {"tag": Resource(slots=1, leaks_when=("lost", "stopped", "failed"))}
    rule = Rule(tasks="*.t", duration_s=60, needs={"tag": 1})
    one = scenario_of(
        Dag(dag_id="a", tasks=(Task(task_id="t"),)),
        Dag(dag_id="b", tasks=(Task(task_id="t"),)),
        behavior=Behavior(rules=(rule,)),
        resources=lock,
        faults=(TaskFails(tasks="a.t", tries=(1,)),),
    )
    assert "lease of tag" in by_setting(repaired(one, "WT115"))


def test_nothing_is_offered_for_what_no_setting_cures(by_tie):
    loose = Finding(code="WT230", title="x", summary="x")
    assert repair(by_tie, loose, 2).fixes == ()


def test_a_budget_that_is_spent_says_so(by_tie, monkeypatch):
    monkeypatch.setattr(sys.modules["windtunnel.search.repair.cures"], "FEWEST", 4)
    found, variant = explore(by_tie, 8).found[0]
    cut = repair(by_tie, found, 8, shown_by=variant, share=10_000_000)
    assert cut.left > 0


def test_each_code_is_in_the_document_with_what_is_tried_or_that_nothing_is():
    told = (Path(__file__).parents[2] / "docs" / "reference" / "repair.md").read_text("utf-8")
    tried, _, nothing = told.partition("Nothing is tried for")
    rows = {code for line in tried.splitlines() if line.startswith("| WT")
            for code in re.findall(r"WT\d+", line.split("|")[1])}  # fmt: skip
    none = set(re.findall(r"WT\d+", nothing.partition(":")[0]))
    assert rows == {code for code, sources in BY_CODE.items() if sources}
    assert rows | none == {page.code for page in pages()}
    assert not rows & none
