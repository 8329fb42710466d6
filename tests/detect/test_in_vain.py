"""Waits across DAGs that can't come true are told with what became of what they wait for; those
that may, and those that somebody mends, are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windtunnel import api
from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import (
    Backfill,
    Cleared,
    Cron,
    Dag,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    Task,
    TaskFails,
    TriggerRule,
    WorkerGroup,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY_S = 86400.0
FAILS = Rule(tasks="etl.load", outcome="fail_no_retry")


def codes(findings):
    return [finding.code for finding in findings]


@pytest.fixture
def vain(find):
    """What is found of waits that can't come true; there is nothing else."""

    def vain(*dags, **options):
        findings = find(*dags, **options)
        assert set(codes(findings)) <= {"WT103"}
        return findings

    return vain


# -- what it waits for has ended otherwise ------------------------------------------------------


def test_a_sensor_for_a_task_that_failed(vain, waits, work):
    (finding,) = vain(waits("mart", "etl.load", "build"), work("etl", "load"), rules=[FAILS])
    assert finding.title == "Wait that can never come true"
    assert "mart.wait waits for etl.load" in finding.summary
    assert "it is failed in manual__2026-03-01T00:00:00+00:00" in finding.summary
    (holder,) = finding.holding
    assert holder.name == "mart.wait"
    assert "1 of pool default_pool (1/128)" in holder.holds
    assert [party.name for party in finding.waiting] == ["mart.build"]
    assert finding.since == START + timedelta(seconds=60), "until then it might have come true"
    assert finding.ended_by == "the sensor timeout of mart.wait"
    assert finding.until > START + timedelta(days=7)
    assert any("failed_states doesn't name 'failed'" in note for note in finding.notes)


def test_a_sensor_for_a_task_below_a_failure(vain, waits, work):
    etl = work("etl", "load", "publish")
    (finding,) = vain(waits("mart", "etl.publish"), etl, rules=[FAILS])
    assert "it is upstream_failed in" in finding.summary
    assert any("'upstream_failed'" in note for note in finding.notes)


def test_a_sensor_for_a_task_that_was_skipped(vain, waits, work):
    skips = Rule(tasks="etl.load", outcome="skip")
    (finding,) = vain(waits("mart", "etl.load"), work("etl", "load"), rules=[skips])
    assert "it is skipped in" in finding.summary
    assert any("skipped_states doesn't name 'skipped'" in note for note in finding.notes)


def test_a_sensor_for_a_run_that_failed(vain, waits, work):
    (finding,) = vain(waits("mart", "etl"), work("etl", "load"), rules=[FAILS])
    assert "ended as failed" in finding.summary


def test_a_parent_that_doesn_t_take_a_failed_run_for_an_end(vain, calls, work):
    parent = calls("parent", "etl", failed_states=())
    (finding,) = vain(parent, work("etl", "load"), rules=[FAILS], runs=["parent"])
    assert finding.holding[0].name == "parent.call"
    assert (finding.until, finding.ended_by) == (None, ""), "no timeout is over it"


def test_all_that_wait_for_one_thing_are_one_finding(vain, waits, work):
    marts = [waits(f"mart{i}", "etl.load") for i in range(4)]
    (finding,) = vain(*marts, work("etl", "load"), rules=[FAILS])
    assert finding.summary.startswith("4 tasks wait for etl.load")
    assert len(finding.holding) == 4


def test_what_starves_behind_such_waits_is_named(vain, waits, work):
    marts = [waits(f"mart{i}", "etl.load", pool="db") for i in range(2)]
    other = work("other", "t", pool="db")
    runs = ["mart0", "mart1", "etl", ManualRun(dag_id="other", at_s=600)]
    (finding,) = vain(
        *marts, work("etl", "load"), other, runs=runs, rules=[FAILS], pools={"db": Pool(slots=2)}
    )
    assert [party.name for party in finding.waiting] == ["other.t"]
    assert finding.waiting[0].waits_for == ("pool db",)


