"""Sweeps on Ray: a cluster on this machine, where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from windtunnel.errors import InvalidInput, WorkerLost
from windtunnel.sweep import Backend, sweep
from windtunnel.sweep.engines import close

pytest.importorskip("ray")
RAY = Backend("ray")


def work(name: str) -> Callable[[Any, Any], Any]:
    found: Callable[[Any, Any], Any] = getattr(import_module("sweep_work"), name)
    return found


@pytest.fixture(scope="module", autouse=True)
def _ends_with_the_tests() -> Iterator[None]:
    yield
    close(RAY)


def test_answers_are_those_of_one_process() -> None:
    items = [n * 7919 % 1000 for n in range(1000)]
    assert list(sweep(work("plus"), 100, items, on=RAY)) == list(sweep(work("plus"), 100, items))


def test_bad_input_is_told_as_it_is() -> None:
    with pytest.raises(InvalidInput, match=r"^seed 40: too large$"):
        list(sweep(work("refuse"), 40, list(range(100)), on=RAY))


def test_a_lost_worker_costs_a_retry_and_not_the_sweep(tmp_path: Path) -> None:
    marker = tmp_path / "ended"
    answers = list(sweep(work("ends_once"), (str(marker), 57), list(range(150)), on=RAY))
    assert marker.exists()
    assert answers == [n * n for n in range(150)]


def test_an_item_that_ends_its_worker_each_time_is_named() -> None:
    with pytest.raises(WorkerLost, match=r"backend ray: .* worked on this.*: 3\. It may need"):
        list(sweep(work("ends_always"), 3, [1, 2, 3], on=RAY))
