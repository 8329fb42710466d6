"""A deployment that has just come up: its first tries say nothing of those that follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windtunnel.calibration.fitting.coming_up import while_coming_up
from windtunnel.calibration.past import PastTry

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
