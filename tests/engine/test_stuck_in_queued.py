"""task_queued_timeout: a task that no worker takes is queued again a few times, then failed.

Checks come at multiples of the interval; one older than the timeout, strictly, is stuck.
"""

from __future__ import annotations

import pytest

from windtunnel.model import WorkerGroup

NOBODY = {"workers": (WorkerGroup(queues=("other",)),)}


def test_by_default_it_is_queued_three_times_and_fails_after_36_minutes(fly, one_task):
    flight = fly(one_task("etl", retries=5), **NOBODY)
    assert flight.times("etl.t", "queued") == [0, 720, 1440]
    assert flight.times("etl.t", "failed") == [2160]
    assert flight.reasons("etl.t") == ["stuck in queued"]


def test_being_stuck_is_final_whatever_retries_are_left(fly, one_task):
    flight = fly(one_task("etl", retries=5), **NOBODY)
    assert flight.task("etl.t").try_number == 1
    assert flight.times("etl.t", "up_for_retry") == []
    assert flight.run_states("etl") == ["failed"]


@pytest.mark.parametrize(
    ("interval", "requeues", "failed_at"),
    [
        (30, 0, 120),  # 90 is too early, 120 is the first check after 100
        (30, 1, 240),
        (100, 0, 200),  # exactly 100 s old is not yet longer than 100 s
        (70, 2, 420),
    ],
)
def test_the_instants_follow_from_timeout_and_check_interval(
    fly, one_task, interval, requeues, failed_at
):
    flight = fly(
        one_task("etl"),
        **NOBODY,
        task_queued_timeout_s=100,
        task_queued_timeout_check_interval_s=interval,
        num_stuck_in_queued_retries=requeues,
    )
    assert flight.times("etl.t", "failed") == [failed_at]
    assert len(flight.times("etl.t", "queued")) == 1 + requeues


def test_a_task_that_gets_a_worker_in_time_is_left_alone(fly, one_task):
    flight = fly(
        one_task("first"),
        one_task("second"),
        seconds={"first.t": 650, "second.t": 5000},
        workers=(WorkerGroup(slots=1),),
    )
    assert flight.times("second.t", "queued") == [0]
    assert flight.span("second.t") == (650, 5650)


def test_a_task_requeued_while_a_slot_is_busy_loses_its_place_but_runs(fly, one_task):
    flight = fly(
        one_task("first"),
        one_task("second"),
        seconds={"first.t": 1000, "second.t": 10},
        workers=(WorkerGroup(slots=1),),
    )
    assert flight.times("second.t", "queued") == [0, 720]
    assert flight.span("second.t") == (1000, 1010)
    assert flight.task("second.t").try_number == 1
