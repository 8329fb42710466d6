"""What the past tells of the deployment: its slots, and what runs tasks in the scheduler's loop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windtunnel.calibration import Past, PastTry, platform_of
from windtunnel.model import Cluster

START = datetime(2026, 3, 1, tzinfo=UTC)
PROCESS_S, TASK_S = 12.0, 4.0


def one_at_a_time(batches: int, each: int = 3) -> Past:
    """As SequentialExecutor does it: what one loop queued is run one after the other, each in a
    process that starts anew."""
    tries = []
    for batch in range(batches):
        queued = START + timedelta(seconds=batch * 60)
        at = queued
        for number in range(each):
            start = at + timedelta(seconds=PROCESS_S)
            at = start + timedelta(seconds=TASK_S)
            tries.append(
                PastTry(
                    dag_id="etl",
                    run_id=f"run {batch}",
                    task_id=f"load_{number}",
                    map_index=-1,
                    try_number=1,
                    state="success",
                    scheduled=None,
                    queued=queued,
                    start=start,
                    end=at,
                    pool="default_pool",
                    pool_slots=1,
                    queue="default",
                    priority_weight=1,
                    operator="BashOperator",
                    hostname="here",
                    executor=None,
                )
            )
    return Past(source="airflow.db", release="2.x", runs=(), tries=tuple(tries))


def test_one_task_at_a_time_in_2_x_is_the_sequential_executor():
    platform = platform_of(one_at_a_time(6), Cluster(profile="airflow-2.11"))
    assert platform.slots == 1
    assert platform.in_loop
    cluster = platform.on(Cluster(profile="airflow-2.11"))
    assert cluster.executor == "SequentialExecutor"
    assert platform.start_s == pytest.approx(PROCESS_S)
    assert cluster.local_executor.end_s.values_s == (PROCESS_S,) * 12
    assert "one task at a time, for which the loop waits (SequentialExecutor)" in platform.said()


def test_3_x_has_no_such_executor():
    platform = platform_of(one_at_a_time(6), Cluster())
    assert not platform.in_loop
    assert platform.on(Cluster()).executor == "LocalExecutor"


def test_starts_and_ends_say_the_same_where_there_are_few():
    platform = platform_of(
        one_at_a_time(3), Cluster(executor="SequentialExecutor", profile="airflow-2.11")
    )
    assert platform.start_s == pytest.approx(PROCESS_S)
    assert platform.end_s == (PROCESS_S,) * 8


def test_nothing_is_learned_from_hardly_anything():
    platform = platform_of(
        one_at_a_time(1), Cluster(executor="SequentialExecutor", profile="airflow-2.11")
    )
    assert platform.start_s is None
    assert platform.end_s is None
