"""Results of modelled tasks have sizes: what doesn't fit fails its try after the work is done."""

from __future__ import annotations

import pytest

from windtunnel.detect import detect
from windtunnel.model import Rule, XComBackend

MB = 1024**2


def test_a_result_beyond_the_column_fails_the_try_after_its_work_and_each_retry_again(
    fly, one_task
):
    flight = fly(
        one_task("etl", "t", retries=1, retry_delay_s=60),
        rules=[Rule(tasks="etl.t", duration_s=100, result_bytes=70_000)],
        xcom=XComBackend(database="mysql", max_bytes=65_535),
    )
    assert flight.times("etl.t", "up_for_retry") == [100]
    assert flight.times("etl.t", "failed") == [260.000001]
    assert set(flight.reasons("etl.t")) == {
        "XCom 'return_value' of etl.t has 70,000 bytes, and mysql takes 65,535. Store the value "
        "elsewhere and hand over its path, or use the object storage backend"
    }
    (finding,) = [f for f in detect(flight.scenario, flight.trace) if f.code == "WT903"]
    assert "etl.t hands over a value as XCom 'return_value'; it has 70,000 bytes" in finding.summary


@pytest.mark.parametrize(
    "mended",
    [XComBackend(max_bytes=80_000), XComBackend(max_bytes=65_535, objectstorage_threshold=50_000)],
)
def test_what_fits_or_goes_to_object_storage_fails_nothing(fly, one_task, mended):
    flight = fly(
        one_task("etl", "t"), rules=[Rule(tasks="etl.t", result_bytes=70_000)], xcom=mended
    )
    assert flight.state("etl.t") == "success"
    assert [f for f in detect(flight.scenario, flight.trace) if f.code == "WT903"] == []


@pytest.mark.parametrize(("size", "state", "ended"), [(250, "success", 310), (400, "failed", 360)])
def test_a_push_that_outlasts_the_heartbeat_timeout_loses_the_task(
    fly, one_task, size, state, ended
):
    flight = fly(
        one_task("etl", "t"),
        rules=[Rule(tasks="etl.t", duration_s=60, result_bytes=size * MB)],
        xcom=XComBackend(max_bytes=1024 * MB, push_mb_per_s=1.0),
    )
    assert flight.state("etl.t") == state
    assert flight.times("etl.t", state) == [ended]