@pytest.mark.parametrize("how", [{"mode": "reschedule"}, {"deferrable": True}])
def test_one_that_gives_its_slots_back_waits_in_vain_all_the_same(vain, waits, work, how):
    (finding,) = vain(waits("mart", "etl.load", **how), work("etl", "load"), rules=[FAILS])
    assert finding.holding[0].holds == ()


def test_it_is_found_long_after_its_timeout(vain, waits, work):
    mart = waits("mart", "etl.load", timeout_s=3600)
    (finding,) = vain(mart, work("etl", "load"), rules=[FAILS])
    assert START + timedelta(hours=1) < finding.until < START + timedelta(hours=1, minutes=2)


def test_a_sensor_that_is_told_of_failures_fails_at_once(vain, waits, work):
    mart = waits("mart", "etl.load", failed_states=("failed", "upstream_failed"))
    assert vain(mart, work("etl", "load"), rules=[FAILS]) == ()


def test_one_whose_timeout_comes_before_it_would_look_again_is_left_alone(vain, waits, work):
    mart = waits("mart", "etl.load", timeout_s=60)
    assert vain(mart, work("etl", "load"), rules=[FAILS]) == ()


def test_a_sensor_that_skips_after_some_hours_is_meant_to(vain, waits, work):
    mart = waits("mart", "etl.load", soft_fail=True, timeout_s=3 * 3600)
    assert vain(mart, work("etl", "load"), rules=[FAILS]) == ()
    a_week = waits("mart", "etl.load", soft_fail=True)
    assert vain(a_week, work("etl", "load"), rules=[FAILS])


def test_a_task_that_is_tried_again_may_still_succeed(vain, waits, work):
    etl = work("etl", "load", retries=1, retry_delay_s=7 * DAY_S)
    once = Rule(tasks="etl.load", outcome=("fail", "success"))
    assert vain(waits("mart", "etl.load"), etl, rules=[once]) == ()


def test_a_run_that_goes_on_in_spite_of_a_failure_may_still_succeed(vain, waits, work):
    etl = work("etl", "load", "clean", trigger_rule=TriggerRule.ALL_DONE)
    assert vain(waits("mart", "etl"), etl, rules=[FAILS]) == ()


# -- somebody mends it --------------------------------------------------------------------------


def cleared(waits, work, at_s):
    """etl.load fails within the first hour, and is cleared later."""
    faults = (TaskFails(tasks="etl.load", for_s=3600), Cleared(tasks="etl.load", at_s=at_s))
    return Scenario(
        fleet={"dags": (waits("mart", "etl.load"), work("etl", "load"))},
        start=START,
        manual_runs=(ManualRun(dag_id="mart"), ManualRun(dag_id="etl")),
        faults=faults,
    )


@pytest.mark.parametrize("hour", [2, 23, 25])
def test_a_failure_that_somebody_clears_is_none_for_ever(waits, work, hour):
    """Also where that is after the window."""
    scenario = cleared(waits, work, hour * 3600)
    assert detect(scenario, simulate(scenario)) == ()


def test_one_that_was_cleared_in_vain_is(waits, work):
    scenario = cleared(waits, work, 1800)
    assert codes(detect(scenario, simulate(scenario))) == ["WT103"]


# -- no such run --------------------------------------------------------------------------------


def daily(dag, at="0 0 * * *", **options):
    given = {"schedule": Cron(expression=at), "start_date": START, **options}
    return dag.model_copy(update=given)


HALF_PAST = {"execution_delta_s": -1800.0, "execution_date_fn": True}
"""A function gives the sensor a date between two runs."""


def test_a_date_that_the_other_schedule_has_passed_by(vain, waits, work):
    mart = daily(waits("mart", "etl.load", **HALF_PAST))
    etl = daily(work("etl", "load"), at="0 * * * *")
    (finding,) = vain(mart, etl, runs=[])
    assert "no run of etl has the logical date 2026-03-01T00:30:00+00:00" in finding.summary


