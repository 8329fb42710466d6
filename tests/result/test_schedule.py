"""Schedules as text: stable, readable, and small in a diff."""

from __future__ import annotations

import difflib
from datetime import timedelta

import pytest

import windtunnel as wt
from nights import START, simulated

NIGHT = """\
Sunday 2026-03-01, UTC
  queued    began     ended     task

etl scheduled@2026-03-01T02:00:00+00:00: due 02:00:00, success 03:32:00
  02:00:00  02:00:00  02:01:00  extract: success
  03:30:00  03:30:00  03:31:00  load: success, waited 1h 29m for pool db
  03:31:00  03:31:00  03:32:00  publish: success

report scheduled@2026-03-01T02:00:00+00:00: due 02:00:00, success 03:30:00
  02:00:00  02:00:00  03:30:00  build: success"""


def test_a_night_reads_as_what_ran_when_and_what_it_waited_for(night):
    assert night.schedule() == NIGHT


def test_what_failed_says_why_and_in_which_try(failed):
    assert (
        failed.schedule("etl")
        == """\
Sunday 2026-03-01, UTC
  queued    began     ended     task

etl scheduled@2026-03-01T02:00:00+00:00: due 02:00:00, failed 02:08:00
  02:00:00  02:00:00  02:01:00  extract: success
  02:07:00  02:07:00  02:08:00  load: failed, try 2 of 2, raised ValueError,
        waited 5m for retry delay
  -         -         02:08:00  publish: upstream_failed, etl.load failed:
        raised ValueError"""
    )


def test_states_alone_have_no_times(failed):
    assert (
        failed.schedule("etl", states_only=True)
        == """\
etl scheduled@2026-03-01T02:00:00+00:00: failed
  extract: success
  load: failed, try 2 of 2, raised ValueError
  publish: upstream_failed, etl.load failed: raised ValueError"""
    )


def test_times_are_cut_so_that_small_shifts_are_none(night):
    assert night.schedule("etl", to="5m").splitlines()[2:] == [
        "",
        "etl scheduled@2026-03-01T02:00:00+00:00: due 02:00, success 03:30",
        "  02:00  02:00  02:00  extract: success",
        "  03:30  03:30  03:30  load: success, waited 1h 25m for pool db",
        "  03:30  03:30  03:30  publish: success",
    ]
    assert night.schedule(to=timedelta(minutes=5)) == night.schedule(to=300)


@pytest.mark.parametrize("to", ["7m", "0s", "0.5s", "2d"])
def test_what_is_no_part_of_a_day_is_refused(night, to):
    with pytest.raises(wt.InvalidInput, match="must be a part of a day"):
        night.schedule(to=to)


def test_a_dag_that_has_no_run_is_refused_with_those_that_have_one(night):
    with pytest.raises(wt.InvalidInput, match="no run of DAG 'elt'; did you mean 'etl'"):
        night.schedule("elt")
    assert night.schedule(["report", "etl"]) == NIGHT


def test_days_are_told_apart_and_what_ends_on_the_next_one_says_so(nightly):
    long = (wt.Rule(tasks="report.build", duration_s=23 * 3600.0),)
    result = simulated(nightly, rules=long, window="2d")
    text = result.schedule("report")
    assert [line for line in text.splitlines() if "day 2026" in line] == [
        "Sunday 2026-03-01, UTC",
        "Monday 2026-03-02, UTC",
    ]
    assert "  02:00:00  02:00:00  01:00:00+1  build: success" in text


def test_a_run_that_is_not_over_has_no_end(nightly):
    text = simulated(nightly, window="2h30s").schedule("etl")
    assert text.splitlines()[3:] == [
        "etl scheduled@2026-03-01T02:00:00+00:00: due 02:00:00, running",
        "  02:00:00  02:00:00  -         extract: running",
        "  -         -         -         load: none",
        "  -         -         -         publish: none",
    ]


def test_only_the_line_of_what_moves_is_another_one(nightly, night):
    longer = (
        wt.Rule(tasks="report.build", duration_s=5400.0),
        wt.Rule(tasks="etl.publish", duration_s=90.0),
    )
    after = simulated(nightly, rules=longer).schedule()
    changed = [line[0] for line in difflib.ndiff(NIGHT.splitlines(), after.splitlines())]
    assert changed.count("+") == changed.count("-") == 2, "the task and its run"


def test_no_line_is_longer_than_a_terminal_is_wide(nightly):
    dag = wt.Dag(
        dag_id="a_dag_with_a_name_that_is_rather_long_but_not_rare",
        tasks=(wt.Task(task_id="a_task_of_a_group.with_a_name_that_is_long_too", expand=(2,)),),
    )
    run = wt.ManualRun(dag_id=dag.dag_id, run_id="somebody_needs_this_again")
    result = wt.simulate(wt.Fleet(dags=(dag,)), runs=[run], start=START, window="1h")
    assert max(map(len, result.schedule().splitlines())) <= 80
    assert result.schedule().count("[0]") == 1


def test_nothing_ran_is_said(nightly):
    assert simulated(nightly, window="1h").schedule() == "no dag run"


def test_the_same_simulation_has_the_same_schedule(nightly, night):
    rules = (wt.Rule(tasks="report.build", duration_s=5400.0),)
    assert simulated(nightly, rules=rules).schedule() == night.schedule()
