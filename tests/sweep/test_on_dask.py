"""Sweeps on a Dask cluster, of two processes of this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from windtunnel.errors import InvalidInput, WorkerLost
from windtunnel.sweep import Backend, keeping, sweep
from windtunnel.sweep.engines import close

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")


def work(name: str) -> Callable[[Any, Any], Any]:
    found: Callable[[Any, Any], Any] = getattr(import_module("sweep_work"), name)
    return found


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with (
        # Of each portion; usually 3, and then more workers have to start anew here.
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, dashboard_address=":0", silence_logs="CRITICAL"
        ) as two,
    ):
        yield two


@pytest.fixture
def on(cluster: Any) -> Iterator[Backend]:
    backend = Backend("dask", address=cluster.scheduler_address)
    yield backend
    close(backend)


def test_answers_are_those_of_one_process(on: Backend) -> None:
    items = [n * 7919 % 1000 for n in range(1000)]
    assert list(sweep(work("plus"), 100, items, on=on)) == list(sweep(work("plus"), 100, items))


def test_what_is_shared_is_sent_to_each_worker_once_also_if_it_has_threads(on: Backend) -> None:
    shared = import_module("sweep_work").Counted(5)
    answers = list(sweep(work("who"), shared, list(range(200)), on=on))
    assert len({pid for pid, _, _ in answers}) == 2
    assert {times for _, times, _ in answers} == {1}


def test_a_worker_that_is_killed_costs_a_retry_and_not_the_sweep(
    on: Backend, cluster: Any, tmp_path: Path
) -> None:
    answers = sweep(work("slow"), 0.01, list(range(200)), on=on)
    first = [next(answers) for _ in range(10)]
    os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
    assert [*first, *answers] == list(range(200))


def test_an_item_that_ends_its_worker_each_time_is_named(on: Backend) -> None:
    with pytest.raises(WorkerLost, match=r"dask=tcp.* worked on this.*: 3\. It may need"):
        list(sweep(work("ends_always"), 3, [3], on=on))


def test_an_interrupted_sweep_goes_on_on_the_cluster(on: Backend, tmp_path: Path) -> None:
    shared = (str(tmp_path / "lines"), 25)
    with pytest.raises(KeyboardInterrupt), keeping(tmp_path / "store") as first:
        list(sweep(work("interrupted"), shared, list(range(40)), kept=first))
    with keeping(tmp_path / "store") as second:
        answers = list(sweep(work("interrupted"), shared, list(range(40)), on=on, kept=second))
        assert second.taken == 25
    assert answers == [n * 10 for n in range(40)]


def test_a_scheduler_that_is_not_there_is_told_within_seconds() -> None:
    nowhere = Backend("dask", address="tcp://127.0.0.1:1")
    with pytest.raises(InvalidInput, match=r"dask=tcp://127.0.0.1:1: no Dask scheduler answers"):
        list(sweep(work("plus"), 1, [1], on=nowhere))


def test_an_address_without_a_port_is_told() -> None:
    with pytest.raises(InvalidInput, match=r"no port is named; write dask=tcp://HOST:8786"):
        list(sweep(work("plus"), 1, [1], on=Backend("dask", address="tcp://")))


def test_workers_of_another_release_are_told_with_both(
    on: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from windtunnel.sweep import sending  # noqa: PLC0415

    monkeypatch.setattr(sending, "release", lambda: "windtunnel 0.0.9 (abc) on Python 3.9")
    with pytest.raises(InvalidInput) as told:
        list(sweep(work("plus"), 1, [1], on=on))
    assert "a worker has windtunnel 0.1.0 (" in str(told.value)
    assert "here is windtunnel 0.0.9 (abc) on Python 3.9" in str(told.value)


def test_a_cluster_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from windtunnel.sweep.engines import on_dask  # noqa: PLC0415

    monkeypatch.setattr(on_dask, "JOINS_S", 0.5)
    with distributed.LocalCluster(
        n_workers=0, dashboard_address=":0", silence_logs="CRITICAL"
    ) as empty:
        backend = Backend("dask", address=empty.scheduler_address)
        with pytest.raises(InvalidInput, match=r"the scheduler had no worker for 0\.5 s"):
            list(sweep(work("plus"), 1, [1], on=backend))
        close(backend)