def test_a_date_from_before_the_other_dag_began(vain, waits, work):
    etl = daily(work("etl", "load"), start_date=START + timedelta(days=1))
    (finding,) = vain(daily(waits("mart", "etl.load")), etl, runs=[])
    assert "no run of etl has the logical date 2026-03-01T00:00:00+00:00" in finding.summary


def test_what_both_schedules_say_by_themselves_needs_no_simulation(vain, waits, work):
    """WT113 tells it."""
    mart = daily(waits("mart", "etl.load"), at="30 1 * * *")
    assert vain(mart, daily(work("etl", "load"), at="0 * * * *"), runs=[]) == ()


def test_a_run_that_is_still_to_come_is_waited_for(vain, waits, work):
    mart = daily(waits("mart", "etl.load", execution_delta_s=-3600 * 5))
    etl = daily(work("etl", "load"), at="0 5 * * *")
    assert vain(mart, etl, runs=[], until=4 * 3600) == ()


def test_a_dag_without_a_schedule_may_be_triggered_with_any_date(vain, waits, work):
    assert vain(waits("mart", "etl.load"), work("etl", "load"), runs=["mart"]) == ()


def test_a_run_of_that_date_that_somebody_asks_for_later_is_waited_for(vain, waits, work):
    mart = daily(waits("mart", "etl.load", **HALF_PAST))
    etl = daily(work("etl", "load"), at="0 * * * *")
    wanted = START + timedelta(minutes=30)
    late = ManualRun(dag_id="etl", logical_date=wanted, at_s=2 * DAY_S)
    assert vain(mart, etl, runs=[late]) == ()


def test_a_backfill_of_that_date_is_waited_for(waits, work):
    mart = daily(waits("mart", "etl.load"))
    etl = daily(work("etl", "load"), start_date=START + timedelta(days=1))
    scenario = Scenario(fleet={"dags": (mart, etl)}, start=START)
    assert codes(api.simulate(scenario).findings) == ["WT103"]
    back = Backfill(dag_id="etl", from_date=START, to_date=START, at_s=3 * DAY_S)
    with_it = scenario.model_copy(update={"backfills": (back,)})
    assert codes(api.simulate(with_it).findings) == []


def test_a_dag_that_the_fleet_keeps_paused_is_told_without_a_simulation(vain, waits, work):
    mart = daily(waits("mart", "etl.load"))
    assert vain(mart, daily(work("etl", "load"), is_paused=True), runs=[]) == ()


# -- a consequence of something else ------------------------------------------------------------


def test_what_a_deadlock_s_end_leaves_without_hope_is_told_with_the_deadlock(find, calls, work):
    """The child is failed by task_queued_timeout; its parent would take no failure for an end."""
    parent = calls("parent", "child", failed_states=())
    findings = find(parent, work("child", "t"), runs=["parent"], workers=(WorkerGroup(slots=1),))
    assert codes(findings) == ["WT101"]


def test_a_check_keeps_a_counterexample_that_replays(waits, work, tmp_path):
    scenario = Scenario(
        fleet={"dags": (waits("mart", "etl.load"), work("etl", "load"))},
        start=START,
        manual_runs=(ManualRun(dag_id="mart"), ManualRun(dag_id="etl")),
        behavior={"rules": (FAILS,)},
    )
    (finding,) = api.check(scenario, seeds=0, store=tmp_path).findings
    assert codes(api.replay(finding.counterexample, store=tmp_path).findings) == ["WT103"]


def test_a_wait_for_a_task_that_the_other_dag_lacks_is_told_without_a_simulation(vain, waits):
    assert vain(waits("mart", "etl.gone"), Dag(dag_id="etl", tasks=(Task(task_id="t"),))) == ()
