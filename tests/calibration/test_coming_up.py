"""A deployment that has just come up: its first tries say nothing of those that follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windtunnel.calibration.fitting.coming_up import while_coming_up
from windtunnel.calibration.fitting.tries import without_stopped
from windtunnel.calibration.past import PastRun, PastTry

START = datetime(2026, 3, 1, tzinfo=UTC)


def tries(*seconds: float, every: float = 60.0) -> list[PastTry]:
    return [
        PastTry(
            dag_id="etl",
            run_id=f"run {number}",
            task_id="load",
            map_index=-1,
            try_number=1,
            state="success",
            scheduled=None,
            queued=None,
            start=START + timedelta(seconds=number * every),
            end=START + timedelta(seconds=number * every + length),
            pool="default_pool",
            pool_slots=1,
            queue="default",
            priority_weight=1,
            operator="BashOperator",
            hostname="here",
            executor=None,
        )
        for number, length in enumerate(seconds)
    ]


@pytest.mark.parametrize(
    ("seconds", "left_out"),
    [
        ((33.3, 2.8, 2.7, 4.6, 3.5), 1),
        ((36.8, 34.7, 6.2, 4.9, 4.0, 5.7), 2),
        ((9.0, 6.9, 6.5, 5.5, 4.9, 5.3), 0),
        ((36.8, 34.7, 6.2, 4.9), 0),
        ((3.0, 3.0, 3.0, 40.0, 3.0, 3.0), 0),
        ((), 0),
    ],
)
def test_only_the_first_few_that_are_far_from_all_others_are_left_out(seconds, left_out):
    some = tries(*seconds)
    assert while_coming_up(some, START) == set(some[:left_out])


def test_what_comes_late_in_the_past_is_no_start():
    some = tries(33.3, 2.8, 2.7, 4.6, 3.5)
    assert not while_coming_up(some, START - timedelta(hours=1))
    assert not while_coming_up(some, None)


def run_of(one: PastTry, end: datetime | None) -> PastRun:
    due = START
    return PastRun(
        one.dag_id, one.run_id, "scheduled", "running", due, due, due, due, due, due, end
    )  # fmt: skip


@pytest.mark.parametrize(
    ("goes_on", "late_s", "stopped"), [(True, 5, 1), (True, 60, 0), (False, 5, 0)]
)
def test_what_fails_as_the_deployment_is_stopped_is_no_failure(goes_on, late_s, stopped):
    *good, last = tries(3.0, 3.0, 3.0)
    last = last._replace(state="failed")
    runs = {last.run: run_of(last, None if goes_on else last.end)}
    until = last.end + timedelta(seconds=late_s)
    left, count = without_stopped([*good, last], runs, until)
    assert count == stopped
    assert left[-1].state == ("running" if stopped else "failed")


def test_a_task_that_fails_at_other_times_too_fails_then_too():
    first, good, last = tries(3.0, 3.0, 3.0)
    some = [first._replace(state="failed"), good, last._replace(state="failed")]
    runs = {one.run: run_of(one, None if one is some[-1] else one.end) for one in some}
    assert without_stopped(some, runs, last.end) == (some, 0)
